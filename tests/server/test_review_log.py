"""The log line and the metrics of a decision."""

import json
import logging
from typing import Any

import pytest

from tests.server.reviews import posted
from webhook.admission.answer import NOT_COVERED, Answer, Finding, Severity
from webhook.admission.workload import Hook, Request, Scope
from webhook.observe.logs import JsonLines
from webhook.observe.metrics import Metrics
from webhook.server.admission_review import Decision, decode_review, make_decision
from webhook.server.review_log import record_decision
from webhook.settings.model import Settings

FINDINGS = (
    Finding("capabilities", Severity.WARNING, "/spec/containers/0", "a message"),
    Finding("privileged", Severity.ERROR, "/spec/containers/0", "a message"),
    Finding("capabilities", Severity.ERROR, "/spec/containers/1", "a message"),
)
OPERATION = {"op": "add", "path": "/a", "value": 1}


def _told(
    caplog: pytest.LogCaptureFixture, request: Request, decision: Decision, metrics: Metrics
) -> dict[str, Any]:
    caplog.set_level(logging.INFO)
    record_decision(request, Scope.MANAGED, decision, 0.25, metrics)
    (record,) = caplog.records
    line: dict[str, Any] = json.loads(JsonLines().format(record))
    del line["time"]
    return line


def test_a_decision_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Who was reviewed and what became of it; the rules, once each."""
    answer = Answer(allowed=False, code=403, message="no", findings=FINDINGS)
    metrics = Metrics()
    line = _told(caplog, decode_review(posted(), Hook.VALIDATE), Decision(b"", answer), metrics)

    assert line == {
        "level": "info",
        "message": "review",
        "hook": "validate",
        "scope": "managed",
        "operation": "CREATE",
        "kind": "Pod",
        "namespace": "tools",
        "name": "github-tools",
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "decision": "refused",
        "rules": ["capabilities", "privileged"],
        "dry_run": False,
        "seconds": 0.25,
    }
    labels = {
        "hook": "validate",
        "scope": "managed",
        "operation": "CREATE",
        "kind": "Pod",
        "decision": "refused",
        "dry_run": "false",
    }
    value = metrics.registry.get_sample_value
    assert value("mcp_admission_reviews_total", labels) == 1
    assert value("mcp_admission_review_duration_seconds_sum", {"hook": "validate"}) == 0.25
    found = {"rule": "capabilities", "severity": "error"}
    assert value("mcp_admission_findings_total", found) == 1


def test_a_pod_without_a_name_is_logged_by_its_prefix(caplog: pytest.LogCaptureFixture) -> None:
    body = posted(name="", object={"metadata": {"generateName": "github-tools-5d8f-"}})
    line = _told(caplog, decode_review(body, Hook.MUTATE), Decision(b"", NOT_COVERED), Metrics())

    assert "name" not in line
    assert line["generateName"] == "github-tools-5d8f-"


def test_long_values_of_a_decision_are_cut_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    endless = "x" * 1000
    body = posted(
        uid=endless, name=endless, namespace=endless, operation=endless, kind={"kind": endless}
    )
    line = _told(caplog, decode_review(body, Hook.MUTATE), Decision(b"", NOT_COVERED), Metrics())

    cut = "x" * 253
    assert [line[key] for key in ("uid", "name", "namespace", "operation", "kind")] == [cut] * 5


@pytest.mark.parametrize(
    ("answer", "hook", "word"),
    [
        (NOT_COVERED, Hook.MUTATE, "not-covered"),
        (Answer(allowed=True), Hook.MUTATE, "allowed"),
        (Answer(allowed=True, operations=(OPERATION,)), Hook.MUTATE, "patched"),
        (Answer(allowed=True, operations=(OPERATION,)), Hook.VALIDATE, "allowed"),
        (Answer(allowed=False, code=422), Hook.MUTATE, "refused"),
    ],
)
def test_a_decision_is_one_word(
    answer: Answer, hook: Hook, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = _told(caplog, decode_review(posted(), hook), Decision(b"", answer), Metrics())

    assert line["decision"] == word


def test_a_review_that_fails_is_logged_by_type_and_place(caplog: pytest.LogCaptureFixture) -> None:
    def reviewer(request: Request, settings: Settings, scope: Scope) -> Answer:
        raise ValueError(request.object)

    metrics = Metrics()
    request = decode_review(posted(object="hunter2"), Hook.MUTATE)
    decision = make_decision(reviewer, request, Settings(), Scope.MANAGED)
    line = _told(caplog, request, decision, metrics)

    assert (line["level"], line["decision"]) == ("error", "error")
    assert line["exception"] == "builtins.ValueError"
    assert [place.split(":")[0] for place in line["at"]] == [
        "webhook.server.admission_review",
        __name__,
    ]
    assert "hunter2" not in json.dumps(line) + decision.body.decode()
    assert metrics.registry.get_sample_value("mcp_admission_internal_errors_total") == 1


@pytest.mark.parametrize(("beside", "settings"), [(False, None), (True, "accepted")])
def test_accepted_settings_that_allowed_it_are_told(
    beside: bool, settings: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    decision = Decision(b"", Answer(allowed=True), beside=beside)
    line = _told(caplog, decode_review(posted(), Hook.VALIDATE), decision, Metrics())

    assert line.get("settings") == settings
