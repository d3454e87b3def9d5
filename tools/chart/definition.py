"""The CustomResourceDefinitions of the settings, made from their model.

A value that chart or environment sets is locked: `MCPServerSettings` may say otherwise, and its
status says that it has no effect. `MCPNamespaceSettings` has the keys that a namespace may set.
Only the merge can tell which values it may have, so its status names what is not in force.
"""

from tools.chart.exception_definition import exception_definition
from tools.chart.resource_definition import (
    Json,
    Names,
    age,
    column,
    in_condition,
    resource_definition,
    status_of,
)
from tools.chart.settings_schema import namespace_schema, settings_schema
from webhook.settings.faults import MOST_FAULTS
from webhook.settings.load import COUNTED, KIND, NAME, PLURAL
from webhook.settings.namespace_layer import NAMESPACE_KIND, NAMESPACE_PLURAL

# The controller compares all resources; the API server these, whose comparison it can afford.
RESOURCES = ("cpu", "memory", "ephemeral-storage")

_SHOWN = {
    "out-of-date": "Servers that a restart would change",
    "unprotected": "Servers without the security settings",
    "refused": "Servers whose new pods would be refused",
    "incomplete": "Servers that ask for something that is not there",
    "not-running": "Servers without a ready pod",
}
_CONDITIONS = "Valid: {}. Distributed: every replica uses them."
_ENFORCING = "Enforcing: pods are filled in and refused."
_CLASS = "RuntimeClassExists: the runtime class that the settings name is there."
_VALID, _DISTRIBUTED = in_condition("Valid"), in_condition("Distributed")


def definitions() -> dict[str, Json]:
    """All of them, each by the name of its resource."""
    found = (definition(), namespace_definition(), exception_definition())
    return {each["spec"]["names"]["plural"]: each for each in found}


def definition() -> Json:
    """The definition of the settings of the cluster."""
    columns = (
        column("Valid", "Whether the settings are in force", _VALID),
        column("Distributed", "Whether every replica uses them", _DISTRIBUTED),
        column("Enforcing", "Whether pods are reviewed", in_condition("Enforcing")),
        column("Servers", "MCP servers in the cluster", ".status.servers.total", "integer"),
        *(
            column(state.title(), what, f".status.servers.{COUNTED[state]}", "integer")
            for state, what in _SHOWN.items()
        ),
        age(),
    )
    schema: Json = {
        "description": "The settings of mcp-admission for all MCP servers.",
        "x-kubernetes-validations": [_only(f"there is one {KIND} for the cluster")],
        "properties": {
            "spec": _bounded(
                settings_schema(),
                "The settings; a key that is not set has the default of the running version.",
            ),
            "status": _status(),
        },
    }
    return resource_definition(Names(KIND, PLURAL, "mcpsettings"), "Cluster", columns, schema)


def namespace_definition() -> Json:
    """The definition of the settings of a namespace."""
    columns = (
        column("Valid", "Whether every key is in force", _VALID),
        column("Distributed", "Whether every replica uses them", _DISTRIBUTED),
        column("Not in force", "The first key that is not in force", ".status.refused[0].key"),
        column("Why", "Why this key is not in force", ".status.refused[0].reason")
        | {"priority": 1},
        age(),
    )
    schema: Json = {
        "description": "The settings of mcp-admission for the MCP servers in a namespace.",
        "x-kubernetes-validations": [_only(f"there is one {NAMESPACE_KIND} for a namespace")],
        "properties": {
            "spec": _bounded(
                namespace_schema(),
                "The settings; a key that is not set is as in the cluster. A value can be stricter "
                "than that of the cluster; keys that the cluster delegates can have any value.",
            ),
            "status": status_of(
                "The state of the settings",
                f"{_CONDITIONS.format('every key is in force')} {_CLASS}",
                {"refused": _refused()},
            ),
        },
    }
    names = Names(NAMESPACE_KIND, NAMESPACE_PLURAL, "mcpnssettings")
    return resource_definition(names, "Namespaced", columns, schema)


def _only(there_is_one: str) -> Json:
    return {
        "rule": f"self.metadata.name == '{NAME}'",
        "message": f"{there_is_one}: name it {NAME}",
    }


def _bounded(schema: Json, description: str) -> Json:
    """The schema of settings in which no default is above a ceiling."""
    return schema | {
        "description": description,
        "x-kubernetes-validations": [
            _not_under(part, bounded, resource)
            for part, bounded in (
                ("requests", "requests"),
                ("limits", "limits"),
                ("requests", "limits"),
            )
            for resource in RESOURCES
        ],
    }


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
    return status_of(
        "The state of the settings",
        f"{_CONDITIONS.format('the settings are accepted')} {_ENFORCING} {_CLASS}",
        {
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
    )


def _refused() -> Json:
    text = {"type": "string"}
    return {
        "type": "array",
        "description": "Keys that are not in force; an empty key stands for all of them.",
        "maxItems": MOST_FAULTS + 1,
        "x-kubernetes-list-type": "atomic",
        "items": {
            "type": "object",
            "required": ["key", "reason"],
            "properties": {"key": dict(text), "reason": dict(text)},
        },
    }
