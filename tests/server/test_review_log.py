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
from webhook.server.admission_review import decode_review
from webhook.server.decision import Decision, make_decision
from webhook.server.review_log import record_decision, span_attributes
from webhook.settings.model import Settings

FINDINGS = (
    Finding("capabilities", Severity.WARNING, "/spec/containers/0", "a message"),
    Finding("privileged", Severity.ERROR, "/spec/containers/0", "b message"),
    Finding("capabilities", Severity.ERROR, "/spec/containers/1", "c message"),
)
OPERATION = {"op": "add", "path": "/a", "value": 1}


def _told(
    caplog: pytest.LogCaptureFixture, request: Request, decision: Decision, metrics: Metrics
) -> dict[str, Any]:
    caplog.set_level(logging.DEBUG)
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
        "user": "jane",
        "decision": "refused",
        "rules": ["capabilities", "privileged"],
        "reasons": ["a message", "b message", "c message"],
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


def test_a_span_says_what_was_asked_and_decided_and_nothing_of_the_object() -> None:
    answer = Answer(allowed=False, code=403, message="no", findings=FINDINGS)
    request = decode_review(posted(namespace="n" * 300), Hook.VALIDATE)

    assert span_attributes(request, Scope.MANAGED, Decision(b"", answer)) == {
        "admission.uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "admission.hook": "validate",
        "admission.scope": "managed",
        "admission.operation": "CREATE",
        "admission.kind": "Pod",
        "admission.dry_run": False,
        "admission.decision": "refused",
        "admission.rules": ["capabilities", "privileged"],
        "k8s.namespace.name": "n" * 253,
    }


