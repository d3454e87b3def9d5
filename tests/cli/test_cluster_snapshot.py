"""What `check` and `status` end with, and when the product counts as installed."""

import argparse
import asyncio
from typing import Any

import pytest

from webhook.cli import cluster_snapshot
from webhook.cli.command import ExitCode
from webhook.cli.judging_settings import JudgingSettings
from webhook.fleet.checkup import told_states
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, CheckResult, Reading, Told
from webhook.settings import Settings, SettingsByNamespace

ARGS = argparse.Namespace(service="mcp-admission.mcp-admission-system")


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((), ExitCode.OK),
        ((OK, NOTE), ExitCode.OK),
        ((OK, UNKNOWN), ExitCode.ERROR),
        ((UNKNOWN, FAULT), ExitCode.FINDINGS),
    ],
)
def test_a_fault_that_is_known_counts_more_than_what_is_not_known(
    verdicts: tuple[str, ...], code: ExitCode
) -> None:
    results = [CheckResult("id", "part", (Told(each, "words"),)) for each in verdicts]

    assert cluster_snapshot.exit_code(results) == code


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

    monkeypatch.setattr(cluster_snapshot, "read_all", read_all)
    api: Any = None

    assert asyncio.run(cluster_snapshot.is_installed(api, ARGS)) is installed


def test_by_settings_that_may_not_be_read_no_server_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def by(*_: object) -> JudgingSettings:
        return JudgingSettings(SettingsByNamespace(Settings()), "a guess", unknown="it may not")

    async def read_all(*_: object) -> dict[str, Reading]:
        return {}

    monkeypatch.setattr(cluster_snapshot, "judging_settings", by)
    monkeypatch.setattr(cluster_snapshot, "read_all", read_all)
    api: Any = argparse.Namespace(server_time=lambda: None)

    found = asyncio.run(cluster_snapshot.take_snapshot(api, ARGS, [], fleet=True))

    (told,) = told_states.judge_servers(found)
    assert (found.fleet, told) == (None, Told(UNKNOWN, "servers: it may not"))
