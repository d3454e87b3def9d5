"""What `check` and `status` end with, and when the product counts as installed."""

import argparse
import asyncio
from typing import Any

import pytest

from webhook.cli import cluster_snapshot
from webhook.cli.command import ExitCode
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, CheckResult, Reading, Told

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

    monkeypatch.setattr(cluster_snapshot, "read_all", read_all)
    api: Any = None

    assert asyncio.run(cluster_snapshot.is_installed(api, ARGS)) is installed
