"""Gitignore patterns that take as long as the path, however many wildcards they have.

An expression tries every way to share a path between its wildcards, which takes years for thirty.
The first place that fits is as good as any later one where another wildcard of the kind follows.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

_FOLDERS_FIRST, _FOLDERS, _STAR = "(?:.+/)?", "(?:/.+)?/", "[^/]*"
# What pathspec writes: the three wildcards, the end, a character, a set of characters.
_TOKEN = re.compile(
    r"\(\?:\.\+/\)\?|\(\?:/\.\+\)\?/|\[\^/\]\*|\(\?:\(\?P<ps_d>/\)\|\$\)|\(\?P<ps_d>/\)"
    r"|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.",
    re.DOTALL,
)
_SET = re.compile(r"\[(?!\^/\]).+\]", re.DOTALL)
_FIRST_FIT = {_FOLDERS_FIRST: "(?:.+?/)??", _FOLDERS: "(?:/.+?)??/"}


def bounded(expression: str) -> str:
    """The expression that matches the same, and looks at no place again."""
    parts: list[list[str]] = [[]]
    for token in _TOKEN.findall(expression):
        if token in _FIRST_FIT:
            parts.append([])
        # For git, no set has the slash in it.
        parts[-1].append(f"(?!/){token}" if _SET.fullmatch(token) else token)
    return "".join(
        (
            f"(?>{_FIRST_FIT[part[0]]}{_stars(part[1:])}(?=/))"
            if part and part[0] in _FIRST_FIT and following
            else _stars(part)
        )
        for part, following in pairwise([*parts, []])
    )


def _stars(tokens: list[str]) -> str:
    """The tokens with stars that take what they must, the last of each name as much as it can."""
    return "".join(_names(tokens))


def _names(tokens: list[str]) -> Iterator[str]:
    name: list[str] = []
    for token in [*tokens, ""]:
        if token in {"/", ""}:
            yield _name(name) + token
            name = []
        else:
            name.append(token)


def _name(tokens: list[str]) -> str:
    first, *pieces = "".join(tokens).split(_STAR)
    if not pieces:
        return first
    return f"{first}{''.join(f'(?>[^/]*?{piece})' for piece in pieces[:-1])}{_STAR}{pieces[-1]}"
