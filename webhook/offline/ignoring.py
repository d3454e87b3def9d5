"""Which paths `--exclude` and the .gitignore files of a repository leave out.

The deepest .gitignore that has an opinion wins, and `--exclude` wins over all. Its patterns are
relative to the current folder, as on the command lines of other tools.
"""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from webhook.documents.reader import DocumentError, read_bytes
from webhook.offline.wildcards import bounded

FILE = ".gitignore"
# Folders that hold copies of what stands elsewhere, or nothing that anybody applies.
TOOLS = frozenset(
    {
        ".cache", ".direnv", ".eggs", ".git", ".gradle", ".hg", ".idea", ".mypy_cache", ".nox",
        ".pytest_cache", ".ruff_cache", ".svn", ".terraform", ".tox", ".venv", "__pycache__",
        "node_modules",
    }
)  # fmt: skip
# Patterns for any folder, at the end and alone: pathspec takes them for the folder around.
_ANY_FOLDER = re.compile(r"(?<![^!/])(?:\*\*/)+\s*$|(?<![^!])(?:\*\*/)*\*/\s*$")


class Rules(NamedTuple):
    """The patterns of one file, and the folder to which they are relative."""

    folder: Path
    patterns: tuple[GitIgnoreSpecPattern, ...]

    def says(self, path: Path, *, folder: bool) -> bool | None:
        """Whether to leave the path out; None where no pattern speaks about it.

        What is in a folder that is left out is never asked about, and a folder that is taken back
        in takes nothing in with it: a pattern that matches a folder around the path says nothing.
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

    An expression has a group for the slash behind a folder; one without, as that of `a/**`, is
    about what is inside of the folder alone.
    """
    return (match.end() == len(name)) == (match.re.groups > 0)


class PatternError(Exception):
    """What is no pattern of gitignore."""


class Excluded:
    """What is left out below the current folder; raises PatternError."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._asked = [Rules(Path.cwd(), _spec(patterns))] if patterns else []
        self._read: dict[Path, list[Rules]] = {}

    def named(self, path: Path) -> bool:
        """Whether --exclude leaves out a path that the command line names."""
        return _verdict(self._asked, _absolute(path), folder=os.path.isdir(path))  # noqa: PTH112 - takes any name

    def below(self, path: Path, inside: Path, *, folder: bool) -> bool:
        """Whether to leave out what was found in a folder that the command line names."""
        path = _absolute(path)
        return _verdict(
            [*self._of(path.parent, _absolute(inside)), *self._asked], path, folder=folder
        )

    def _of(self, folder: Path, named: Path) -> list[Rules]:
        """The rules of every .gitignore from the repository's root to a folder, in this order."""
        if folder not in self._read:
            around = _around(named) if folder == named else self._of(folder.parent, named)
            self._read[folder] = [*around, *_gitignore(folder)]
        return self._read[folder]


def _verdict(rules: Sequence[Rules], path: Path, *, folder: bool) -> bool:
    said = (one.says(path, folder=folder) for one in reversed(rules))
    return next((verdict for verdict in said if verdict is not None), False)


def _around(named: Path) -> list[Rules]:
    """The rules of the folders around one in a git repository; none where they leave it out."""
    repository = next((one for one in (named, *named.parents) if (one / ".git").exists()), named)
    folders = [one for one in (named, *named.parents) if one.is_relative_to(repository)][::-1]
    rules: list[Rules] = []
    for folder in folders:
        if folder != repository and _verdict(rules, folder, folder=True):
            return []
        if folder != named:
            rules += _gitignore(folder)
    return rules


def _gitignore(folder: Path) -> list[Rules]:
    """The rules of one folder; lines that are no pattern say nothing, as for git."""
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        lines = read_bytes(path).decode("utf-8", "replace").splitlines()
    except DocumentError:
        return []
    return [Rules(folder, _spec(line for line in lines if _is_pattern(line)))]


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
    return GitIgnoreSpecPattern(re.compile(bounded(pattern.regex.pattern)), pattern.include)


def _absolute(path: Path) -> Path:
    """The path from the root, without following what is a link."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps ..
