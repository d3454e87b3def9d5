"""A stream is cut as kubectl cuts it, and a document with a fault hides no other."""

import pytest

from tests.documents.streams import Case, cases
from webhook.documents.builder import MAX_COPIED, MAX_COPIED_IN_ALL
from webhook.documents.dialect import document_pieces
from webhook.documents.reader import Document, DocumentError, Stream, read_stream

BESIDE = (
    "kubectl accepts nothing but a comment on a line that starts with ---: move the rest to a "
    "line of its own, or indent it"
)


def values(found: Stream) -> list[tuple[int, object, int]]:
    return [(one.index, one.value, one.line("")) for one in found.documents]


def name(document: Document) -> str:
    return str(document.value["metadata"]["name"])


@pytest.mark.parametrize("case", cases())
def test_every_document_is_read_or_refused_by_itself(case: Case) -> None:
    found = read_stream(case.text, "x")

    assert "".join(map(name, found.documents)) == case.read
    assert tuple(error.line for error in found.errors) == case.faults
    assert all("\n" not in str(error) for error in found.errors)


def test_documents_keep_their_positions_and_lines() -> None:
    text = "# c\n---\na: 1\n---\n# nothing\n---\nb: [\n---\n---\nc: 3\n...\n---\n~\n---\n[]\n---\n"
    found = read_stream(text, "x")

    assert values(found) == [(1, {"a": 1}, 3), (5, {"c": 3}, 10), (7, [], 15)]
    assert [(error.line, error.start) for error in found.errors] == [(7, 7)]


def test_positions_count_what_stands_above_the_first_line() -> None:
    assert values(read_stream("a: 1\n---\nb: 2\n", "x")) == [(1, {"a": 1}, 1), (2, {"b": 2}, 3)]
    assert values(read_stream("a: [\n---\nb: 2\n", "x")) == [(2, {"b": 2}, 3)]


def test_json_and_what_follows_it_keep_their_positions_and_lines() -> None:
    text = '\n{"a": 1} # why\n---\n{"b":\n 2}\n---\nc: [\n---\nd: 4\n'
    found = read_stream(text, "x")

    assert values(found) == [(1, {"a": 1}, 2), (2, {"b": 2}, 4), (4, {"d": 4}, 9)]
    assert [(error.line, error.start) for error in found.errors] == [(7, 7)]
    assert found.documents[1].mark("/b") == (4, 2)


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("--- {a: 1}\n", 1, BESIDE),
        ("a: 1\n...\nb: 2\n", 3,
         "kubectl drops what stands here, behind the end of a document: put --- above it"),
        ("%YAML 1.2\n---\n", 1,
         "kubectl cannot read the directives %YAML and %TAG: remove this line"),
        ("{}\n{}\n---\n", 3,
         "kubectl accepts no --- after JSON values without one: put it between all"),
        ("{}\n{}\nx: 1\n", 3,
         'this is not JSON from "x: 1" on; check the commas, colons, brackets and quotes'),
        ("{}\nx: 1\n", 2,
         'this is not JSON from "x: 1" on; check the commas, colons, brackets and quotes'),
        (b"\xff\xfea", 1, "the bytes here are not UTF-16 text: save the file as UTF-8"),
    ],
)  # fmt: skip
def test_what_kubectl_does_not_read_says_so(text: str | bytes, line: int, sentence: str) -> None:
    (error,) = read_stream(text, "x").errors
    assert str(error) == f"x:{line}: {sentence}"


def test_an_empty_stream_is_no_error() -> None:
    assert read_stream("", "x") == read_stream(b"---\n# c\n", "x") == ([], [])


def test_a_text_that_is_too_large_is_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhook.documents.reader.MAX_BYTES", 8)
    (error,) = read_stream("a: 12345\n", "x").errors
    assert isinstance(error, DocumentError)
    assert error.line is None


def bomb(times: int) -> str:
    """A document whose aliases stand for a bit more than 11,000 values, several times."""
    levels = [
        f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]" for level in range(1, 5)
    ]
    return "\n".join(["l0: &l0 [x]", *levels, f"all: [{', '.join(['*l4'] * times)}]"])


def test_an_alias_bomb_hides_no_document_with_aliases() -> None:
    harmless = "a: &a 1\nb: *a"
    found = read_stream("\n---\n".join([harmless, bomb(100), bomb(5), harmless]), "x")

    assert [one.index for one in found.documents] == [1, 3, 4]
    (error,) = found.errors
    assert f"of this document stand for more than {MAX_COPIED} values" in error.sentence


def test_the_aliases_of_a_file_are_bounded_in_all() -> None:
    found = read_stream("\n---\n".join([*[bomb(8)] * 20, "a: 1"]), "x")

    assert 5 < len(found.documents) < 12
    assert found.documents[-1].value == {"a": 1}
    assert all(f"of this file stand for more than {MAX_COPIED_IN_ALL}" in str(error)
               for error in found.errors)  # fmt: skip


def test_the_pieces_of_a_text_are_the_text() -> None:
    text = "a\n---\nb\n--- # c\n---\nd\n--- e\nf\n"
    assert list(document_pieces(text, 5)) == [
        ("a\n", 5, 0, False), ("b\n", 7, 1, False), ("---\nd\n", 9, 3, False),
        ("--- e\nf\n", 11, 4, True),
    ]  # fmt: skip
