"""The CustomResourceDefinition of `MCPServerSettings`, made from the settings.

A value that chart or environment sets is locked: the resource may say otherwise, and its status
says that it has no effect.
"""

from typing import Any

from tools.chart.settings_schema import settings_schema
from webhook.settings.load import COUNTED, GROUP, KIND, NAME, PLURAL, VERSION

# The controller compares all resources; the API server these, whose comparison it can afford.
RESOURCES = ("cpu", "memory", "ephemeral-storage")

Json = dict[str, Any]

_SHOWN = {
    "out-of-date": "Servers that a restart would change",
    "unprotected": "Servers without the security settings",
    "refused": "Servers whose new pods would be refused",
}
_SINGLETON = {
    "rule": f"self.metadata.name == '{NAME}'",
    "message": f"there is one {KIND} for the cluster: name it {NAME}",
}


def definition() -> Json:
    """The CustomResourceDefinition, with every field that the API server would default."""
    names = {
        "kind": KIND, "listKind": f"{KIND}List", "plural": PLURAL, "singular": PLURAL,
        "shortNames": ["mcpsettings"], "categories": ["mcp-admission"],
    }  # fmt: skip
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{PLURAL}.{GROUP}",
            "annotations": {"helm.sh/resource-policy": "keep"},
        },
        "spec": {
            "group": GROUP,
            "names": names,
            "scope": "Cluster",
            "conversion": {"strategy": "None"},
            "versions": [_version()],
        },
    }


def _version() -> Json:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            _column("Valid", "Whether the settings are in force", _condition("Valid")),
            _column("Distributed", "Whether every replica uses them", _condition("Distributed")),
            _column("Servers", "MCP servers in the cluster", ".status.servers.total", "integer"),
            *(
                _column(state.title(), what, f".status.servers.{COUNTED[state]}", "integer")
                for state, what in _SHOWN.items()
            ),
            _column("Age", "Time since creation", ".metadata.creationTimestamp", "date"),
        ],
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "description": "The settings of mcp-admission for all MCP servers.",
                "x-kubernetes-validations": [_SINGLETON],
                "properties": {"spec": _spec(), "status": _status()},
            }
        },
    }


def _spec() -> Json:
    schema = settings_schema()
    schema["description"] = (
        "The settings; a key that is not set has the default of the running version."
    )
    schema["x-kubernetes-validations"] = [
        _not_under(part, bounded, resource)
        for part, bounded in (
            ("requests", "requests"),
            ("limits", "limits"),
            ("requests", "limits"),
        )
        for resource in RESOURCES
    ]
    return schema


def _not_under(part: str, bounded: str, resource: str) -> Json:
    """A ceiling below a default would refuse every server that says nothing."""
    defaults, ceilings = f"mcpServerDefaults.resources.{part}", f"mcpServerMaximums.{bounded}"
    default, ceiling = (f"self.{mapping}['{resource}']" for mapping in (defaults, ceilings))
    return {
        "rule": (
            f"!({_holds(defaults, resource)} && {_holds(ceilings, resource)}) || "
            f"quantity(string({default})).compareTo(quantity(string({ceiling}))) <= 0"
        ),
        "message": (
            f"mcpServerMaximums.{bounded}.{resource} is less than "
            f"mcpServerDefaults.resources.{part}.{resource}: raise the one or lower the other"
        ),
    }


def _holds(mapping: str, key: str) -> str:
    """CEL that is true where a mapping under self is present and has the key."""
    steps = mapping.split(".")
    paths = (".".join(steps[: end + 1]) for end in range(len(steps)))
    present = [f"has(self.{path})" for path in paths]
    return " && ".join([*present, f"'{key}' in self.{mapping}"])


def _status() -> Json:
    count: Json = {"type": "integer", "format": "int32", "minimum": 0}
    return {
        "type": "object",
        "description": "The state of the settings; the controller writes it.",
        "properties": {
            "observedGeneration": {"type": "integer", "format": "int64"},
            "conditions": _conditions(),
            "locked": {
                "type": "array",
                "description": "Keys that chart or environment set; the resource cannot.",
                "items": {"type": "string"},
                "x-kubernetes-list-type": "set",
            },
            "ignored": {
                "type": "array",
                "description": "Locked keys that the resource sets without an effect.",
                "items": {"type": "string"},
                "x-kubernetes-list-type": "set",
            },
            "servers": {
                "type": "object",
                "description": "MCP servers in the cluster.",
                "properties": {key: dict(count) for key in ("total", *COUNTED.values())},
            },
        },
    }


def _conditions() -> Json:
    text = {"type": "string"}
    return {
        "type": "array",
        "description": "Valid: the settings are accepted. Distributed: every replica uses them.",
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


def _condition(name: str) -> str:
    return f'.status.conditions[?(@.type=="{name}")].status'


def _column(name: str, description: str, path: str, kind: str = "string") -> Json:
    return {"name": name, "type": kind, "description": description, "jsonPath": path}
