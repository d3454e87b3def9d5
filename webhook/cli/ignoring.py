"""Which paths `--exclude` and the .gitignore files of a repository leave out.

The deepest .gitignore that has an opinion wins, and `--exclude` wins over all. Its patterns are
relative to the current folder, as on the command lines of other tools.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from webhook.settings.documents import DocumentError, read_bytes

FILE = ".gitignore"
# Folders that hold copies of what stands elsewhere, or nothing that anybody applies.
TOOLS = frozenset(
    {
        ".cache", ".direnv", ".eggs", ".git", ".gradle", ".hg", ".idea", ".mypy_cache", ".nox",
        ".pytest_cache", ".ruff_cache", ".svn", ".terraform", ".tox", ".venv", "__pycache__",
        "node_modules",
    }
)  # fmt: skip


class Rules(NamedTuple):
    """The patterns of one file, and the folder to which they are relative."""

    folder: Path
    patterns: GitIgnoreSpec

    def says(self, path: Path, *, folder: bool) -> bool | None:
        """Whether to leave the path out; None where no pattern speaks about it."""
        try:
            inside = path.relative_to(self.folder).as_posix()
        except ValueError:
            return None
        if inside == ".":
            return None
        return self.patterns.check_file(f"{inside}/" if folder else inside).include


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
            if folder == named:
                above = list(_above(named))
                left_out = _verdict(above, named, folder=True)
                around = [] if left_out else above
            else:
                around = self._of(folder.parent, named)
            self._read[folder] = [*around, *_gitignore(folder)]
        return self._read[folder]


def _verdict(rules: Sequence[Rules], path: Path, *, folder: bool) -> bool:
    said = (one.says(path, folder=folder) for one in reversed(rules))
    return next((verdict for verdict in said if verdict is not None), False)


def _above(folder: Path) -> Iterator[Rules]:
    """The rules of the folders around one, if it lies in a git repository."""
    around: list[Path] = []
    if (folder / ".git").exists():
        return
    for parent in folder.parents:
        around.append(parent)
        if (parent / ".git").exists():
            for each in reversed(around):
                yield from _gitignore(each)
            return


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


def _spec(patterns: Iterable[str]) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(patterns)
    except (ValueError, re.error) as error:
        raise PatternError(str(error)) from None


def _absolute(path: Path) -> Path:
    """The path from the root, without following what is a link."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps ..
