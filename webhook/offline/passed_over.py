"""Which input is not reviewed, and why: each file is a manifest, passed over, or a fault.

A manifest with a mistake is never taken for another program's file. A file is a manifest if it has
an apiVersion or a kind, or something like them with another spelling. Duplicate keys, tags and the
like are legal YAML elsewhere, so the decision needs the outer levels of the text alone.
"""

from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from webhook.documents.reader import MAX_BYTES, Document
from webhook.documents.yaml_text import LOADER
from webhook.offline import renderable

STDIN = "-"
_TYPE = ("apiVersion", "kind")
_SPELLINGS = frozenset({"apiversion", "apiversions", "api_version", "api-version", "kind", "kinds"})
_METADATA = frozenset({"name", "generateName", "namespace", "labels", "annotations"})
# JSON with comments, which may have a kind.
_COMMENTED = (
    ".eslintrc*", "devcontainer.json", "jsconfig*.json", "settings.json", "launch.json",
    "tasks.json", "tsconfig*.json",
)  # fmt: skip
_BODY = ("spec", "data", "stringData", "template")
_LEVELS = 4


class InputFault(NamedTuple):
    """Input that cannot be reviewed: its place, the reason, and how to correct it."""

    source: str
    line: int | None
    sentence: str

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.sentence}"


class Reason(Enum):
    """Why something is passed over, in words that follow its name."""

    NO_MANIFEST = "no Kubernetes manifest"
    EMPTY = "no document"
    TEMPLATE = "a Helm template that is not rendered"
    LIBRARY = "a library chart, which renders nothing"
    KUSTOMIZATION = "a kustomization that is not rendered"
    COMPONENT = "a part of kustomizations that none here uses"
    PATCH = "a patch of a kustomization that is not rendered"
    IGNORED = "left out by --exclude or .gitignore"
    TOOL = "the folder of a tool"

    @property
    def renders(self) -> bool:
        """Whether --render would review it."""
        return self in {Reason.TEMPLATE, Reason.KUSTOMIZATION, Reason.PATCH}


_COUNTED = {
    Reason.TEMPLATE: ("Helm template", "Helm templates"),
    Reason.KUSTOMIZATION: ("kustomization", "kustomizations"),
    Reason.PATCH: ("kustomize patch", "kustomize patches"),
    Reason.NO_MANIFEST: ("file without a manifest", "files without a manifest"),
    Reason.EMPTY: ("empty file", "empty files"),
    Reason.LIBRARY: ("library chart", "library charts"),
    Reason.COMPONENT: ("unused kustomize component", "unused kustomize components"),
    Reason.IGNORED: ("excluded path", "excluded paths"),
    Reason.TOOL: ("folder of a tool", "folders of tools"),
}


class PassedOver(NamedTuple):
    """Something that was not reviewed; `named` is true if the command line names it."""

    source: str
    reason: Reason
    named: bool = False

    def __str__(self) -> str:
        source = "stdin" if self.source == STDIN else self.source
        hint = ": --render reviews what it becomes" if self.reason.renders else ""
        return f"{source}: passed over: {self.reason.value}{hint}"


def count_passed_over(passed: Iterable[PassedOver]) -> str:
    """The count for each reason: `3 files without a manifest, 1 excluded path`."""
    found = [one.reason for one in passed]
    parts = [
        f"{count} {words[count != 1]}"
        for reason, words in _COUNTED.items()
        if (count := found.count(reason))
    ]
    rendered = sum(reason.renders for reason in set(found))
    if rendered:
        parts[rendered - 1] += " (--render reviews what they become)"
    return ", ".join(parts)


def reason_to_pass_over(stream: list[Document], path: str) -> Reason | None:
    """Why a file is not reviewed; None where it has a manifest, or should have one."""
    name = Path(path).name
    if name in renderable.KUSTOMIZATION_FILES:
        return Reason.KUSTOMIZATION
    if name == renderable.CHART_FILE or not any(_is_meant(document.value) for document in stream):
        return Reason.NO_MANIFEST
    return None


def _is_meant(value: Any) -> bool:
    """Whether this is a manifest, or one with a mistake."""
    if isinstance(value, list):
        return any(isinstance(item, dict) and _is_meant(item) for item in value)
    if not isinstance(value, dict):
        return isinstance(value, str) and all(word in value for word in _TYPE)
    if (value.get("apiVersion"), value.get("kind")) == ("v1", "Config"):
        return "clusters" not in value  # else it is a kubeconfig
    return _has_type(value) or _looks_alike(value)


def _has_type(value: dict[str, Any]) -> bool:
    """Whether it has a type; others number their formats, or have kinds in lower case."""
    api_version, kind = (value.get(key) for key in _TYPE)
    if "apiVersion" in value:
        return "kind" in value or not isinstance(api_version, int)
    return isinstance(kind, str) and kind[:1].isupper()


def _looks_alike(value: dict[str, Any]) -> bool:
    """Whether it has two parts of a manifest; the type may have any spelling."""
    parts = (
        any(key.lower() in _SPELLINGS for key in value),
        _is_metadata(value.get("metadata")),
        any(isinstance(value.get(key), dict) for key in _BODY),
    )
    return sum(parts) >= 2


def _is_metadata(value: Any) -> bool:
    return isinstance(value, dict) and not _METADATA.isdisjoint(value)


def is_foreign(path: str, text: bytes) -> bool:
    """Whether a file that cannot be read as a whole belongs to another program.

    YAML does if nothing at its top makes a manifest. Other text does if it has no word of a
    manifest and is binary, Jinja or JSON. Else it is a manifest with a mistake.
    """
    found = _outline(text) if len(text) <= MAX_BYTES else None
    if found:
        return not any(map(_is_meant, found))
    words = text.lower()
    name = Path(path).name
    if b"apiversion" in words:
        return False
    if any(Path(name).match(pattern) for pattern in _COMMENTED):
        return True
    other = b"\0" in text or b"{%" in text or name.endswith(".json")
    return other and b"kind" not in words


def _outline(text: bytes) -> list[Any] | None:
    """Every document of a text, a few levels deep; None if it is not YAML.

    Values further inside are left out, and aliases are not followed.
    """
    found: list[Any] = []
    around = [found]
    try:
        event: Any
        for event in yaml.parse(text, Loader=LOADER):
            match event:
                case yaml.CollectionStartEvent():
                    around.append([])
                    continue
                case yaml.SequenceEndEvent():
                    value: Any = around.pop()
                case yaml.MappingEndEvent():
                    value = _mapping(around.pop())
                case yaml.ScalarEvent():
                    value = _scalar(event)
                case yaml.AliasEvent():
                    value = None
                case _:
                    continue
            if len(around) <= _LEVELS:
                around[-1].append(value)
    except (yaml.YAMLError, ValueError):
        return None
    return found


def _mapping(flat: list[Any]) -> dict[str, Any]:
    """The mapping of alternating keys and values, without keys that JSON cannot have."""
    pairs = zip(flat[::2], flat[1::2], strict=False)
    return {key: value for key, value in pairs if isinstance(key, str)}


def _scalar(event: Any) -> Any:
    """A whole number as a number, because others number their formats; all else as text."""
    return int(event.value) if event.value.isdecimal() and event.implicit[0] else event.value
