"""Folders that a tool renders: Helm charts and kustomizations, and which files are part of them.

Only Chart.yaml and the kustomization's own file are read here. Helm and kustomize do the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from webhook.documents.reader import DocumentError, read_file

CHART_FILE = "Chart.yaml"
TEMPLATES = "templates"
# Other files of a chart's folder are looked at like those of any folder.
RENDERED_FOLDERS = (TEMPLATES, "crds", "charts")
KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
_LOADED = ("resources", "bases", "components", "crds")
_PARTS = (
    *_LOADED, *_PATCHES, "configMapGenerator", "configurations", "generators", "openapi",
    "replacements", "secretGenerator", "transformers", "validators",
)  # fmt: skip
_LONGEST_PATH = 1024


def chart_of(path: Path) -> Path | None:
    """The chart that renders a file: one of its templates, or of those of its subcharts."""
    found = None
    for folder in path.parents:
        if folder.name in RENDERED_FOLDERS and (folder.parent / CHART_FILE).is_file():
            found = folder.parent if found or folder.name == TEMPLATES else None
    return found


def is_library_chart(chart: Path) -> bool:
    """Whether a chart has only helpers for other charts."""
    try:
        about = read_file(chart / CHART_FILE)[0].value
    except DocumentError:
        return False
    return isinstance(about, dict) and about.get("type") == "library"


@dataclass(frozen=True)
class Kustomization:
    """One kustomization, by its own file."""

    file: Path

    @property
    def folder(self) -> Path:
        """The folder that kustomize is given."""
        return self.file.parent

    @property
    def is_component(self) -> bool:
        """Whether it is a part of others, which cannot be built alone."""
        return self._document.get("kind") == "Component"

    @cached_property
    def uses(self) -> frozenset[Path]:
        """The files and folders that it is made of: resources, patches, files of generators."""
        return frozenset(self._named([self._document.get(key) for key in _PARTS]))

    @cached_property
    def patches(self) -> frozenset[Path]:
        """The files that are parts of objects, not manifests."""
        return frozenset(self._named([self._document.get(key) for key in _PATCHES]))

    @cached_property
    def remote(self) -> list[str]:
        """What it names that is not a path of this machine, and would be downloaded."""
        named = [self._document.get(key) for key in _LOADED]
        return [text for text in _texts(named) if not self._found(text)]

    @cached_property
    def _document(self) -> dict[str, Any]:
        return _document(self.file)

    def _named(self, value: Any) -> Iterator[Path]:
        for text in _texts(value):
            for name in (text, text.rpartition("=")[2]):
                path = self._found(name)
                if path:
                    yield path

    def _found(self, name: str) -> Path | None:
        if not name or len(name) > _LONGEST_PATH or not name.isprintable():
            return None
        path = (self.folder / name).resolve()
        return path if path.exists() else None


def kustomization_in(folder: Path, files: Sequence[str]) -> Kustomization | None:
    """The kustomization of a folder that has these files."""
    found = next((name for name in KUSTOMIZATION_FILES if name in files), None)
    return None if found is None else Kustomization(folder / found)


def root_kustomizations(found: Sequence[Kustomization]) -> list[Kustomization]:
    """Those that no other one uses; the others are part of what these become.

    All of a circle are roots: kustomize reports what is wrong.
    """
    used = frozenset[Path]().union(*(one.uses for one in found))
    inside = {one.folder.resolve(): one.uses for one in found}
    tops = inside.keys() - used
    reached, pending = set[Path](), list(tops)
    while pending:
        folder = pending.pop()
        if folder not in reached:
            reached.add(folder)
            pending += inside.get(folder, ())
    apart = tops | (inside.keys() - reached)
    return [one for one in found if one.folder.resolve() in apart]


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, keys aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _document(file: Path) -> dict[str, Any]:
    """The mapping in a file; empty if there is none, which is reported elsewhere."""
    try:
        value = read_file(file)[0].value
    except DocumentError:
        return {}
    return value if isinstance(value, dict) else {}
