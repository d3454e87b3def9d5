"""Reads objects from files, folders, standard input, documents and Lists.

Everything is read before anything is reviewed, so that a report never stops in the middle. Input
that cannot be read is reported, and hides nothing else.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from webhook.documents import reader
from webhook.documents.reader import Document, DocumentError
from webhook.offline import passed_over, renderable, rendering, repository
from webhook.offline.passed_over import STDIN, InputFault, PassedOver, Reason
from webhook.offline.repository import InputSource, ReadMode, ReadOptions
from webhook.offline.templates import HelmSources, Template
from webhook.settings.values import nearest

_WRITE = "write one, such as apiVersion: v1 and kind: Pod"
_NO_ITEMS = "a List has its objects in items, as a list: write items: [] where there are none"
_NOTHING = "there is no document here: write at least one object"
_ALIKE, _FIRST = 0.85, 20
_DEFAULTS = ReadOptions()
_ACTION = re.compile(r"[^#'\"]*\{\{")
_TEMPLATE = (
    "this is a Helm template that is not rendered: review what it becomes, with "
    "helm template CHART | mcp-admission review -"
)


@dataclass(frozen=True)
class Manifest:
    """One object: a document, or an item of a List, to which `pointer` leads.

    `template` is the file that Helm made it from, where the stream names it.
    """

    document: Document
    value: dict[str, Any]
    api_version: str
    kind: str
    pointer: str = ""
    template: Template | None = None

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


class ReadManifests(NamedTuple):
    """Every object that could be read, in order; faults; and what was passed over."""

    manifests: list[Manifest]
    faults: list[InputFault]
    passed: list[PassedOver]


def read_manifests(paths: Iterable[str], options: ReadOptions = _DEFAULTS) -> ReadManifests:
    """Every object in the files and folders; `-` is standard input.

    A document with a fault has no objects. The other documents of its file have theirs. Raises
    PatternError.
    """
    sources = repository.find_sources(paths, options)
    found = ReadManifests([], sources.faults, sources.passed)
    for item in sources.items:
        if item.how is ReadMode.READ:
            _read(item, found, options)
        else:
            _render(item, found, options)
    return found


def list_items(value: Any) -> list[Any] | None:
    """The items of a List of objects; None for every other object."""
    if not isinstance(value, dict) or not str(value.get("kind")).endswith("List"):
        return None
    items = value.get("items")
    return items if isinstance(items, list) else None


def _read(item: InputSource, found: ReadManifests, options: ReadOptions) -> None:
    """Read the objects of a file, or add why it has none."""
    try:
        text = _text(item.path)
    except DocumentError as error:
        found.faults.append(InputFault(item.path, error.line, error.sentence))
        return
    stream, errors = reader.read_stream(text, item.path)
    reason = None if options.strict else _reason(item.path, text, stream, errors)
    if reason:
        found.passed.append(PassedOver(item.path, reason, item.named))
        return
    if not (stream or errors):
        errors = [DocumentError(item.path, 1, _NOTHING)]
    lines = text.decode(errors="replace").split("\n") if errors else []
    faults = [_unrendered(lines, error) or _input_fault(error) for error in errors]
    found.faults.extend(dict.fromkeys(faults))
    sources = HelmSources(text) if item.path == STDIN else None
    for document in stream:
        _add(document, found, sources.template(document.line("")) if sources else None)


def _render(item: InputSource, found: ReadManifests, options: ReadOptions) -> None:
    """Render a chart or kustomization, and read its objects with their places in its files."""
    try:
        output = rendering.render_source(item, options.namespace)
    except rendering.RenderError as error:
        # That a tool is missing is reported once, not for every chart.
        once = isinstance(error, rendering.MissingToolError)
        if not (once and any(fault.sentence == str(error) for fault in found.faults)):
            found.faults.append(InputFault(item.path, None, str(error)))
        return
    stream, errors = reader.read_stream(output.text, item.path)
    found.faults.extend(InputFault(item.path, None, output.about(error)) for error in errors)
    for document in stream:
        _add(output.at_home(document), found)


def _add(document: Document, found: ReadManifests, template: Template | None = None) -> None:
    try:
        found.manifests.extend(
            [replace(manifest, template=template) for manifest in _objects(document)]
        )
    except DocumentError as error:
        found.faults.append(_input_fault(error))


def _text(path: str) -> bytes:
    if path == STDIN:
        return sys.stdin.buffer.read(reader.MAX_BYTES + 1)
    return reader.read_bytes(Path(path))


def _reason(
    path: str, text: bytes, stream: list[Document], errors: list[DocumentError]
) -> Reason | None:
    """Why to pass over a file, or None; input that cannot be read counts only inside a chart."""
    if b"{{" in text and renderable.chart_of(Path(path).absolute()):
        return Reason.TEMPLATE
    if errors:
        foreign = path != STDIN and passed_over.is_foreign(path, text)
        return Reason.NO_MANIFEST if foreign else None
    return passed_over.reason_to_pass_over(stream, path) if stream else Reason.EMPTY


def _input_fault(error: DocumentError) -> InputFault:
    return InputFault(error.source, error.line, error.sentence)


def _unrendered(lines: list[str], error: DocumentError) -> InputFault | None:
    """The fault of a template that is not YAML until Helm has rendered it, if it is one."""
    if error.line is None:
        return None
    for number in range(error.start, min(error.line + 1, len(lines)) + 1):
        if _ACTION.match(lines[number - 1]):
            return InputFault(error.source, number, _TEMPLATE)
    return None


def _objects(document: Document) -> Iterator[Manifest]:
    yield from _inside(document, document.value, "", ("", ""))


def _inside(
    document: Document, value: Any, pointer: str, assumed: tuple[str, str]
) -> Iterator[Manifest]:
    """The object, or the objects of a List; items of a PodList may leave out their kind."""
    api_version, kind = _type(document, value, pointer, assumed)
    items = list_items(value)
    if items is None and _hides_items(api_version, kind, value):
        raise DocumentError(document.source, document.line(f"{pointer}/items"), _NO_ITEMS)
    if not items:
        yield Manifest(document, value, api_version, kind, pointer)
        return
    of_items = (api_version, kind.removesuffix("List"))
    for at, item in enumerate(items):
        yield from _inside(document, item, f"{pointer}/items/{at}", of_items)


def _hides_items(api_version: str, kind: str, value: dict[str, Any]) -> bool:
    """Whether a List without a list of items may have its objects under another key."""
    if (api_version, kind) != ("v1", "List"):
        return False
    if "items" in value:
        return value["items"] is not None
    return nearest("items", list(value)[:_FIRST], _ALIKE) is not None


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
            near = None if key in value else nearest(key, list(value)[:_FIRST], _ALIKE)
            line = document.line(f"{pointer}/{near or key}")
            way_out = f"did you mean {key} where {near} stands?" if near else _WRITE
            sentence = f"this is no Kubernetes object, it has no {key}: {way_out}"
            raise DocumentError(document.source, line, sentence)
        found.append(text)
    return found[0], found[1]
