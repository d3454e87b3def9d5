"""`status` without a cluster: the screen, its JSON, its exit codes, and the watch."""

import argparse
import asyncio
import json
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import pytest

from tests.fleet.checkup.snapshots import seen
from webhook.cli import cluster_options, status
from webhook.cli.main import main
from webhook.controller.installation import LEASE
from webhook.fleet.checkup.checks import Snapshot
from webhook.fleet.report import FleetReport
from webhook.kube.errors import Unreachable

FLEET = FleetReport([], [], "settings")
WELL, BROKEN = seen(fleet=FLEET), seen({"endpoints": ()}, fleet=FLEET)
UNKNOWN = seen(unread=LEASE, fleet=FLEET)
DOWN = Unreachable("no answer")

Looks = list[Snapshot | Exception]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """What each look finds; Ctrl-C comes after the last one."""
    looks: Looks = []

    async def connect(_: argparse.Namespace) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def take(*_: Any, fleet: bool) -> Snapshot:
        assert fleet
        found = looks.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def judged(*_: object) -> None:
        pass

    async def pause(_: float) -> None:
        if not looks:
            raise KeyboardInterrupt

    monkeypatch.setattr(cluster_options, "connect_to_cluster", connect)
    monkeypatch.setattr(status, "take_snapshot", take)
    monkeypatch.setattr(status, "judging_settings", judged)
    monkeypatch.setattr(asyncio, "sleep", pause)
    return looks


@pytest.mark.parametrize(
    ("found", "code", "line"),
    [
        (WELL, 0, "nothing needs a person"),
        (BROKEN, 1, "✗ Service mcp-admission-system/mcp-admission has no ready endpoint"),
        (UNKNOWN, 2, "enforcing      unknown"),
    ],
    ids=["well", "broken", "unknown"],
)
def test_the_screen_and_the_exit_code(
    cluster: Looks, found: Snapshot, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.append(found)

    assert main(["status"]) == code

    out = capsys.readouterr().out
    assert line in out
    assert "\x1b" not in out


def test_programs_get_one_object(cluster: Looks, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.append(WELL)

    assert main(["status", "-o", "json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert [*found] == [
        "enforcing", "mode", "settings", "replicas", "certificates", "leaders", "servers",
        "namespaces", "needs",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("looks", "code"),
    [([WELL, BROKEN], 1), ([BROKEN, WELL], 0), ([WELL, DOWN], 2), ([DOWN, WELL], 0)],
    ids=["breaks", "mends", "goes", "comes"],
)
def test_a_watch_prints_block_after_block_and_ends_with_the_last_state(
    cluster: Looks, looks: Looks, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster += looks

    assert main(["status", "--watch"]) == code

    printed = capsys.readouterr()
    assert printed.out.count("REPLICA") == sum(each is not DOWN for each in looks) - (
        BROKEN in looks
    )
    assert printed.out.count(" UTC\n\nenforcing") == sum(each is not DOWN for each in looks)
    assert printed.err.count("no answer") == looks.count(DOWN)
    assert "\x1b" not in printed.out


def test_a_terminal_is_redrawn(
    cluster: Looks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster += [WELL, WELL]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    assert main(["status", "-w"]) == 0
    assert capsys.readouterr().out.count(status.CLEARED) == 2


def test_a_cluster_that_does_not_answer_is_exit_code_2(
    cluster: Looks, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.append(DOWN)

    assert main(["status"]) == 2
    assert capsys.readouterr().err == "mcp-admission status: no answer\n"
