"""YAML and JSON documents with line numbers: settings files and manifests to review.

A person who gets an error or a finding wants the file and the line; a review wants what the API
server would be sent. Every way in which a document can be unreadable is one DocumentError.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from webhook.documents.builder import Builder
from webhook.documents.dialect import Piece, check_characters, document_pieces
from webhook.documents.json_text import START, NotJsonError, json_nodes
from webhook.documents.nodes import Mark, Node, NodeError, Position, tokens
from webhook.documents.yaml_text import yaml_nodes

MAX_BYTES = 64 * 1024 * 1024
_BYTE_ORDER_MARK = "\ufeff"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NEXT_VALUE = re.compile(r"^\{", re.MULTILINE)


class DocumentError(Exception):
    """What cannot be read, in one sentence: what is wrong, where, and how to mend it.

    `start` is the line on which the document starts that has the fault.
    """

    def __init__(self, source: str, line: int | None, sentence: str, start: int = 1) -> None:
        place = source if line is None else f"{source}:{line}"
        super().__init__(f"{place}: {sentence}")
        self.source = source
        self.line = line
        self.sentence = sentence
        self.start = start


class EmptyDocumentError(DocumentError):
    """A text that holds nothing but comments and empty documents."""

    def __init__(self, source: str) -> None:
        super().__init__(source, 1, "there is no document here: write at least one object")


@dataclass(frozen=True)
class Document:
    """One document of a file: plain JSON values that share nothing, and where they stand.

    `index` is the position in the file, counted from 1 over everything between `---` lines, empty
    documents included (a leading `---` opens the first document, it does not follow an empty one).
    """

    source: str
    index: int
    value: Any = field(repr=False)
    _place: Position = field(repr=False, compare=False)

    def line(self, pointer: str) -> int:
        """Return the line of the value at an RFC 6901 pointer, counted from 1; see `mark`."""
        return self.mark(pointer).line

    def mark(self, pointer: str) -> Mark:
        """Return where the value at an RFC 6901 pointer starts.

        In a mapping that is where its key does. For what does not exist it is where the nearest
        ancestor does that exists.
        """
        place = self._place
        for token in tokens(pointer):
            inner = place.inner.get(token)
            if inner is None:
                break
            place = inner
        return place.mark


class Stream(NamedTuple):
    """The documents of a text that hold something, and why the others cannot be read."""

    documents: list[Document]
    errors: list[DocumentError]


def read_documents(text: str | bytes, source: str) -> list[Document]:
    """Return the documents of a YAML or JSON text that hold something; at least one.

    Raises DocumentError, and nothing else, for the first fault of the text.
    """
    found = read_stream(text, source)
    if found.errors:
        raise found.errors[0]
    if not found.documents:
        raise EmptyDocumentError(source)
    return found.documents


def read_file(path: Path) -> list[Document]:
    """Read one file like `read_documents`; what the system refuses has no line."""
    return read_documents(read_bytes(path), str(path))


def read_stream(text: str | bytes, source: str) -> Stream:
    """Return every document of a YAML or JSON text as kubectl would read it, and every fault.

    YAML is YAML 1.1 with JSON types (sigs.k8s.io/yaml), cut at `---` lines; a text that starts
    with a bracket is tried as JSON first. Bytes may be UTF-8, or UTF-16 with a byte order mark.
    What cannot be read hides no other document. What kubectl would drop in silence is a fault.
    Raises nothing.
    """
    if len(text) > MAX_BYTES:
        sentence = f"the text is over {MAX_BYTES >> 20} MiB: split it"
        return Stream([], [DocumentError(source, None, sentence)])
    try:
        text = _decoded(text) if isinstance(text, bytes) else text
    except NodeError as error:
        return Stream([], [DocumentError(source, error.line, str(error))])
    text = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")
    found = Stream([], [])
    for index, start, node in _nodes(text):
        if isinstance(node, NodeError):
            found.errors.append(DocumentError(source, node.line, str(node), start))
        elif node.value is not None:
            found.documents.append(Document(source, index, node.value, node.place))
    return found


def read_bytes(path: Path) -> bytes:
    """The text of one file, as much of it as `read_documents` takes; raises DocumentError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError(
            str(path), None, f"cannot be read ({reason}): name a readable YAML or JSON file"
        ) from None


def _nodes(text: str) -> Iterator[tuple[int, int, Node | NodeError]]:
    """Every document and every fault with its position in the file and its first line."""
    builder = Builder()
    line, above = 1, 0
    not_json: NotJsonError | None = None
    if START.match(text):
        found, not_json = json_nodes(text, builder)
        yield from ((index, 1, node) for index, node in enumerate(found, 1))
        if not_json is None:
            return
        above = len(found)
        line += text.count("\n", 0, not_json.rest)
        text = text[not_json.rest :]
    for piece in document_pieces(text, line):
        nodes = _piece(piece, builder)
        if not_json is not None:
            nodes, not_json = _after_json(nodes, not_json, above, piece, builder), None
        for node in nodes:
            above += not piece.separators
            yield above + piece.separators, piece.line, node


def _piece(piece: Piece, builder: Builder) -> list[Node | NodeError]:
    if piece.misplaced:
        return [
            NodeError(
                piece.line,
                "kubectl accepts nothing but a comment on a line that starts with ---: move the "
                "rest to a line of its own, or indent it",
            )
        ]
    text = piece.text.removeprefix(_BYTE_ORDER_MARK)
    try:
        check_characters(text, piece.line)
    except NodeError as error:
        return [error]
    return yaml_nodes(text, builder, piece.line)


def _after_json(
    nodes: list[Node | NodeError],
    not_json: NotJsonError,
    values: int,
    piece: Piece,
    builder: Builder,
) -> list[Node | NodeError]:
    """The first piece behind JSON as kubectl takes it: after two values it reads JSON alone."""
    if values > 1 and piece.separators:
        sentence = "kubectl accepts no --- after JSON values without one: put it between all"
        return [NodeError(not_json.line, sentence), *nodes]
    if piece.separators or not (values > 1 or nodes):
        return nodes
    first = nodes[0] if nodes and not values else not_json
    if isinstance(first, Node):
        return nodes
    # Of two failed readings the one that got further is the one that was meant.
    return [max(not_json, first, key=lambda error: error.line), *_resumed(not_json, piece, builder)]


def _resumed(not_json: NotJsonError, piece: Piece, builder: Builder) -> Iterator[Node | NodeError]:
    """The values behind one that breaks the grammar, if they start where a line does."""
    line, counted, broken = piece.line, 0, not_json.broken - not_json.rest
    while match := _NEXT_VALUE.search(piece.text, broken):
        line += piece.text.count("\n", counted, match.start())
        counted = match.start()
        found, stopped = json_nodes(piece.text, builder, line, counted)
        yield from found
        if stopped is None:
            break
        yield stopped
        broken = stopped.broken


def _decoded(data: bytes) -> str:
    """The text of a file; a byte that is not UTF-8 becomes a character that `check` refuses."""
    if not data.startswith(_UTF16_MARKS):
        return data.decode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        line = data[: error.start].decode("utf-16", "replace").count("\n") + 1
        raise NodeError(
            line, "the bytes here are not UTF-16 text: save the file as UTF-8"
        ) from None
