"""`MCPServerSettings`, the settings as a resource: one for the cluster, named `default`.

It is read as the cluster has it: the resource, or the list in which kubectl prints it. What the
API server writes (status, managed fields) says nothing about settings.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from webhook.settings.faults import KeyFault
from webhook.settings.layers import Layer, faults_of_source, keys_set
from webhook.settings.model_keys import Key, chart_only_keys, dotted

GROUP = "mcp-admission.dev"
VERSION = "v1alpha1"
KIND = "MCPServerSettings"
PLURAL = "mcpserversettings"
NAME = "default"
COUNTED = {
    "current": "current",
    "out-of-date": "outOfDate",
    "unprotected": "unprotected",
    "refused": "refused",
}
"""Where the status counts the servers of a state; every server is in one."""

API_VERSION = f"{GROUP}/{VERSION}"
_LISTS = ("List", f"{KIND}List")
_PARTS = ("apiVersion", "kind", "metadata", "spec", "status")


class NotOneResourceError(Exception):
    """A list that does not hold the one resource: where, and in one sentence why."""

    def __init__(self, key: Key, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


def is_exported(value: Any) -> bool:
    """Whether this is an object of Kubernetes and no settings file."""
    return isinstance(value, dict) and ("apiVersion" in value or "kind" in value)


def single_resource(value: dict[str, Any]) -> tuple[Key, Any]:
    """The resource in what kubectl printed, and the key that leads to it.

    Raises NotOneResourceError.
    """
    if value.get("kind") not in _LISTS:
        return (), value
    items = value.get("items")
    if not isinstance(items, list) or len(items) != 1:
        raise NotOneResourceError(
            ("items",), f"must hold one {KIND}, and nothing else: name a file with settings"
        )
    return ("items", 0), items[0]


def faults_of_resource(found: Any) -> Iterator[KeyFault]:
    """What an API server or a controller would not accept of the resource."""
    if not isinstance(found, dict):
        yield KeyFault((), f"must be an {KIND}")
        return
    if found.get("kind", KIND) != KIND:
        yield KeyFault(("kind",), f"must be {KIND}")
        return
    if found.get("apiVersion", API_VERSION) != API_VERSION:
        yield KeyFault(("apiVersion",), f"must be {API_VERSION}")
    metadata = found.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") != NAME:
        yield KeyFault(("metadata", "name"), f"must be {NAME}: there is one {KIND} for the cluster")
    for key in found.keys() - _PARTS:
        near = get_close_matches(key, _PARTS, n=1)
        yield KeyFault((key,), f"unknown key{f': did you mean {near[0]}?' if near else ''}")
    yield from _of_spec(found)


def spec_of(found: dict[str, Any]) -> dict[str, Any]:
    """The settings of a resource without faults."""
    held = found.get("spec")
    return {} if held is None else held


def _of_spec(found: dict[str, Any]) -> Iterator[KeyFault]:
    values = spec_of(found)
    if not isinstance(values, dict):
        yield KeyFault(("spec",), "must be a mapping of keys and values")
        return
    for fault in faults_of_source(values):
        yield KeyFault(("spec", *fault.key), fault.sentence)
    for key in sorted(keys_set(Layer(values, dotted)) & chart_only_keys()):
        yield KeyFault(("spec", *key.split(".")), "is read by the chart alone: set it there")
