"""What the CustomResourceDefinitions have in common: names, conditions, columns.

Each spells out every field that the API server would default, so that what is applied again is
what is stored.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from webhook.settings.load import GROUP, VERSION

Json = dict[str, Any]


class Names(NamedTuple):
    """What a resource is called."""

    kind: str
    plural: str
    short: str


def resource_definition(names: Names, scope: str, columns: Sequence[Json], schema: Json) -> Json:
    """The definition of a resource with a status."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{names.plural}.{GROUP}",
            "annotations": {"helm.sh/resource-policy": "keep"},
        },
        "spec": {
            "group": GROUP,
            "names": {
                "kind": names.kind,
                "listKind": f"{names.kind}List",
                "plural": names.plural,
                "singular": names.kind.lower(),
                "shortNames": [names.short],
                "categories": ["mcp-admission"],
            },
            "scope": scope,
            "conversion": {"strategy": "None"},
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [*columns],
                    "schema": {"openAPIV3Schema": {"type": "object", **schema}},
                }
            ],
        },
    }


def status_of(what: str, conditions: str, properties: Mapping[str, Json]) -> Json:
    """The schema of a status with conditions, which say what they mean."""
    return {
        "type": "object",
        "description": f"{what}; the controller writes it.",
        "properties": {
            "observedGeneration": {"type": "integer", "format": "int64"},
            "conditions": _conditions(conditions),
            **properties,
        },
    }


def _conditions(meaning: str) -> Json:
    text = {"type": "string"}
    return {
        "type": "array",
        "description": meaning,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "lastTransitionTime", "reason", "message"],
            "properties": {
                "type": dict(text),
                "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
                "observedGeneration": {"type": "integer", "format": "int64"},
                "lastTransitionTime": {"type": "string", "format": "date-time"},
                "reason": dict(text),
                "message": dict(text),
            },
        },
    }


def in_condition(name: str, part: str = "status") -> str:
    """The path of a part of a condition."""
    return f'.status.conditions[?(@.type=="{name}")].{part}'


def column(name: str, description: str, path: str, kind: str = "string") -> Json:
    """A column of `kubectl get`."""
    return {"name": name, "type": kind, "description": description, "jsonPath": path}


def age() -> Json:
    """The column that every resource of Kubernetes has."""
    return column("Age", "Time since creation", ".metadata.creationTimestamp", "date")
