"""Which files of the named paths are read, and which charts and kustomizations are rendered."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from webhook.offline import charts, kustomizations
from webhook.offline.ignoring import TOOLS, Excluded
from webhook.offline.input import STDIN, Asked, Fault, Passed, Reason
from webhook.offline.kustomizations import Kustomization

SUFFIXES = (".yaml", ".yml", ".json")


class How(Enum):
    """How an item becomes text."""

    READ = "read"
    HELM = "helm"
    KUSTOMIZE = "kustomize"


class Item(NamedTuple):
    """A file, or the folder of what is rendered; `named` is true where it was asked for itself."""

    path: str
    how: How = How.READ
    named: bool = False


@dataclass
class Found:
    """What there is to read, what is passed over, and what cannot be looked at."""

    items: list[Item] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def look(paths: Iterable[str], asked: Asked) -> Found:
    """Everything in the files and folders, in order; raises PatternError."""
    found, excluded = Found(), Excluded(asked.exclude)
    for path in paths:
        if path != STDIN and excluded.named(Path(path)):
            found.passed.append(Passed(path, Reason.IGNORED, named=True))
        # Unlike Path.is_dir, this does not raise for a name that is too long for the system.
        elif path == STDIN or not os.path.isdir(path):  # noqa: PTH112
            one = _of_file(path, asked)
            if isinstance(one, Passed):
                found.passed.append(one)
            elif one.how is How.READ or one not in found.items:
                found.items.append(one)
        else:
            _Folder(path, asked, excluded).look(found)
    return found


def _of_file(path: str, asked: Asked) -> Item | Passed:
    """A file that is named itself; with --render, what it is a part of where it is no manifest."""
    file = Path(path)
    chart = charts.chart_of(file.absolute()) if asked.render else None
    if chart is not None:
        return Item(os.path.relpath(chart), How.HELM)
    if asked.render and file.name == charts.CHART:
        return _chart(file.parent)
    if asked.render and file.name in kustomizations.NAMES:
        return _kustomization(Kustomization(file))
    return Item(path, named=True)


def _chart(folder: Path) -> Item | Passed:
    """What --render makes of a chart."""
    if charts.is_library(folder):
        return Passed(str(folder), Reason.LIBRARY)
    return Item(str(folder), How.HELM)


def _kustomization(one: Kustomization) -> Item | Passed:
    """What --render makes of a kustomization."""
    if one.is_component:
        return Passed(str(one.file), Reason.COMPONENT)
    return Item(str(one.folder), How.KUSTOMIZE)


class _Folder:
    """One folder of the command line and everything below it."""

    def __init__(self, path: str, asked: Asked, excluded: Excluded) -> None:
        self._root = path
        self._asked = asked
        self._excluded = excluded
        self._files: list[Path] = []
        self._charts: list[Path] = []
        self._kustomizations: list[Kustomization] = []
        self._passed: list[Passed] = []

    def look(self, found: Found) -> None:
        unreadable: list[OSError] = []
        for folder, folders, files in os.walk(self._root, onerror=unreadable.append):
            self._enter(Path(folder), folders, files)
        for error in unreadable:
            sentence = f"cannot be read ({error.strerror}): name another folder"
            found.faults.append(Fault(str(error.filename), None, sentence))
        items = sorted(self._items(), key=lambda item: (item.path, item.how.value))
        if not (items or self._passed or unreadable):
            sentence = f"no file in this folder ends with {', '.join(SUFFIXES)}"
            found.faults.append(Fault(self._root, None, sentence))
        found.items += items
        found.passed += self._passed

    def _enter(self, folder: Path, folders: list[str], files: list[str]) -> None:
        """Take what is in a folder, and leave those of its folders that are to be entered."""
        files = [name for name in files if not _never_ends(folder / name)]
        if charts.CHART in files:
            self._charts.append(folder)
            if self._asked.render:
                folders[:] = [name for name in folders if name not in charts.RENDERED]
        kustomization = kustomizations.kustomization_in(folder, files)
        if kustomization:
            self._kustomizations.append(kustomization)
            if not (self._asked.render or kustomization.file.suffix in SUFFIXES):
                self._passed.append(Passed(str(kustomization.file), Reason.KUSTOMIZATION))
        folders[:] = sorted(name for name in folders if self._enters(folder / name))
        self._files += [
            folder / name
            for name in files
            if name.endswith(SUFFIXES) and not self._left_out(folder / name, folder=False)
        ]

    def _enters(self, folder: Path) -> bool:
        if folder.name in TOOLS or (folder / "pyvenv.cfg").exists():
            self._passed.append(Passed(str(folder), Reason.TOOL))
            return False
        return not self._left_out(folder, folder=True)

    def _left_out(self, path: Path, *, folder: bool) -> bool:
        left_out = self._excluded.below(path, Path(self._root), folder=folder)
        if left_out:
            self._passed.append(Passed(str(path), Reason.IGNORED))
        return left_out

    def _items(self) -> Iterator[Item]:
        """What is read or rendered; a part of what is rendered is not read by itself, too."""
        if self._asked.render:
            yield from self._rendered()
        parts = self._parts()
        for file in self._files:
            if not (parts and file.resolve() in parts):
                yield Item(str(file))
            elif not self._asked.render:
                self._passed.append(Passed(str(file), Reason.PATCH))

    def _rendered(self) -> Iterator[Item]:
        tops = kustomizations.roots(self._kustomizations)
        for one in (*map(_chart, self._charts), *map(_kustomization, tops)):
            if isinstance(one, Item):
                yield one
            else:
                self._passed.append(one)

    def _parts(self) -> frozenset[Path]:
        """The files that are no manifests by themselves; --strict takes them for some."""
        found = self._kustomizations
        if self._asked.render:
            return frozenset().union(*({one.file.resolve(), *one.uses} for one in found))
        if self._asked.strict:
            return frozenset()
        return frozenset().union(*(one.patches for one in found))


def _never_ends(path: Path) -> bool:
    """Whether it is a pipe or a device, or a link to one, which is read for ever."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
