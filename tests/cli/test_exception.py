"""`exception draft`: what it prints is accepted once it has a reason, and allows the server."""

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Printed
from tests.offline.manifest_texts import DEPLOYMENT, REFUSED
from webhook.cli import asked_workloads
from webhook.cli.main import main
from webhook.kube.errors import ApiError
from webhook.settings.exception_document import read_exception

Json = dict[str, Any]
Draft = Callable[..., Printed]
IMAGE = "    - name: main\n      image: example.test/bridge:1\n"
ROOT = REFUSED.replace("    - name: main\n", IMAGE)


@pytest.fixture
def draft(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Draft:
    """Run `exception draft -f x.yaml` on a manifest."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *words: str) -> Printed:
        Path("x.yaml").write_text(text, encoding="utf-8")
        try:
            code: int = main(["exception", "draft", "-f", "x.yaml", *words])
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1
        return Printed(code, *capsys.readouterr())

    return run


def test_its_output_allows_the_server_once_the_reason_is_filled_in(draft: Draft) -> None:
    text = draft(ROOT, "-n", "team-a").out
    assert read_exception(yaml.safe_load(text), now=time.time(), longest_days=90).faults
    filled_in = text.replace('reason: ""', "reason: its vendor mends it")
    Path("exception.yaml").write_text(filled_in, encoding="utf-8")

    again = draft(ROOT, "-n", "team-a", "--settings", "exception.yaml")

    granted = read_exception(yaml.safe_load(filled_in), now=time.time(), longest_days=90)
    assert granted.in_force is not None
    assert granted.in_force.images == ("example.test/bridge",)
    assert (again.code, again.out) == (1, "")
    assert "nothing to except" in again.err
    assert main(["review", "x.yaml", "-n", "team-a"]) == 1
    assert main(["review", "x.yaml", "-n", "team-a", "--exceptions", "exception.yaml"]) == 0


@pytest.mark.parametrize(
    ("words", "longest", "days"), [([], 90, 30), (["--days", "7"], 90, 7), ([], 10, 10)]
)
def test_it_ends_after_the_days_that_are_asked_for(
    words: list[str], longest: int, days: int, draft: Draft
) -> None:
    Path("s.yaml").write_text(f"exceptions: {{longestDays: {longest}}}", encoding="utf-8")
    given = ("-o", "json", "--reason", "why", "--settings", "s.yaml", *words)

    found = json.loads(draft(ROOT, *given).out)

    def accepted(days: int) -> bool:
        return not read_exception(found, now=time.time(), longest_days=days).faults

    assert accepted(days)
    assert not accepted(days - 1)
    assert found["spec"]["reason"] == "why"
    assert found["spec"]["workload"] == {"namespace": "default", "name": "bridge"}


def test_below_enforce_the_draft_is_that_of_enforce(draft: Draft) -> None:
    Path("s.yaml").write_text("mode: observe", encoding="utf-8")

    assert draft(ROOT, "--settings", "s.yaml").code == 0


def test_several_that_are_refused_have_a_document_each(draft: Draft) -> None:
    text = f"{ROOT}---\n{DEPLOYMENT}---\n{ROOT.replace('name: bridge', 'name: other')}"

    documents = list(yaml.safe_load_all(draft(text).out))
    assert [each["spec"]["workload"]["name"] for each in documents] == ["bridge", "other"]
    assert json.loads(draft(text, "-o", "json").out)["kind"] == "List"
    assert len(list(yaml.safe_load_all(draft(text, "pod/other").out))) == 1


def test_a_manifest_may_be_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ROOT.encode())))

    assert main(["exception", "draft", "-f", "-", "po/bridge"]) == 0
    assert "kind: MCPServerException" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DEPLOYMENT, "nothing to except"),
        (ROOT.replace("name: bridge", "generateName: bridge-"), "an exception needs an exact name"),
        (
            DEPLOYMENT.replace(
                "  labels:\n",
                "  annotations: {mcp-admission.dev/config-from: ../x}\n  labels:\n",
                1,
            ),
            "no exception is granted for this, correct it: ",
        ),
    ],
)
def test_where_nothing_can_be_excepted_it_says_why(text: str, said: str, draft: Draft) -> None:
    printed = draft(text)

    assert (printed.code, printed.out) == (1, "")
    assert said in printed.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--days", "0"], "is no number of days"),
        (["--days", "91"], "at most 90 days (exceptions.longestDays)"),
        (["--reason", " "], "characters that say why"),
        (["pod/other"], "no pod/other is there"),
        (["-f", "-", "-f", "-"], "name it once"),
    ],
)
def test_what_is_asked_for_wrongly_is_an_error(words: list[str], said: str, draft: Draft) -> None:
    printed = draft(ROOT, *words)

    assert (printed.code, printed.out) == (2, "")
    assert said in printed.err


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "or its manifest with -f FILE"), (["pod/a", "--managed"], "--managed is for manifests")],
)
def test_the_cluster_needs_a_name(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["exception", "draft", *words])

    assert said in capsys.readouterr().err


def test_a_cluster_that_does_not_answer_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(_: object) -> None:
        raise ApiError(500, "InternalError", "the API server is away")

    monkeypatch.setattr(asked_workloads, "manifest_of_cluster", fail)

    assert main(["exception", "draft", "pod/a"]) == 2
    assert "the API server is away" in capsys.readouterr().err


def test_its_help_says_who_grants(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["exception", "draft", "--help"])

    told = capsys.readouterr().out
    for said in ("mcp-admission-exceptions", "examples:", "exit codes:", "-f deployment.yaml"):
        assert said in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--managed"],
            "team-a (restricted) still refuses what run-as-user objects to: set mcp",
        ),
        ([], "still refuses what run-as-user objects to, if team-a is managed: set mcpNamespace."),
    ],
    ids=["managed", "perhaps managed"],
)
def test_what_pod_security_refuses_whatever_is_excepted_is_told(
    words: list[str], told: str, draft: Draft
) -> None:
    printed = draft(ROOT, "-n", "team-a", *words)

    assert printed.code == 0
    assert "rules:\n" in printed.out
    assert told in printed.err


def test_nothing_is_told_of_a_pod_security_that_refuses_nothing(draft: Draft) -> None:
    Path("s.yaml").write_text("mcpNamespace: {podSecurity: {enabled: false}}")
    printed = draft(ROOT, "--managed", "--settings", "s.yaml")

    assert (printed.code, printed.err) == (0, "")
