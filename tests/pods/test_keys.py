"""Which labels and annotations are read, and which values they may have."""

import pytest

from webhook import names
from webhook.pods.keys import port_objection, unread_annotation, unread_label, unreadable


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("mcp-admission.dev/server", None),
        ("mcp-admission.dev/name", None),
        ("mcp-admission.dev/gateway", None),
        ("mcp-admission.dev/managed", "is read on namespaces alone"),
        ("mcp-admission.dev/port", "is not read: it is an annotation"),
        ("mcp-admission.dev/servr", "is not read by this version: did you mean server?"),
        ("mcp-admission.dev/zzz", "is not read by this version"),
        ("mcp-admision.dev/server", "is not read: did you mean mcp-admission.dev/server?"),
        ("example.com/server", None),
        ("app", None),
    ],
)
def test_a_label_that_is_not_read_says_what_is_meant(key: str, said: str | None) -> None:
    assert unread_label(key) == said


@pytest.mark.parametrize(
    ("key", "said"),
    [
        *((name, None) for name in names.USER_ANNOTATIONS),
        ("mcp-admission.dev/injected", None),
        ("mcp-admission.dev/server", "is not read: it is a label"),
        ("mcp-admission.dev/egres", "is not read by this version: did you mean egress?"),
        ("example.com/port", None),
    ],
)
def test_an_annotation_that_is_not_read_says_what_is_meant(key: str, said: str | None) -> None:
    assert unread_annotation(key) == said


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        (names.PORT, ["1", "65535", "http", "mcp-1"], ["0", "65536", "²", "a--b", "", "-a"]),
        (names.CONFIG_FROM, ["crm", "a.b"], ["a,b", "A", ""]),
        (names.FILE_KEYS, ["a, b", "A_b.c"], [".", "..a", "a/b", "a,,b", "k" * 254]),
        (names.ENV_FROM, ["a", "a, b"], ["a,", "A"]),
        (names.FILES_FROM, ["a,b"], ["a b"]),
        (names.SERVICE_ACCOUNT_TOKEN, ["true", "false"], ["True", "yes", ""]),
    ],
)
def test_a_value_is_read_or_refused_with_what_it_must_be(
    key: str, good: list[str], bad: list[str]
) -> None:
    assert [value for value in good if unreadable(key, value)] == []
    assert [value for value in bad if not str(unreadable(key, value)).startswith("must be ")] == []


def test_values_of_other_annotations_are_read_elsewhere() -> None:
    assert unreadable(names.EGRESS, "anything at all") is None
    assert port_objection("web") is None
