"""`audit` without a cluster: its exit code, and what it says beside the report."""

import argparse
import json
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import pytest

from tests.fleet.unlabelled.manifests import SERVERS, similar
from webhook.admission import OUT_OF_DATE
from webhook.cli import audit
from webhook.cli.main import main
from webhook.fleet import inspection
from webhook.fleet.exception_use import ExceptionStatus
from webhook.fleet.report import ServerFinding, ServerStatus, Skipped
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.fleet.unlabelled.lookalikes import UnlabelledReport
from webhook.health import NOT_RUNNING
from webhook.kube.errors import Forbidden
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

CURRENT = ServerStatus("Deployment", "team", "crm")
OLD = CURRENT._replace(findings=(ServerFinding(OUT_OF_DATE, "out-of-date", "a would be b"),))
UNREAD = Skipped("namespace other", "forbidden")


def inspect(
    monkeypatch: pytest.MonkeyPatch, *servers: ServerStatus, **found: Any
) -> dict[str, Any]:
    """Let the audit find these servers on a cluster that is not there."""

    class Audit:
        skipped = found.get("skipped", ())
        registered = found.get("registered", True)
        unknown = found.get("unknown", ())
        exceptions_unread = found.get("exceptions_unread", "")

        def exceptions(self, _now: float) -> list[ExceptionStatus]:
            return list(found.get("exceptions", ()))

        def modes(self) -> dict[str, str]:
            return dict(found.get("modes", {}))

        def __init__(self, *given: Any) -> None:
            found["asked"] = getattr(given[1], "asked", None)

        async def run(self) -> tuple[ServerStatus, ...]:
            if "error" in found:
                raise found["error"]
            return servers

    async def connect(args: argparse.Namespace) -> AbstractAsyncContextManager[None]:
        found["user"] = args.as_user
        return nullcontext()

    async def judged(*_: object) -> JudgingSettings:
        given = SettingsByNamespace(Settings())
        return JudgingSettings(given, "the defaults", unknown=found.get("unknown_settings", ""))

    monkeypatch.setattr(audit, "connect_to_cluster", connect)
    monkeypatch.setattr(audit, "judging_settings", judged)

    class Search(Audit):
        async def run(self) -> UnlabelledReport:  # type: ignore[override]
            return UnlabelledReport(found.get("lookalikes", ()), 3, self.skipped)

    monkeypatch.setattr(inspection, "Audit", Audit)
    monkeypatch.setattr(audit, "LookalikeSearch", Search)
    return found


