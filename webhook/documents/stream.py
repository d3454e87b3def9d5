"""A text cut into documents where kubectl cuts it, before anything is parsed.

k8s.io/apimachinery (util/yaml, YAMLReader) cuts at lines that start with `---` and parses each
piece by itself. So a piece that cannot be read hides no other, and neither an anchor nor a
directive outlives its piece.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_SEPARATOR = re.compile(r"^---(.*)\n", re.MULTILINE)


class Piece(NamedTuple):
    """What is parsed as one document, and the line of the file on which it starts.

    `separators` counts the `---` lines up to here; 0 only for what stands above the first.
    `misplaced` says that its `---` line holds more than a comment, which kubectl refuses.
    """

    text: str
    line: int
    separators: int
    misplaced: bool = False


def pieces(text: str, line: int = 1) -> Iterator[Piece]:
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
