"""Recognizes which files of a repository are manifests, or were meant to be.

A manifest with a mistake is never taken for another program's file. A file is a manifest if it has
an apiVersion or a kind, or something like them with another spelling. Duplicate keys, tags and the
like are legal YAML elsewhere, so the decision needs the outer levels of the text alone.
"""

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from webhook.documents import reader
from webhook.documents.reader import Document
from webhook.documents.yaml_text import LOADER
from webhook.offline import renderable
from webhook.offline.input import Reason

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


def reason_to_pass_over(stream: Sequence[Document], path: str) -> Reason | None:
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
    found = _outline(text) if len(text) <= reader.MAX_BYTES else None
    if found:
        return not any(map(_is_meant, found))
    words = text.lower()
    name = Path(path).name
    if b"apiversion" in words:
        return False
    if any(fnmatch(name, pattern) for pattern in _COMMENTED):
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
