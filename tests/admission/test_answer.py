"""What people read: every reason at once, each on a line, nothing that breaks a header."""

import pytest

from webhook.admission.answer import (
    ADVICE,
    ADVICE_WITHOUT_A_RULE,
    ADVICE_WITHOUT_EXCEPTION,
    LONGEST_LINE,
    MOST_REASONS,
    NOT_COVERED,
    Finding,
    Severity,
    allow,
    allow_or_refuse,
    line,
    refuse,
    warning,
)

TO_ASK = "remove or correct these fields, or ask the cluster administrator for an exception to "
DRAFT = "mcp-admission exception draft pod/tools"
ERROR = Finding("privileged", Severity.ERROR, "/spec/a", "a must be false")
WARNING = Finding("replicas", Severity.WARNING, "/spec/replicas", "replicas set to 1")


def test_objects_that_are_no_servers_are_allowed_unseen() -> None:
    assert NOT_COVERED.allowed
    assert not NOT_COVERED.covered


def test_what_is_allowed_carries_its_patch_and_warnings() -> None:
    operation = {"op": "remove", "path": "/a"}
    answer = allow([WARNING], [operation])

    assert (answer.allowed, answer.code, answer.message) == (True, 200, "")
    assert answer.operations == (operation,)
    assert answer.warnings == ("replicas set to 1 (replicas)",)
    assert answer.findings == (WARNING,)


@pytest.mark.parametrize(
    ("findings", "allowed"), [([], True), ([WARNING], True), ([WARNING, ERROR], False)]
)
def test_one_error_among_warnings_refuses_the_object(
    findings: list[Finding], allowed: bool
) -> None:
    assert allow_or_refuse("a", findings, [{"op": "remove", "path": "/a"}]).allowed is allowed


def test_a_refusal_names_every_reason_and_the_way_out() -> None:
    other = Finding("capabilities", Severity.ERROR, "/spec/b", "b: NET_ADMIN is not allowed")
    answer = refuse("github-tools", [ERROR, WARNING, other])

    assert answer.message == (
        'MCP server "github-tools" refused:\n'
        "  a must be false (privileged)\n"
        "  b: NET_ADMIN is not allowed (capabilities)\n"
        f"  {ADVICE}"
    )
    assert (answer.allowed, answer.code, answer.operations) == (False, 403, ())
    assert answer.warnings == ("replicas set to 1 (replicas)",)


def test_a_refusal_of_very_many_reasons_stays_readable() -> None:
    answer = refuse("a", [ERROR] * (MOST_REASONS + 7))

    lines = answer.message.splitlines()
    assert len(lines) == MOST_REASONS + 3
    assert lines[-2] == "  and 7 more"
    assert len(answer.findings) == MOST_REASONS + 7


def test_names_of_any_length_stay_on_one_line() -> None:
    answer = refuse("a\nb" * 1000, [ERROR._replace(message="x\r\n\x1b[31m" * 1000)])

    lines = answer.message.splitlines()
    assert len(lines) == 3
    assert all(len(text) <= LONGEST_LINE + 60 and text.isprintable() for text in lines)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\ttabbed", "two lines tabbed"),
        ("right\u202eleft\u0000\ud800", "right left  "),
        ("é 漢 🙂", "é 漢 🙂"),
        ("x" * 20, "x" * 20),
        ("x" * 21, "x" * 17 + "..."),
    ],
)
def test_a_line_is_printable_and_bounded(text: str, shown: str) -> None:
    assert line(text, 20) == shown


def test_a_warning_fits_a_header() -> None:
    assert warning(WARNING) == "replicas set to 1 (replicas)"
    assert len(warning(WARNING._replace(message="x" * 500))) == 120


@pytest.mark.parametrize(
    ("rules", "advice"),
    [
        (["object"], ADVICE_WITHOUT_A_RULE),
        (["privileged"], ADVICE),
        (["privileged", "capabilities"], ADVICE),
        (["object", "privileged"], f"{TO_ASK}privileged"),
        (["annotations", "privileged", "host-path"], f"{TO_ASK}host-path, privileged"),
        (
            ["identity", "sysctls", "selinux", "apparmor", "proc-mount", "host-path", "privileged"],
            f"{TO_ASK}apparmor, host-path, privileged, proc-mount, selinux and 1 more",
        ),
        (["annotations"], ADVICE_WITHOUT_EXCEPTION),
        (["identity", "isolation-gate"], ADVICE_WITHOUT_EXCEPTION),
        (["identity", "object"], ADVICE_WITHOUT_EXCEPTION),
    ],
)
def test_an_exception_is_advised_where_one_can_be_granted(rules: list[str], advice: str) -> None:
    findings = [Finding(rule, Severity.ERROR, "/spec", "spec is odd") for rule in rules]
    command = f": {DRAFT}" if advice.startswith(TO_ASK) else ""

    assert refuse("tools", findings).message.splitlines()[-1] == f"  {advice}"
    last = refuse("tools", findings, draft=DRAFT).message.splitlines()[-1]
    assert last == f"  {advice}{command}"
