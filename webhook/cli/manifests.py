"""What people keep their objects in: files, folders, standard input, documents and Lists.

Everything is read before anything is reviewed, so that a report never stops in the middle. What
cannot be read is told, and hides nothing else.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from webhook.settings import documents
from webhook.settings.documents import Document, DocumentError

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")
_WRITE = "write one, such as apiVersion: v1 and kind: Pod"
_NOTHING = "there is no document here: write at least one object"
_ACTION = re.compile(r"[^#'\"]*\{\{")
_TEMPLATE = (
    "this is a Helm template that is not rendered: review what it becomes, with "
    "helm template CHART | mcp-admission review -"
)


class Fault(NamedTuple):
    """Input that cannot be reviewed: where, in one sentence why, and how to mend it."""

    source: str
    line: int | None
    sentence: str

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.sentence}"


@dataclass(frozen=True)
class Manifest:
    """One object: a document, or an item of a List, to which `pointer` leads."""

    document: Document
    value: dict[str, Any]
    api_version: str
    kind: str
    pointer: str = ""

    @property
    def source(self) -> str:
        """The file and the number of the document in it: `deploy.yaml#1`."""
        return f"{self.document.source}#{self.document.index}"

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def namespace(self) -> str:
        """The namespace that the object itself names, or nothing."""
        return self._named("namespace")

    @property
    def name(self) -> str:
        """The name, or the prefix of the generated one, or nothing."""
        return self._named("name") or self._named("generateName")

    def _named(self, key: str) -> str:
        metadata = self.value.get("metadata")
        name = metadata.get(key) if isinstance(metadata, dict) else None
        return name if isinstance(name, str) else ""


class Input(NamedTuple):
    """Every object that could be read, in order, and what could not."""

    manifests: list[Manifest]
    faults: list[Fault]


def read(paths: Iterable[str]) -> Input:
    """Every object in the files and folders; `-` is standard input.

    A document with a fault has no objects; the others of its file do.
    """
    found = Input([], [])
    for path in paths:
        for file in _files(path, found.faults):
            for document in _documents(file, found.faults):
                try:
                    found.manifests.extend(list(_objects(document)))
                except DocumentError as error:
                    found.faults.append(_fault(error))
    return found


def items_of(value: Any) -> list[Any] | None:
    """The items of a List of objects; None for every other object."""
    if not isinstance(value, dict) or not str(value.get("kind")).endswith("List"):
        return None
    items = value.get("items")
    return items if isinstance(items, list) else None


def _files(path: str, faults: list[Fault]) -> list[str]:
    # Unlike Path.is_dir, this does not raise for a name that is too long for the system.
    if path == STDIN or not os.path.isdir(path):  # noqa: PTH112
        return [path]
    found: list[Path] = []
    unreadable: list[OSError] = []
    for folder, folders, files in os.walk(path, onerror=unreadable.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in files if name.endswith(SUFFIXES)]
    for error in unreadable:
        sentence = f"cannot be read ({error.strerror}): name another folder"
        faults.append(Fault(str(error.filename), None, sentence))
    if not (found or unreadable):
        faults.append(Fault(path, None, f"no file in this folder ends with {', '.join(SUFFIXES)}"))
    return [str(file) for file in sorted(found)]


def _documents(path: str, faults: list[Fault]) -> list[Document]:
    """The documents of one file that can be read; the others are faults."""
    try:
        if path == STDIN:
            text = sys.stdin.buffer.read(documents.MAX_BYTES + 1)
        else:
            text = documents.read_bytes(Path(path))
    except DocumentError as error:
        faults.append(Fault(path, None, error.sentence))
        return []
    found = documents.read_stream(text, path)
    if not (found.documents or found.errors):
        faults.append(Fault(path, 1, _NOTHING))
    if found.errors:
        lines = text.decode(errors="replace").split("\n")
        told = [_unrendered(lines, error) or _fault(error) for error in found.errors]
        faults.extend(dict.fromkeys(told))
    return found.documents


def _fault(error: DocumentError) -> Fault:
    return Fault(error.source, error.line, error.sentence)


def _unrendered(lines: list[str], error: DocumentError) -> Fault | None:
    """What to say about a template that is no YAML until Helm has rendered it."""
    if error.line is None:
        return None
    for number in range(error.start, min(error.line + 1, len(lines)) + 1):
        if _ACTION.match(lines[number - 1]):
            return Fault(error.source, number, _TEMPLATE)
    return None


def _objects(document: Document) -> Iterator[Manifest]:
    yield from _inside(document, document.value, "", ("", ""))


def _inside(
    document: Document, value: Any, pointer: str, assumed: tuple[str, str]
) -> Iterator[Manifest]:
    """The object, or what a List holds; items of a PodList may leave their kind to the list."""
    api_version, kind = _type(document, value, pointer, assumed)
    items = items_of(value)
    if not items:
        yield Manifest(document, value, api_version, kind, pointer)
        return
    of_items = (api_version, kind.removesuffix("List"))
    for at, item in enumerate(items):
        yield from _inside(document, item, f"{pointer}/items/{at}", of_items)


def _type(
    document: Document, value: Any, pointer: str, assumed: tuple[str, str]
) -> tuple[str, str]:
    if not isinstance(value, dict):
        raise DocumentError(
            document.source, document.line(pointer), f"a manifest is a mapping: {_WRITE}"
        )
    found = []
    for key, given in zip(("apiVersion", "kind"), assumed, strict=True):
        text = value.get(key, given)
        if not isinstance(text, str) or not text:
            line = document.line(f"{pointer}/{key}")
            raise DocumentError(
                document.source, line, f"this is no Kubernetes object, it has no {key}: {_WRITE}"
            )
        found.append(text)
    return found[0], found[1]
