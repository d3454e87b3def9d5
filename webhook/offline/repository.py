"""Finds the files to read, and the charts and kustomizations to render, in the named paths."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from webhook.offline import renderable
from webhook.offline.ignoring import TOOLS, Exclusions
from webhook.offline.passed_over import STDIN, InputFault, PassedOver, Reason
from webhook.offline.renderable import Kustomization

SUFFIXES = (".yaml", ".yml", ".json")


class ReadOptions(NamedTuple):
    """What to leave out, whether to refuse files without a manifest, whether to render."""

    exclude: tuple[str, ...] = ()
    strict: bool = False
    render: bool = False
    namespace: str = "default"


class ReadMode(Enum):
    """How a source becomes text."""

    READ = "read"
    HELM = "helm"
    KUSTOMIZE = "kustomize"


class InputSource(NamedTuple):
    """A file, or a folder to render; `named` is true if the command line names it."""

    path: str
    how: ReadMode = ReadMode.READ
    named: bool = False


@dataclass
class FoundSources:
    """What there is to read, what is passed over, and what cannot be read."""

    items: list[InputSource] = field(default_factory=list)
    passed: list[PassedOver] = field(default_factory=list)
    faults: list[InputFault] = field(default_factory=list)


def find_sources(paths: Iterable[str], options: ReadOptions) -> FoundSources:
    """Everything in the files and folders, in order; raises PatternError."""
    found, excluded = FoundSources(), Exclusions(options.exclude)
    for path in paths:
        if path != STDIN and excluded.named(Path(path)):
            found.passed.append(PassedOver(path, Reason.IGNORED, named=True))
        # Unlike Path.is_dir, this does not raise for a name that is too long for the system.
        elif path == STDIN or not os.path.isdir(path):  # noqa: PTH112
            one = _of_file(path, options)
            if isinstance(one, PassedOver):
                found.passed.append(one)
            elif one.how is ReadMode.READ or one not in found.items:
                found.items.append(one)
        else:
            _Folder(path, options, excluded).look(found)
    return found


def _of_file(path: str, options: ReadOptions) -> InputSource | PassedOver:
    """A file that the command line names; with --render, the chart or kustomization around it."""
    file = Path(path)
    chart = renderable.chart_of(file.absolute()) if options.render else None
    if chart is not None:
        return InputSource(os.path.relpath(chart), ReadMode.HELM)
    if options.render and file.name == renderable.CHART_FILE:
        return _chart(file.parent)
    if options.render and file.name in renderable.KUSTOMIZATION_FILES:
        return _kustomization(Kustomization(file))
    return InputSource(path, named=True)


def _chart(folder: Path) -> InputSource | PassedOver:
    """What --render makes of a chart."""
    if renderable.is_library_chart(folder):
        return PassedOver(str(folder), Reason.LIBRARY)
    return InputSource(str(folder), ReadMode.HELM)


def _kustomization(one: Kustomization) -> InputSource | PassedOver:
    """What --render makes of a kustomization."""
    if one.is_component:
        return PassedOver(str(one.file), Reason.COMPONENT)
    return InputSource(str(one.folder), ReadMode.KUSTOMIZE)


class _Folder:
    """One folder of the command line and everything below it."""

    def __init__(self, path: str, options: ReadOptions, excluded: Exclusions) -> None:
        self._root = path
        self._options = options
        self._excluded = excluded
        self._files: list[Path] = []
        self._charts: list[Path] = []
        self._kustomizations: list[Kustomization] = []
        self._passed: list[PassedOver] = []

    def look(self, found: FoundSources) -> None:
        unreadable: list[OSError] = []
        for folder, folders, files in os.walk(self._root, onerror=unreadable.append):
            self._enter(Path(folder), folders, files)
        for error in unreadable:
            sentence = f"cannot be read ({error.strerror}): name another folder"
            found.faults.append(InputFault(str(error.filename), None, sentence))
        items = sorted(self._items(), key=lambda item: (item.path, item.how.value))
        if not (items or self._passed or unreadable):
            sentence = f"no file in this folder ends with {', '.join(SUFFIXES)}"
            found.faults.append(InputFault(self._root, None, sentence))
        found.items += items
        found.passed += self._passed

    def _enter(self, folder: Path, folders: list[str], files: list[str]) -> None:
        """Take the files of a folder, and keep only those of its folders that are to be entered."""
        files = [name for name in files if not _never_ends(folder / name)]
        if renderable.CHART_FILE in files:
            self._charts.append(folder)
            if self._options.render:
                folders[:] = [name for name in folders if name not in renderable.RENDERED_FOLDERS]
        kustomization = renderable.kustomization_in(folder, files)
        if kustomization:
            self._kustomizations.append(kustomization)
            if not (self._options.render or kustomization.file.suffix in SUFFIXES):
                self._passed.append(PassedOver(str(kustomization.file), Reason.KUSTOMIZATION))
        folders[:] = sorted(name for name in folders if self._enters(folder / name))
        self._files += [
            folder / name
            for name in files
            if name.endswith(SUFFIXES) and not self._left_out(folder / name, folder=False)
        ]

    def _enters(self, folder: Path) -> bool:
        if folder.name in TOOLS or (folder / "pyvenv.cfg").exists():
            self._passed.append(PassedOver(str(folder), Reason.TOOL))
            return False
        return not self._left_out(folder, folder=True)

    def _left_out(self, path: Path, *, folder: bool) -> bool:
        left_out = self._excluded.below(path, Path(self._root), folder=folder)
        if left_out:
            self._passed.append(PassedOver(str(path), Reason.IGNORED))
        return left_out

    def _items(self) -> Iterator[InputSource]:
        """What is read or rendered; parts of what is rendered are not read by themselves."""
        if self._options.render:
            yield from self._rendered()
        parts = self._parts()
        for file in self._files:
            if not (parts and file.resolve() in parts):
                yield InputSource(str(file))
            elif not self._options.render:
                self._passed.append(PassedOver(str(file), Reason.PATCH))

    def _rendered(self) -> Iterator[InputSource]:
        tops = renderable.root_kustomizations(self._kustomizations)
        for one in (*map(_chart, self._charts), *map(_kustomization, tops)):
            if isinstance(one, InputSource):
                yield one
            else:
                self._passed.append(one)

    def _parts(self) -> frozenset[Path]:
        """The files that are parts of others; with --strict, they count as manifests."""
        found = self._kustomizations
        if self._options.render:
            return frozenset().union(*({one.file.resolve(), *one.uses} for one in found))
        if self._options.strict:
            return frozenset()
        return frozenset().union(*(one.patches for one in found))


def _never_ends(path: Path) -> bool:
    """Whether it is a pipe or a device, or a link to one: reading it may never end."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