@pytest.mark.parametrize(
    ("servers", "found", "code"),
    [
        ([], {}, 0),
        ([CURRENT], {}, 0),
        ([CURRENT, OLD], {}, 1),
        ([CURRENT], {"skipped": [UNREAD]}, 2),
        ([OLD], {"skipped": [UNREAD]}, 2),
        ([], {"error": Forbidden(403, "Forbidden", "no")}, 2),
    ],
)
def test_the_exit_code_of_an_audit_tells_findings_from_parts_not_inspected(
    servers: list[ServerStatus],
    found: dict[str, Any],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inspect(monkeypatch, *servers, **found)

    assert main(["audit"]) == code


def test_an_audit_says_by_what_it_judged_and_what_it_could_not_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inspect(monkeypatch, OLD, skipped=[UNREAD], registered=None)

    main(["audit", "-o", "json"])

    out, err = capsys.readouterr()
    assert [server["state"] for server in json.loads(out)["servers"]] == [OUT_OF_DATE]
    assert "judged by the defaults" in err
    assert audit.NOT_KNOWN in err
    assert "namespace other" in err


def test_nobody_is_judged_by_settings_that_are_a_guess(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inspect(monkeypatch, OLD, unknown_settings="the settings in force are not known to you")

    assert main(["audit"]) == 2
    told = "mcp-admission audit: the settings in force are not known to you\n"
    assert capsys.readouterr() == ("", told)
    assert main(["audit", "--unlabelled"]) == 0


@pytest.mark.parametrize(
    ("title", "skipped", "code"),
    [("", [], 0), ("Deployment team/bridge", [], 1), ("Deployment team/bridge", [UNREAD], 2)],
)
def test_a_search_for_unlabelled_servers_has_codes_of_its_own(
    title: str,
    skipped: list[Skipped],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    similar_ones = [similar(SERVERS[title])] if title else []
    inspect(monkeypatch, OLD, lookalikes=similar_ones, skipped=skipped)

    assert main(["audit", "--unlabelled", "-o", "json"]) == code
    out, err = capsys.readouterr()
    assert [each["name"] for each in json.loads(out)["workloads"]] == (["bridge"] if title else [])
    assert "judged by the defaults" in err


@pytest.mark.parametrize(
    ("words", "asked", "user"),
    [
        ([], "", ""),
        (["--as", "enforce"], "enforce", ""),
        (["--as", "warn", "--as", "alice"], "warn", "alice"),
        (["--as", "alice", "--as", "enforce"], "enforce", "alice"),
        (["--as", "user:warn"], "", "warn"),
        (["--as", "user:enforce", "--as=enforce"], "enforce", "enforce"),
        (["--as", "user:alice"], "", "user:alice"),
        (["--as", "observe"], "", "observe"),
    ],
    ids=str,
)
def test_a_mode_and_a_user_are_told_apart(
    words: list[str], asked: str, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = inspect(monkeypatch, CURRENT)

    main(["audit", *words])

    assert (found["asked"], found["user"]) == (asked, user)


def test_a_namespace_below_enforce_is_no_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inspect(monkeypatch, CURRENT._replace(would="would-refuse"), modes={"team": "observe"})

    assert main(["audit"]) == 0
    assert "enforce would change 0 and refuse 1" in capsys.readouterr().out


def test_exceptions_are_notes_and_what_may_not_be_read_of_them_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = ExceptionStatus("old", "ended", "it has ended")
    inspect(monkeypatch, CURRENT, exceptions=[ended], exceptions_unread="forbidden")

    assert main(["audit"]) == 0
    out, err = capsys.readouterr()
    assert "exception old: it has ended\n" in out
    assert f"{audit.NOT_READ}\n" in err


DOWN = CURRENT._replace(
    name="web", findings=(ServerFinding(NOT_RUNNING, "quota-exceeded", "exceeded quota"),)
)


@pytest.mark.parametrize(
    ("words", "code", "listed"),
    [
        (["--state", "not-running"], 1, ["web"]),
        (["--state", "not-running", "--state", "out-of-date"], 1, ["old", "web"]),
        (["--state", "current"], 0, ["crm"]),
        (["--state", "refused"], 0, []),
        (["--rule", "quota-exceeded"], 1, ["web"]),
        (["--rule", "privileged"], 0, []),
    ],
)
def test_what_is_asked_about_is_listed_and_decides_the_exit_code(
    words: list[str],
    code: int,
    listed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    inspect(monkeypatch, CURRENT, OLD._replace(name="old"), DOWN)

    assert main(["audit", "-o", "json", *words]) == code
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found["servers"]] == listed
    assert found["summary"]["all"] == 3


def test_a_summary_counts_namespaces(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inspect(monkeypatch, CURRENT, DOWN)

    assert main(["audit", "--summary", "-o", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["namespaces"]
    assert (found["namespace"], found["summary"]["not-running"]) == ("team", 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--state", "down"], "'down' is no state"),
        (["--rule", "privilege"], "'privilege' is no rule or reason: did you mean privileged?"),
        (
            ["--summary", "-o", "sarif"],
            "no format sarif: choose from table, json, yaml",
        ),
        (["--unlabelled", "--state", "current"], "leave --state and --rule out"),
    ],
)
def test_what_cannot_be_asked_is_wrong_usage(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["audit", *words])

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("what", audit.UNKNOWN)
def test_what_is_not_known_is_a_note(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inspect(monkeypatch, CURRENT, unknown=[Skipped(what, "forbidden")])

    assert main(["audit"]) == 0
    assert f"not known: {audit.UNKNOWN[what]}\n" in capsys.readouterr().err
