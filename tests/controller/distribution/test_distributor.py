"""A ConfigMap that cannot be written keeps nobody from working, and is told and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from webhook.controller.certificates.places import Places
from webhook.controller.distribution.distributor import Distributor
from webhook.controller.distribution.following import Resource
from webhook.controller.distribution.in_force import InForce
from webhook.controller.errors import Forbidden

Json = dict[str, Any]
FULL = Forbidden(403, "Forbidden", "exceeded quota")


class Cluster:
    """One settings resource, no replica, and a ConfigMap that may not be written."""

    def __init__(self, spec: Json) -> None:
        self.resource = Resource("1", 1, spec, {})
        self.files: Mapping[str, str] | None = None
        self.news = asyncio.Event()
        self.status: Json = {}

    def server_time(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def known(self) -> None:
        """All is known."""

    async def list(self, *_: object, **__: object) -> Any:
        return type("Listing", (), {"items": []})

    async def write(self, *_: object) -> None:
        raise FULL

    async def write_status(self, _: str, status: Json) -> None:
        self.status = status


async def test_settings_that_cannot_be_written_are_in_force_here_and_told() -> None:
    cluster: Any = Cluster({"onConflict": "warn"})
    in_force = InForce()
    places = Places("mcp-admission", "mcp-admission-system")
    distributor = Distributor(cluster, places, cluster, [], in_force)

    with pytest.raises(Forbidden):
        await distributor.turn()

    assert in_force.current is not None
    assert in_force.current.settings.on_conflict == "warn"
    told = {each["type"]: each["status"] for each in cluster.status["conditions"]}
    assert told == {"Valid": "True", "Distributed": "False"}
