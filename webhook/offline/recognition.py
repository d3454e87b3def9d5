"""Which files of a repository hold manifests, or were meant to: the others are passed over.

A manifest with a fault must never be taken for something else. Whatever has an apiVersion or a
kind is one, and so is what looks like one but for their spelling.
"""

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from webhook.documents import reader
from webhook.documents.reader import Document
from webhook.offline import charts, kustomizations
from webhook.offline.input import Reason
from webhook.offline.outlines import outline

_TYPE = ("apiVersion", "kind")
_SPELLINGS = frozenset({"apiversion", "apiversions", "api_version", "api-version", "kind", "kinds"})
_METADATA = frozenset({"name", "generateName", "namespace", "labels", "annotations"})
# JSON with comments, which may have a kind.
_COMMENTED = (
    ".eslintrc*", "devcontainer.json", "jsconfig*.json", "settings.json", "launch.json",
    "tasks.json", "tsconfig*.json",
)  # fmt: skip
_BODY = ("spec", "data", "stringData", "template")


def passed_over(stream: Sequence[Document], path: str) -> Reason | None:
    """Why a file is no business of a review; None where it holds a manifest, or should."""
    name = Path(path).name
    if name in kustomizations.NAMES:
        return Reason.KUSTOMIZATION
    if name == charts.CHART or not any(_is_meant(document.value) for document in stream):
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
    """Whether it says what it is; others number their formats, or have kinds in lower case."""
    api_version, kind = (value.get(key) for key in _TYPE)
    if "apiVersion" in value:
        return "kind" in value or not isinstance(api_version, int)
    return isinstance(kind, str) and kind[:1].isupper()


def _looks_alike(value: dict[str, Any]) -> bool:
    """Whether it has two parts of a manifest, the type with any spelling."""
    parts = (
        any(key.lower() in _SPELLINGS for key in value),
        _is_metadata(value.get("metadata")),
        any(isinstance(value.get(key), dict) for key in _BODY),
    )
    return sum(parts) >= 2


def _is_metadata(value: Any) -> bool:
    return isinstance(value, dict) and not _METADATA.isdisjoint(value)


def is_foreign(path: str, text: bytes) -> bool:
    """Whether a file that cannot be read, or not all of it, is made for another program.

    YAML is where nothing at its top makes a manifest. What is not YAML is where it has no word of
    one and is binary, of Jinja or meant as JSON; else it is a manifest with a mistake.
    """
    found = outline(text) if len(text) <= reader.MAX_BYTES else None
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
