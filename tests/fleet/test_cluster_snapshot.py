"""When the product counts as installed, and what is judged without its settings."""

import argparse
import asyncio
from typing import Any

import pytest

from webhook.controller.installation import Installation
from webhook.fleet import cluster_snapshot
from webhook.fleet.checkup import readings, told_states
from webhook.fleet.checkup.checks import UNKNOWN, Reading, Told
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.settings import Settings, SettingsByNamespace

PLACES = Installation("mcp-admission", "mcp-admission-system")


@pytest.mark.parametrize(
    ("reading", "installed"),
    [
        (Reading(), False),
        (Reading(({"metadata": {"name": "another"}},)), False),
        (Reading(({"metadata": {"name": "mcp-admission-serve"}},)), True),
        (Reading(unread="no right"), True),
    ],
    ids=["nothing", "others", "serve", "unread"],
)
def test_a_process_of_ours_or_nobody_knows(
    reading: Reading, installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read_all(*_: object) -> dict[str, Reading]:
        return {"deployments": reading}

    monkeypatch.setattr(readings, "read_all", read_all)
    api: Any = None

    assert asyncio.run(cluster_snapshot.is_installed(api, PLACES)) is installed


def test_by_settings_that_may_not_be_read_no_server_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by = JudgingSettings(SettingsByNamespace(Settings()), "a guess", unknown="it may not")

    async def read_all(*_: object) -> dict[str, Reading]:
        return {}

    monkeypatch.setattr(readings, "read_all", read_all)
    api: Any = argparse.Namespace(server_time=lambda: None)

    found = asyncio.run(cluster_snapshot.take_snapshot(api, PLACES, by, [], fleet=True))

    (told,) = told_states.judge_servers(found)
    assert (found.fleet, told) == (None, Told(UNKNOWN, "servers: it may not"))
