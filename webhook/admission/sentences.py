"""A sentence that fits into so many characters and is still a whole sentence.

Names in Kubernetes have up to 253 characters, and an object under review may hold longer ones. A
word that is too long loses its middle; no word is dropped.
"""

import re

_READ = 2000  # of a text; what is longer loses its middle before it is looked at
_GAP = "..."
# A quoted text and what stands in brackets are one word, whatever they hold.
_WORD = re.compile(r'(?:"[^"]*"|\[[^\[\]]*\]|\S)+')


def printable(text: str) -> str:
    """The text on one line, without control characters, and not longer than is read."""
    short = _without_middle(text, _READ)
    return "".join(char if char.isprintable() else " " for char in short)


def fitted(text: str, longest: int, shortest_word: int) -> str | None:
    """The printable text in at most `longest` characters, its longest words shortened.

    None where words of `shortest_word` characters would still be too many.
    """
    if len(text) <= longest:
        return text
    lengths = sorted(len(word) for word in _WORD.findall(text))
    most = _longest_word(lengths, longest - (len(text) - sum(lengths)))
    if most < shortest_word:
        return None
    return _WORD.sub(lambda word: _without_middle(word[0], most), text)


def _longest_word(lengths: list[int], room: int) -> int:
    """What the longest words are cut to, so that all fit into the room.

    The lengths are sorted, and too much for the room.
    """
    for at, length in enumerate(lengths):
        share = room // (len(lengths) - at)
        if length > share:
            return share
        room -= length
    return 0


def _without_middle(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    kept = longest - len(_GAP)
    return f"{text[: kept - kept // 2]}{_GAP}{text[len(text) - kept // 2 :]}"
