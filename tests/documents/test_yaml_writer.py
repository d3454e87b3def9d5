"""YAML that every parser in the chain reads as the value that was written."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook.documents.reader import read_documents
from webhook.documents.yaml_writer import lines, scalar

TRICKY = st.sampled_from([
    "", "on", "y", "1e3", "0644", "0o7", "12:30:45", "2001-01-01", "=", "<<", "~", ".inf", "1_0",
    "- a", "--- a", "...", "a: b", "a #b", "a:", "-", "--port", "a\nb", "a\n\n b\n", "a\nb\n\n",
    "\ta\nb", "a\tb\nc", "a \nb", "é\nb", "a\nb\x1b", "'", '"', "'\"", "\u2028", "\x85", "\ufeff",
    "x" * 200, "{{ .Values.a }}", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "?", "? a", "#",
])  # fmt: skip
TEXT = TRICKY | st.text(max_size=20) | st.text(alphabet="-:#., \n\t'\"|>ab1e", max_size=10)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(-1e300, 1e300) | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


def written(value: Any) -> str:
    return "".join(f"{line.text}\n" for line in lines(value))


def as_kubernetes_counts(value: Any) -> Any:
    """1.0 and 1 are one number there."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, dict):
        return {key: as_kubernetes_counts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_kubernetes_counts(inner) for inner in value]
    return value


@settings(deadline=None)
@given(st.dictionaries(TEXT, VALUES, min_size=1, max_size=4))
def test_what_is_written_is_what_kubernetes_reads(value: dict[str, Any]) -> None:
    stream = f"{written(value)}---\n{written(value)}"

    assert [one.value for one in read_documents(stream, "x")] == [as_kubernetes_counts(value)] * 2


@settings(deadline=None)
@given(st.dictionaries(TEXT, st.recursive(TEXT, lambda inner: st.lists(inner, max_size=3))))
def test_texts_are_texts_to_other_parsers_too(value: dict[str, Any]) -> None:
    for loader in (yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        assert yaml.load(written(value), loader) == value


@settings(deadline=None)
@given(st.dictionaries(TEXT, VALUES, min_size=1, max_size=3))
def test_every_line_names_a_place_that_exists(value: dict[str, Any]) -> None:
    for line in lines(value):
        found: Any = value
        for step in line.pointer.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found[int(key) if isinstance(found, list) else key]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ghcr.io/obot-platform/phat:main", "ghcr.io/obot-platform/phat:main"),
        ("--port=8080", "--port=8080"),
        ("-y", "-y"),
        ("400Mi", "400Mi"),
        ("sh -c run", "sh -c run"),
        ("true", '"true"'),
        ("1000", '"1000"'),
        ('{"a":1}', "'{\"a\":1}'"),
        ("two\nlines \n\n", '"two\\nlines \\n\\n"'),
        ("\u2028é", '"\\u2028é"'),
        ("\u202eabc", '"\\u202eabc"'),
    ],
)
def test_quotes_stand_where_kubectl_puts_them(text: str, expected: str) -> None:
    assert scalar(text) == expected


def test_values_are_written_in_block_style() -> None:
    value = {
        "list": [{"a": 1, "b": {}}, [["x"], []], "text", "two\nlines"],
        "script": "one\n\n  two\n",
        "k" * 130: {"a": None},
    }

    assert written(value) == (
        "list:\n- a: 1\n  b: {}\n- - - x\n  - []\n- text\n- |-\n  two\n  lines\n"
        "script: |\n  one\n\n    two\n"
        f"? {'k' * 130}\n:\n  a: null\n"
    )
    assert json.dumps(yaml.safe_load(written(value))) == json.dumps(value)
