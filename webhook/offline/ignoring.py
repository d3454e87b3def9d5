"""Which paths `--exclude` and the .gitignore files of a repository leave out.

The deepest .gitignore with a matching pattern wins, and `--exclude` wins over all of them. Patterns
of `--exclude` are relative to the current folder, as on the command lines of other tools.

A pattern's regular expression is rewritten to run in linear time. As pathspec writes it, it tries
every way to share a path between its wildcards, which takes years for thirty of them. The first
place that fits is as good as any later one where another wildcard of the kind follows.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from webhook.documents.reader import DocumentError, read_bytes

FILE = ".gitignore"
# Folders of copies, caches and tools: they hold no manifests of their own.
TOOLS = frozenset(
    {
        ".cache", ".direnv", ".eggs", ".git", ".gradle", ".hg", ".idea", ".mypy_cache", ".nox",
        ".pytest_cache", ".ruff_cache", ".svn", ".terraform", ".tox", ".venv", "__pycache__",
        "node_modules",
    }
)  # fmt: skip
# Patterns for any folder, at the end and alone: pathspec takes them for the folder around.
_ANY_FOLDER = re.compile(r"(?<![^!/])(?:\*\*/)+\s*$|(?<![^!])(?:\*\*/)*\*/\s*$")
_FOLDERS_FIRST, _FOLDERS, _STAR = "(?:.+/)?", "(?:/.+)?/", "[^/]*"
# What pathspec writes: the three wildcards, the end, a character, a set of characters.
_TOKEN = re.compile(
    r"\(\?:\.\+/\)\?|\(\?:/\.\+\)\?/|\[\^/\]\*|\(\?:\(\?P<ps_d>/\)\|\$\)|\(\?P<ps_d>/\)"
    r"|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.",
    re.DOTALL,
)
_SET = re.compile(r"\[(?!\^/\]).+\]", re.DOTALL)
_FIRST_FIT = {_FOLDERS_FIRST: "(?:.+?/)??", _FOLDERS: "(?:/.+?)??/"}


class IgnoreRules(NamedTuple):
    """The patterns of one file, and the folder to which they are relative."""

    folder: Path
    patterns: tuple[GitIgnoreSpecPattern, ...]

    def says(self, path: Path, *, folder: bool) -> bool | None:
        """Whether to leave the path out; None where no pattern matches it.

        The contents of a folder that is left out are never asked about, and a pattern that takes a
        folder back in does not take its contents in. So a pattern that matches a folder around the
        path has no effect.
        """
        try:
            inside = path.relative_to(self.folder).as_posix()
        except ValueError:
            return None
        name = f"{inside}/" if folder else inside
        for pattern in reversed(self.patterns):
            found = None if pattern.include is None else pattern.match_file(name)
            if found and _is_itself(found.match, name):
                return pattern.include
        return None


def _is_itself(match: re.Match[str], name: str) -> bool:
    """Whether a pattern matches a path, and not a folder around it.

    An expression has a group for the slash behind a folder. One without it, as that of `a/**`,
    matches only what is inside of the folder.
    """
    return (match.end() == len(name)) == (match.re.groups > 0)


class PatternError(Exception):
    """A pattern that is not valid in the syntax of gitignore."""


class Exclusions:
    """What to leave out below the current folder; raises PatternError."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._asked = [IgnoreRules(Path.cwd(), _spec(patterns))] if patterns else []
        self._read: dict[Path, list[IgnoreRules]] = {}

    def named(self, path: Path) -> bool:
        """Whether --exclude leaves out a path that the command line names."""
        return _verdict(self._asked, _absolute(path), folder=os.path.isdir(path))  # noqa: PTH112 - takes any name

    def below(self, path: Path, inside: Path, *, folder: bool) -> bool:
        """Whether to leave out what was found in a folder that the command line names."""
        path = _absolute(path)
        return _verdict(
            [*self._of(path.parent, _absolute(inside)), *self._asked], path, folder=folder
        )

    def _of(self, folder: Path, named: Path) -> list[IgnoreRules]:
        """The rules of every .gitignore from the repository's root to a folder, in this order."""
        if folder not in self._read:
            around = _around(named) if folder == named else self._of(folder.parent, named)
            self._read[folder] = [*around, *_gitignore(folder)]
        return self._read[folder]


def _verdict(rules: Sequence[IgnoreRules], path: Path, *, folder: bool) -> bool:
    said = (one.says(path, folder=folder) for one in reversed(rules))
    return next((verdict for verdict in said if verdict is not None), False)


def _around(named: Path) -> list[IgnoreRules]:
    """The rules of the folders around one in a git repository; none if they leave it out."""
    repository = next((one for one in (named, *named.parents) if (one / ".git").exists()), named)
    folders = [one for one in (named, *named.parents) if one.is_relative_to(repository)][::-1]
    rules: list[IgnoreRules] = []
    for folder in folders:
        if folder != repository and _verdict(rules, folder, folder=True):
            return []
        if folder != named:
            rules += _gitignore(folder)
    return rules


def _gitignore(folder: Path) -> list[IgnoreRules]:
    """The rules of one folder; lines that are not patterns have no effect, as in git."""
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        lines = read_bytes(path).decode("utf-8", "replace").splitlines()
    except DocumentError:
        return []
    return [IgnoreRules(folder, _spec(line for line in lines if _is_pattern(line)))]


def _is_pattern(line: str) -> bool:
    try:
        _spec([line])
    except PatternError:
        return False
    return True


def _spec(patterns: Iterable[str]) -> tuple[GitIgnoreSpecPattern, ...]:
    try:
        return tuple(map(_pattern, patterns))
    except (ValueError, re.error) as error:
        raise PatternError(str(error)) from None


def _pattern(text: str) -> GitIgnoreSpecPattern:
    pattern = GitIgnoreSpecPattern(_ANY_FOLDER.sub("**/?*/", text))
    if pattern.regex is None:
        return pattern
    return GitIgnoreSpecPattern(
        re.compile(linear_expression(pattern.regex.pattern)), pattern.include
    )


def _absolute(path: Path) -> Path:
    """The path from the root; links are not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps ..


def linear_expression(expression: str) -> str:
    """An expression that matches the same, and never tries a place again."""
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
        for part, following in zip(parts, [*parts[1:], []], strict=True)
    )


def _stars(tokens: list[str]) -> str:
    """The tokens with stars that take as little as they can, but the last of each name the most."""
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
