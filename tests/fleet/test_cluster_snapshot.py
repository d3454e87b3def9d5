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


def called(name: str) -> Reading:
    return Reading(({"metadata": {"name": name}},))


@pytest.mark.parametrize(
    ("there", "installed"),
    [
        ({}, False),
        ({"deployments": called("another")}, False),
        ({"deployments": called("mcp-admission-serve")}, True),
        ({"deployments": Reading(unread="no right")}, True),
        ({"MutatingWebhookConfiguration": called("mcp-admission")}, True),
        ({"ValidatingWebhookConfiguration": called("mcp-admission")}, True),
        ({"ValidatingWebhookConfiguration": Reading(unread="no right")}, True),
    ],
    ids=["nothing", "others", "serve", "unread", "lost", "lost in part", "registration unread"],
)
def test_a_process_or_registration_of_ours_or_nobody_knows(
    there: dict[str, Reading], installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API servers that call a webhook of ours refuse servers, whether it is there or not."""

    async def read_all(_: object, __: object, wanted: list[str]) -> dict[str, Reading]:
        return {each: there.get(each, Reading()) for each in wanted}

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
