"""Whatever the text, reading ends in plain JSON values and DocumentErrors, document by document."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook.documents import yaml_text
from webhook.documents.builder import Builder
from webhook.documents.dialect import check_characters, document_pieces
from webhook.documents.nodes import Mark, Node, NodeError
from webhook.documents.reader import Document, DocumentError, read_documents, read_stream

MANIFEST = """\
# a server
kind: Pod
metadata: &m {name: "x", labels: {a/b: 'yes'}}
spec:
  containers:
    - name: main
      args: [a, "b\\n", 3]
      command: |
        \ttabbed
    - <<: *m
"""
PIECES = [
    "a", "k: v", "key: ", "- ", "  ", "\n", "\n  ", "\t", "{", "}", "[", "]", ", ", ": ", "? ",
    "&x ", "*x", "<<: ", "<<: *x", "!!int ", "!!python/object:os.system ", "!foo ", "! ", "!<", ">",
    "|\n", ">-\n", "'", '"', "\\", '"\\u00e9"', '"\\ud800"', '"\\Uffffffff"', "#", " #", "---\n",
    "\n---\n", "\n--- {a: b}\n",
    "...\n", "%YAML 1.1\n", "%TAG ! tag:x:\n", "1", "0x1F", "0o7", "08", "1e999", ".inf", "1_0",
    "~", "yes", "NaN", "null", "=", "@", "`", "%", "\r\n", "\r", "\x85", "\u2028", "\ufeff", "\0",
    "\x7f", "é", "😀", "\ud800",
    MANIFEST, '{"a": [1, {"b": null}]}', "9" * 5000, "[" * 120,
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def plain_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(type(key) is str and plain_json(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(plain_json, value))
    return value is None or type(value) in (str, int, float, bool)


def check(text: str | bytes) -> None:
    try:
        found = read_documents(text, "x")
    except DocumentError as error:
        message = str(error)
    else:
        message = "x: "
        assert found
        assert all(type(one) is Document and plain_json(one.value) for one in found)
        assert all(one.line("/a/0") >= one.line("") >= 1 for one in found)
    assert message.startswith("x:")
    assert len(message.splitlines()) == 1


@settings(deadline=None)
@given(TEXTS)
def test_any_text_gives_documents_or_a_document_error(text: str) -> None:
    check(text)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.tuples(st.sampled_from([b"\xff\xfe", b"\xfe\xff", b"{", b"- "]),
       st.binary(max_size=20)).map(b"".join))  # fmt: skip
def test_any_bytes_give_documents_or_a_document_error(data: bytes) -> None:
    check(data)


@settings(deadline=None)
@given(st.data())
def test_any_damage_to_a_manifest_gives_documents_or_a_document_error(data: st.DataObject) -> None:
    text = MANIFEST
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 3)))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[end:]
    check(text)


def places(node: Node) -> list[tuple[str, Mark]]:
    found: list[tuple[str, Mark]] = []
    queue = [("", node.place)]
    while queue:
        path, place = queue.pop()
        found.append((path, place.mark))
        queue += [(f"{path}/{key}", inner) for key, inner in place.inner.items()]
    return sorted(found)


@settings(deadline=None)
@given(TEXTS)
def test_libyaml_and_the_python_parser_agree(text: str) -> None:
    """Where both accept a text, values and their places are the same; libyaml accepts more tabs."""
    for piece in document_pieces(text):
        try:
            check_characters(piece.text, piece.line)
        except NodeError:
            continue
        results = []
        for loader in (yaml.CSafeLoader, yaml.SafeLoader):
            found = yaml_text.yaml_nodes(piece.text, Builder(), piece.line, loader)
            results.append(
                [(node.value, places(node)) for node in found if isinstance(node, Node)]
                if not any(isinstance(node, NodeError) for node in found)
                else None
            )
        assert None in results or results[0] == results[1]


@settings(deadline=None)
@given(TEXTS)
def test_no_document_hides_its_neighbours(text: str) -> None:
    found = read_stream(f"a: 1\n---\n{text}\n---\nb: 2\n", "x").documents
    first, last = found[0], found[-1]
    assert (first.value, first.index, first.line("")) == ({"a": 1}, 1, 1)
    assert (last.value, last.line("")) == ({"b": 2}, text.count("\n") + 5)
    assert [one.index for one in found] == sorted({one.index for one in found})


@settings(deadline=None)
@given(TEXTS)
def test_a_strict_reading_takes_all_or_fails_with_the_first_fault(text: str) -> None:
    found = read_stream(text, "x")
    if found.documents and not found.errors:
        assert read_documents(text, "x") == found.documents
        return
    with pytest.raises(DocumentError) as caught:
        read_documents(text, "x")
    told = [str(error) for error in found.errors] or ["x:1: there is no document here"]
    assert str(caught.value).startswith(told[0])
