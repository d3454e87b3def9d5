"""Strict YAML and JSON documents with line numbers: settings files and manifests to review.

A person who gets an error or a finding wants the file and the line; a review wants what the API
server would be sent. Every way in which a file can be unreadable ends in one DocumentError.
"""

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webhook.settings import json_text, yaml_text
from webhook.settings.nodes import Mark, Node, NodeError, Place

MAX_BYTES = 64 * 1024 * 1024
# Beyond the printable characters of YAML 1.1 (section 5.1) a file is binary. A byte order mark
# is text to PyYAML and nothing to libyaml, unless it is the first character.
_NOT_TEXT = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]",
)


class DocumentError(Exception):
    """A file that cannot be read, in one sentence: what is wrong, where, and how to mend it."""

    def __init__(self, source: str, line: int | None, sentence: str) -> None:
        place = source if line is None else f"{source}:{line}"
        super().__init__(f"{place}: {sentence}")
        self.source = source
        self.line = line
        self.sentence = sentence


@dataclass(frozen=True)
class Document:
    """One document of a file: plain JSON values that share nothing, and where they stand.

    `index` is the position in the file, counted from 1 over everything between `---` lines, empty
    documents included (a leading `---` opens the first document, it does not follow an empty one).
    """

    source: str
    index: int
    value: Any = field(repr=False)
    _place: Place = field(repr=False, compare=False)

    def line(self, pointer: str) -> int:
        """Return the line of the value at an RFC 6901 pointer, counted from 1; see `mark`."""
        return self.mark(pointer).line

    def mark(self, pointer: str) -> Mark:
        """Return where the value at an RFC 6901 pointer starts.

        In a mapping that is where its key does. For what does not exist it is where the nearest
        ancestor does that exists.
        """
        place = self._place
        for token in pointer.split("/")[1:]:
            inner = place.inner.get(token.replace("~1", "/").replace("~0", "~"))
            if inner is None:
                break
            place = inner
        return place.mark


def read(text: str | bytes, source: str) -> list[Document]:
    """Return the documents of a YAML or JSON text that hold something; at least one.

    YAML is read as Kubernetes reads it (YAML 1.1 with JSON types, as sigs.k8s.io/yaml); a text
    that starts with a bracket is tried as JSON first. Bytes may be UTF-8, or UTF-16 with a byte
    order mark. Raises DocumentError, and nothing else.
    """
    if len(text) > MAX_BYTES:
        raise DocumentError(source, None, f"the text is over {MAX_BYTES >> 20} MiB: split it")
    try:
        nodes = _nodes(_checked(text))
    except NodeError as error:
        raise DocumentError(source, error.line, str(error)) from None
    if not nodes:
        raise DocumentError(source, 1, "there is no document here: write at least one object")
    return [Document(source, index, node.value, node.place) for index, node in nodes]


def read_file(path: Path) -> list[Document]:
    """Read one file like `read`; what the system refuses is a DocumentError without a line."""
    return read(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """The text of one file, as much of it as `read` takes; raises DocumentError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError(
            str(path), None, f"cannot be read ({reason}): name a readable YAML or JSON file"
        ) from None


def _nodes(text: str) -> list[tuple[int, Node]]:
    if not json_text.START.match(text):
        return yaml_text.nodes(text)
    try:
        return json_text.nodes(text)
    except json_text.NotJsonError as not_json:
        try:
            return yaml_text.nodes(text)
        except NodeError as not_yaml:
            # The reading that got further is the one that was meant.
            raise (not_json if not_json.line >= not_yaml.line else not_yaml) from None


def _checked(text: str | bytes) -> str:
    if isinstance(text, bytes):
        text = _decoded(text)
    text = text.removeprefix("\ufeff")
    match = _NOT_TEXT.search(text)
    if match:
        line = text.count("\n", 0, match.start()) + 1
        raise NodeError(
            line,
            f"the character U+{ord(match.group()):04X} is binary data: remove it, or write it as "
            "an escape in double quotes",
        )
    return text


def _decoded(data: bytes) -> str:
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if is_utf16 else "utf-8"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, "replace").count("\n") + 1
        raise NodeError(
            line, f"the bytes here are not {encoding.upper()} text: save the file as UTF-8"
        ) from None
