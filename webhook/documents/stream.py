"""A text cut into documents where kubectl cuts it, and its characters, before anything is parsed.

k8s.io/apimachinery (util/yaml, YAMLReader) cuts at lines that start with `---` and parses each
piece by itself. So a piece that cannot be read hides no other, and neither an anchor nor a
directive outlives its piece. Beyond the characters of text a file is binary.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webhook.documents.nodes import NodeError

_SEPARATOR = re.compile(r"^---(.*)\n", re.MULTILINE)
# The printable characters of YAML 1.1 (section 5.1). A byte order mark is text to PyYAML and
# nothing to libyaml, unless it is the first character.
_BINARY = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]",
)


class Piece(NamedTuple):
    """What is parsed as one document, and the line of the file on which it starts.

    `separators` counts the `---` lines up to here; 0 only for what stands above the first.
    `misplaced` says that its `---` line holds more than a comment, which kubectl refuses.
    """

    text: str
    line: int
    separators: int
    misplaced: bool = False


def document_pieces(text: str, line: int = 1) -> Iterator[Piece]:
    """Cut a text, which starts on a line of its file, into its documents.

    A `---` line that opens a piece belongs to its text where nothing stands before it: at the
    start, and after another one. Lines end with a line feed, the last one too, as in kubectl.
    """
    if not text.endswith("\n"):
        text += "\n"
    start, separators, misplaced = 0, 0, False
    for match in _SEPARATOR.finditer(text):
        beside = match[1].strip()
        at = match.start()
        if at > start:
            yield Piece(text[start:at], line, separators, misplaced)
            end = at if _is_text(beside) else match.end()
            line += text.count("\n", start, end)
            start, misplaced = end, False
        misplaced = misplaced or _is_text(beside)
        separators += 1
    if start < len(text):
        yield Piece(text[start:], line, separators, misplaced)


def _is_text(beside: str) -> bool:
    return bool(beside) and not beside.startswith("#")


def check_characters(text: str, line: int) -> None:
    """Raise NodeError for the first binary character of a text that starts on a line.

    Bytes that are no UTF-8 arrive as Python's `surrogateescape` decodes them.
    """
    match = _BINARY.search(text)
    if match is None:
        return
    line += text.count("\n", 0, match.start())
    if "\udc80" <= match.group() <= "\udcff":
        raise NodeError(line, "the bytes here are not UTF-8 text: save the file as UTF-8")
    raise NodeError(
        line,
        f"the character U+{ord(match.group()):04X} is binary data: remove it, or write it as "
        "an escape in double quotes",
    )
