"""One turn: what cannot be written keeps nobody from working, replicas that are behind do."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from webhook.controller.installation import Installation
from webhook.controller.settings import distribution
from webhook.controller.settings.effective import EffectiveSettings, effective_settings
from webhook.controller.settings.settings_reconciler import SOURCE_FILE, SettingsReconciler
from webhook.controller.settings.settings_store import SettingsResource
from webhook.kube.errors import Forbidden
from webhook.settings.layers import FILE

Json = dict[str, Any]
FULL = Forbidden(403, "Forbidden", "exceeded quota")


class Cluster:
    """One settings resource, no replica, and a ConfigMap that may not be written."""

    def __init__(self, spec: Json, files: Mapping[str, str] | None = None) -> None:
        self.resource = SettingsResource("1", 1, spec, {})
        self.files = files
        self.known = True
        self.status: Json = {}

    def server_time(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def list(self, *_: object, **__: object) -> Any:
        return type("Listing", (), {"items": []})

    async def write(self, *_: object) -> None:
        raise FULL

    async def write_status(self, _: str, status: Json) -> None:
        self.status = status


async def test_settings_that_cannot_be_written_are_in_force_here_and_told() -> None:
    cluster: Any = Cluster({"onConflict": "warn"})
    used: list[EffectiveSettings] = []
    places = Installation("mcp-admission", "mcp-admission-system")
    distributor = SettingsReconciler(cluster, places, cluster, [], used.append)

    with pytest.raises(Forbidden):
        await distributor.reconcile()

    assert used
    assert used[0].settings.on_conflict == "warn"
    told = {each["type"]: each["status"] for each in cluster.status["conditions"]}
    assert told == {"Valid": "True", "Distributed": "False"}


async def test_a_controller_that_starts_waits_for_replicas_that_tell_of_other_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one before may have made them stricter and ended; namespaces would refuse pods."""
    wanted = effective_settings({}, [])
    cluster: Any = Cluster({}, {FILE: wanted.text, SOURCE_FILE: wanted.source})
    told = {"a": wanted.digest, "b": "of before"}
    monkeypatch.setattr(distribution, "endpoint_replicas", returns([]))
    monkeypatch.setattr(distribution, "ask_digests", returns(told))
    monkeypatch.setattr(distribution, "WAITING", 0.0)
    used: list[EffectiveSettings] = []
    places = Installation("mcp-admission", "mcp-admission-system")
    distributor = SettingsReconciler(cluster, places, cluster, [], used.append)

    await distributor.reconcile()
    assert not used

    told["b"] = wanted.digest
    await distributor.reconcile()
    assert used


def returns(answer: object) -> Callable[..., Awaitable[object]]:
    async def answered(*_: object) -> object:
        return answer

    return answered
