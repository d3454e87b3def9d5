"""The outline of a pod's affinity: enough that an API server can read what the fleet fills in."""

from collections.abc import Mapping
from typing import Any

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
NAMES: Mapping[type, str] = {dict: "a mapping", list: "a list"}

Json = dict[str, Any]


def of_nodes(value: Json) -> Json:
    """A nodeAffinity; raises ValueError for what the API server cannot read."""
    return _outlined(value, {REQUIRED: dict, PREFERRED: list})


def of_pods(value: Json) -> Json:
    """A podAffinity or podAntiAffinity; raises ValueError for what the API server cannot read."""
    return _outlined(value, {REQUIRED: list, PREFERRED: list})


def _outlined(value: Json, known: Mapping[str, type]) -> Json:
    for key, held in value.items():
        if key not in known:
            raise ValueError(f"unknown key {key}: known here are {' and '.join(known)}")
        if not isinstance(held, known[key]):
            raise ValueError(f"{key} is not accepted: write {NAMES[known[key]]} of terms")  # noqa: TRY004
    return value
