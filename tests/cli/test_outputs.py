"""What commands print for programs: one object, the same as JSON and YAML, and nothing else."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from webhook.cli import apply, uninstall
from webhook.cli.judging import Judging
from webhook.cli.main import main
from webhook.fleet.restart import Restarted, RestartResult
from webhook.fleet.targets import Target
from webhook.kube.errors import Forbidden
from webhook.settings.model import Settings

FORMATS: dict[str, Callable[[str], Any]] = {"json": json.loads, "yaml": yaml.safe_load}
CRM, SEARCH, SHOP = (Target("team", name) for name in ("crm", "search", "shop"))


async def nobody(*_: Any) -> AbstractAsyncContextManager[None]:
    return nullcontext()


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> dict[Target, Restarted]:
    """How it ends for each server of a cluster that is not there."""
    ends: dict[Target, Restarted] = {}

    class Targets:
        def __init__(self, *_: object) -> None:
            pass

        async def outdated(self, _: str | None) -> tuple[list[Target], int]:
            return list(ends), 2

    class Restarter:
        def __init__(self, *given: Any, dry_run: bool) -> None:
            self.tell = given[3]

        async def restart(self, target: Target) -> Restarted:
            self.tell("0 of 1 new pods are there")
            return ends[target]

    async def judged(*_: Any) -> Judging:
        return Judging(Settings(), "the defaults")

    doubles = {"connect": nobody, "judging": judged, "Targets": Targets, "Restarter": Restarter}
    for name, double in doubles.items():
        monkeypatch.setattr(apply, name, double)
    return ends


@pytest.mark.parametrize("output", FORMATS)
def test_apply_tells_how_it_ended_for_each(
    output: str, fleet: dict[Target, Restarted], capsys: pytest.CaptureFixture[str]
) -> None:
    fleet[CRM] = Restarted(CRM, RestartResult.WOULD_ROLL, ("a is absent and would be b",))
    fleet[SEARCH] = Restarted(SEARCH, RestartResult.FAILED, ("no progress",))
    fleet[SHOP] = Restarted(SHOP, RestartResult.ROLLED)

    assert main(["apply", "--all", "--dry-run", "--quiet", "-o", output]) == 1

    out, err = capsys.readouterr()
    found = FORMATS[output](out)
    assert err == ""
    assert found["dry_run"] is True
    assert found["servers"] == [
        {
            "kind": "Deployment",
            "namespace": "team",
            "name": "crm",
            "result": "would-roll",
            "messages": ["a is absent and would be b"],
        },
        {
            "kind": "Deployment",
            "namespace": "team",
            "name": "search",
            "result": "failed",
            "messages": ["no progress"],
        },
    ]
    counts = {key: count for key, count in found["summary"].items() if count}
    assert counts == {"would-roll": 1, "current": 2, "failed": 1, "not-touched": 1}
    assert found["summary"].keys() == {*(end.word for end in RestartResult), "not-touched"}


def test_people_read_the_same_words(
    fleet: dict[Target, Restarted], capsys: pytest.CaptureFixture[str]
) -> None:
    fleet[CRM] = Restarted(CRM, RestartResult.CURRENT)

    assert main(["apply", "--all"]) == 0

    out, err = capsys.readouterr()
    assert out == "Deployment team/crm is current\n3 current\n"
    assert err == ("judged by the defaults\n[1/1] Deployment team/crm: 0 of 1 new pods are there\n")


def test_where_nothing_is_left_uninstall_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Uninstall:
        def __init__(self, *_: object) -> None:
            """Of no cluster."""

        async def run(self) -> AsyncIterator[str]:
            nothing: list[str] = []
            for step in nothing:
                yield step

    monkeypatch.setattr(uninstall, "connect", nobody)
    monkeypatch.setattr(uninstall, "Uninstall", Uninstall)

    assert main(["uninstall"]) == 0
    assert capsys.readouterr().out == "nothing is left to remove\n"


@pytest.mark.parametrize("output", ["table", *FORMATS])
@pytest.mark.parametrize("fails", [False, True])
def test_uninstall_tells_its_steps(
    output: str,
    fails: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Uninstall:
        def __init__(self, *_: object) -> None:
            """Of no cluster."""

        async def plan(self) -> AsyncIterator[str]:
            yield "Namespace a is managed no more"
            if fails:
                raise Forbidden(403, "Forbidden", "not allowed")
            yield "Secret b deleted"

    monkeypatch.setattr(uninstall, "connect", nobody)
    monkeypatch.setattr(uninstall, "Uninstall", Uninstall)

    assert main(["uninstall", "--dry-run", "-o", output]) == int(fails)

    out, err = capsys.readouterr()
    steps = ["Namespace a is managed no more", "Secret b deleted"][: 1 if fails else 2]
    assert ("not allowed" in err) == fails
    if output == "table":
        assert out.splitlines() == [f"{step} (not done: --dry-run)" for step in steps]
    else:
        assert FORMATS[output](out) == {"dry_run": True, "steps": steps}


@pytest.mark.parametrize("output", FORMATS)
def test_certificate_files_are_made_and_judged(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = ["--service", "hook.team", "-o", output]
    for folder in ("ours", "other"):
        assert main(["certs", "init", *service, "--out", str(tmp_path / folder)]) == 0
        made = FORMATS[output](capsys.readouterr().out)
        names = ("ca.crt", "ca.key", "tls.crt", "tls.key")
        assert made["files"] == [str(tmp_path / folder / name) for name in names]

    ours = tmp_path / "ours"
    pair = ["--tls-cert", str(ours / "tls.crt"), "--tls-key", str(ours / "tls.key")]
    for folder, code in (("ours", 0), ("other", 1)):
        bundle = ["--ca-bundle", str(tmp_path / folder / "ca.crt")]
        assert main(["certs", "verify", *pair, *bundle, *service]) == code
        found = FORMATS[output](capsys.readouterr().out)
        assert found["ends"][:10] == made["ends"][:10]
        assert len(found["faults"]) == code
