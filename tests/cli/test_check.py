"""`check` without a cluster: which table, what it prints, its exit codes, and how it waits."""

import argparse
import json
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.checkup.snapshots import healthy, seen
from webhook.cli import check, cluster_options
from webhook.cli.main import main
from webhook.controller.installation import LEASE
from webhook.fleet.checkup.checks import Snapshot
from webhook.fleet.report import FleetReport
from webhook.kube.errors import Unreachable

BROKEN = seen({"endpoints": ()}, fleet=FleetReport([], [], "settings"))
UNKNOWN = seen(unread=LEASE, fleet=FleetReport([], [], "settings"))
WELL = seen(fleet=FleetReport([], [], "settings"))
DOWN = Unreachable("no answer")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> list[Snapshot | Exception]:
    """What each look finds, the last one again and again."""
    looks: list[Snapshot | Exception] = []

    async def connect(_: argparse.Namespace) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def take(*_: Any, fleet: bool) -> Snapshot:
        found = looks.pop(0) if len(looks) > 1 else looks[0]
        if isinstance(found, Exception):
            raise found
        return found

    async def judged(*_: object) -> None:
        pass

    async def is_installed(*_: object) -> bool:
        return bool(looks) and looks[0] is not ABSENT

    monkeypatch.setattr(cluster_options, "connect_to_cluster", connect)
    monkeypatch.setattr(check, "take_snapshot", take)
    monkeypatch.setattr(check, "is_installed", is_installed)
    monkeypatch.setattr(check, "judging_settings", judged)
    monkeypatch.setattr(check, "PAUSE", 0.01)
    return looks


ABSENT = seen(dict.fromkeys(healthy(), ()) | {"version": healthy()["version"]})


@pytest.mark.parametrize(
    ("found", "code", "line"),
    [
        (WELL, 0, "✓ enforcing             enforcing since"),
        (BROKEN, 1, "✗ endpoints             Service"),
        (UNKNOWN, 2, "? enforcing             you may not read it"),
        (ABSENT, 0, "✓ kubernetes-version  Kubernetes v1.36.3 is supported"),
    ],
    ids=["well", "broken", "unknown", "absent"],
)
def test_the_exit_code_says_what_was_found(
    cluster: list[Snapshot | Exception],
    found: Snapshot,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cluster.append(found)

    assert main(["check"]) == code

    out = capsys.readouterr().out
    assert line in out
    assert "\x1b" not in out


@pytest.mark.parametrize("words", [["--pre"], ["--pre", "--certificates", "cert-manager"]])
def test_the_cluster_is_checked_before_an_installation(
    cluster: list[Snapshot | Exception], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.append(seen({"settings-file": (), "policies": (), **REGISTRATIONS}))

    code = main(["check", *words, "-o", "json"])

    found = json.loads(capsys.readouterr().out)
    verdicts = {each["id"]: each["verdict"] for each in found["checks"]}
    assert found["stage"] == "before"
    assert verdicts["kubernetes-version"] == "ok"
    assert (code, verdicts.get("cert-manager")) == ((1, "fault") if words[1:] else (0, None))


REGISTRATIONS: Any = {
    "MutatingWebhookConfiguration": (),
    "ValidatingWebhookConfiguration": (),
}


def test_waiting_ends_when_all_is_well(
    cluster: list[Snapshot | Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    cluster += [ABSENT, DOWN, BROKEN, BROKEN, UNKNOWN, WELL]

    assert main(["check", "--wait", "600"]) == 0

    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert lines[1:3] == ["waiting for no answer", "waiting for endpoints"]
    assert lines[3].startswith("waiting for enforcing")
    assert len(lines) == 4
    assert printed.out.endswith("15 ok\n")


def test_waiting_ends_when_the_time_is_over(
    cluster: list[Snapshot | Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.append(BROKEN)

    assert main(["check", "--wait", "1", "-q"]) == 1

    printed = capsys.readouterr()
    assert printed.err == ""
    assert "✗ endpoints" in printed.out


@pytest.mark.parametrize(
    "words",
    [["--wait", "0"], ["--wait", "soon"], ["--pre", "--wait"], ["-f", "x", "--pre"]],
    ids=" ".join,
)
def test_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", *words])

    assert ended.value.code == 2


def test_a_cluster_that_does_not_answer_is_exit_code_2(
    cluster: list[Snapshot | Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.append(DOWN)

    assert main(["check"]) == 2
    assert capsys.readouterr().err == "mcp-admission check: no answer\n"


def test_manifests_are_checked_without_a_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-f", "manifests/install", "-o", "json"]) == 1

    found = json.loads(capsys.readouterr().out)
    faults = [each["id"] for each in found["checks"] if each["verdict"] == "fault"]
    assert (found["stage"], faults) == ("manifests", ["rendered-images"])


def test_manifests_of_servers_are_for_review(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pod.yaml"
    file.write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n")

    assert main(["check", "-f", str(file)]) == 2
    assert "servers are judged by mcp-admission review" in capsys.readouterr().err


def test_manifests_that_cannot_be_read_are_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "-f", str(tmp_path / "missing.yaml")]) == 2
    assert "missing.yaml" in capsys.readouterr().err