def test_a_line_names_the_trace_that_has_its_span(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = decode_review(posted(), Hook.MUTATE)
    record_decision(request, Scope.MANAGED, Decision(b"", NOT_COVERED), 0.25, Metrics(), "4bf9")

    (record,) = caplog.records
    assert json.loads(JsonLines().format(record))["trace_id"] == "4bf9"


def test_a_pod_without_a_name_is_logged_by_its_prefix(caplog: pytest.LogCaptureFixture) -> None:
    body = posted(name="", object={"metadata": {"generateName": "github-tools-5d8f-"}})
    line = _told(caplog, decode_review(body, Hook.MUTATE), Decision(b"", NOT_COVERED), Metrics())

    assert "name" not in line
    assert line["generateName"] == "github-tools-5d8f-"


def test_long_values_of_a_decision_are_cut_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    endless = "x" * 1000
    body = posted(
        uid=endless,
        name=endless,
        namespace=endless,
        operation=endless,
        kind={"kind": endless},
        userInfo={"username": endless},
    )
    line = _told(caplog, decode_review(body, Hook.MUTATE), Decision(b"", NOT_COVERED), Metrics())

    cut = "x" * 253
    keys = ("uid", "name", "namespace", "operation", "kind", "user")
    assert [line[key] for key in keys] == [cut] * 6


ENDLESS = Finding("a", Severity.ERROR, "/spec", "x" * 1000)


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [
        (Answer(False, 403, "no", findings=FINDINGS), ["a message", "b message", "c message"]),
        (Answer(False, 422, "too large to review"), ["too large to review"]),
        (Answer(True, warnings=("misspelled",)), ["misspelled"]),
        (Answer(True, warnings=("again",), findings=FINDINGS[:1]), ["a message"]),
        (Answer(False, 403, "no", findings=(ENDLESS,) * 30), ["x" * 253] * 10),
        (Answer(True), []),
    ],
    ids=["findings", "message", "warning", "finding and warning", "many", "none"],
)
def test_a_line_says_why_and_no_more_than_ten_reasons(
    answer: Answer, reasons: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    line = _told(caplog, decode_review(posted(), Hook.VALIDATE), Decision(b"", answer), Metrics())

    assert line["reasons"] == reasons


@pytest.mark.parametrize(
    ("answer", "hook", "word", "level"),
    [
        (NOT_COVERED, Hook.MUTATE, "not-covered", "debug"),
        (Answer(allowed=True, covered=False, warnings=("a",)), Hook.MUTATE, "not-covered", "info"),
        (Answer(allowed=True), Hook.MUTATE, "allowed", "debug"),
        (Answer(allowed=True), Hook.VALIDATE, "allowed", "debug"),
        (Answer(allowed=True, findings=FINDINGS[:1]), Hook.VALIDATE, "allowed", "info"),
        (Answer(allowed=True, operations=(OPERATION,)), Hook.MUTATE, "patched", "info"),
        (Answer(allowed=True, operations=(OPERATION,)), Hook.VALIDATE, "allowed", "debug"),
        (Answer(allowed=False, code=422), Hook.MUTATE, "refused", "info"),
        (Answer(allowed=True, would="patch"), Hook.MUTATE, "would-patch", "info"),
        (Answer(allowed=True, would="refuse"), Hook.VALIDATE, "would-refuse", "info"),
    ],
)
def test_a_decision_is_one_word_and_what_changed_nothing_is_for_debugging(
    answer: Answer, hook: Hook, word: str, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = _told(caplog, decode_review(posted(), hook), Decision(b"", answer), Metrics())

    assert (line["decision"], line["level"]) == (word, level)


def test_what_is_not_logged_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    metrics = Metrics()
    request = decode_review(posted(), Hook.MUTATE)
    record_decision(request, Scope.MANAGED, Decision(b"", NOT_COVERED), 0.25, metrics)

    assert caplog.records == []
    count = "mcp_admission_review_duration_seconds_count"
    assert metrics.registry.get_sample_value(count, {"hook": "mutate"}) == 1


@pytest.mark.parametrize(
    ("name", "dry_run", "told"),
    [
        ("mcp-admission-probe-0a1b2c3d", True, ("debug", 0)),
        ("mcp-admission-probe-0a1b2c3d", False, ("info", 1)),
        ("github-tools", True, ("info", 1)),
    ],
    ids=["probe", "a pod of its name", "a dry run"],
)
def test_the_pods_of_the_probe_are_neither_told_nor_are_their_findings_counted(
    name: str, dry_run: bool, told: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    answer = Answer(allowed=False, code=403, message="no", findings=FINDINGS[1:2])
    request = decode_review(posted(), Hook.VALIDATE)._replace(name=name, dry_run=dry_run)

    line = _told(caplog, request, Decision(b"", answer), metrics)

    labels = {"rule": "privileged", "severity": "error"}
    counted = metrics.registry.get_sample_value("mcp_admission_findings_total", labels)
    assert (line["level"], counted or 0) == told


@pytest.mark.parametrize("text", ["plain", '"\\\n\x00\u2028\x7f', "ü\U0001f600", "%s{0}"])
@pytest.mark.parametrize("seconds", [0.0, 0.25, 1e-6, 0.0001234567, 12.0])
def test_a_line_is_written_as_json_dumps_would(
    text: str, seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    """Byte for byte, whatever a client calls its objects."""
    caplog.set_level(logging.DEBUG)
    body = posted(
        uid=text,
        name=text,
        namespace=text,
        operation=text,
        kind={"kind": text},
        userInfo={"username": text},
    )
    findings = (*FINDINGS, Finding("privileged", Severity.ERROR, "/spec", text))
    decision = Decision(b"", Answer(False, 403, findings=findings), KeyError("a"), beside=True)
    record_decision(decode_review(body, Hook.MUTATE), Scope.MANAGED, decision, seconds, Metrics())
    (record,) = caplog.records
    line = JsonLines().format(record)

    assert line == json.dumps(json.loads(line))
    fields = json.loads(line)
    asked = (fields[key] for key in ("uid", "name", "namespace", "operation", "kind", "user"))
    assert {*asked, fields["reasons"][-1]} == {text}
    assert fields["seconds"] == round(seconds, 6)


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
        "webhook.server.decision",
        __name__,
    ]
    assert "hunter2" not in json.dumps(line) + decision.body.decode()
    assert metrics.registry.get_sample_value("mcp_admission_internal_errors_total") == 1


@pytest.mark.parametrize(
    ("beside", "told"), [(False, ("debug", None)), (True, ("info", "accepted"))]
)
def test_accepted_settings_that_allowed_it_are_told(
    beside: bool, told: tuple[str, str | None], caplog: pytest.LogCaptureFixture
) -> None:
    decision = Decision(b"", Answer(allowed=True), beside=beside)
    line = _told(caplog, decode_review(posted(), Hook.VALIDATE), decision, Metrics())

    assert (line["level"], line.get("settings")) == told
