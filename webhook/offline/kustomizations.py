"""What makes a folder a kustomization, and which files are a part of it.

Only its own file is read here; what it becomes is for kustomize to say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from webhook.documents.reader import DocumentError, read_file

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
_LOADED = ("resources", "bases", "components", "crds")
_PARTS = (
    *_LOADED, *_PATCHES, "configMapGenerator", "configurations", "generators", "openapi",
    "replacements", "secretGenerator", "transformers", "validators",
)  # fmt: skip
_LONGEST_PATH = 1024


@dataclass(frozen=True)
class Kustomization:
    """One kustomization, as far as its own file tells."""

    file: Path

    @property
    def folder(self) -> Path:
        """What kustomize is given."""
        return self.file.parent

    @property
    def is_component(self) -> bool:
        """Whether it is a part of others, which cannot be built alone."""
        return self._document.get("kind") == "Component"

    @cached_property
    def uses(self) -> frozenset[Path]:
        """The files and folders that it is made of: resources, patches, what generators read."""
        return frozenset(self._named([self._document.get(key) for key in _PARTS]))

    @cached_property
    def patches(self) -> frozenset[Path]:
        """The files that are parts of objects, and no manifests."""
        return frozenset(self._named([self._document.get(key) for key in _PATCHES]))

    @cached_property
    def remote(self) -> list[str]:
        """What it names that is not a path of this machine, and would be fetched."""
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
    found = next((name for name in NAMES if name in files), None)
    return None if found is None else Kustomization(folder / found)


def roots(found: Sequence[Kustomization]) -> list[Kustomization]:
    """Those that no other one uses; the others are a part of what these become.

    Of some that use each other in a circle all are roots: kustomize says what is wrong.
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
    """The mapping in a file, which is empty where there is none: others tell what is wrong."""
    try:
        value = read_file(file)[0].value
    except DocumentError:
        return {}
    return value if isinstance(value, dict) else {}
