"""The CustomResourceDefinition of `MCPServerException`.

The API server knows the rules and what has to be said. It has no clock for what is stored: whether
an end is in the past or too far, the webhook says as a warning, and the status afterwards.
"""

from tools.chart.resource_definition import (
    Json,
    Names,
    age,
    column,
    in_condition,
    resource_definition,
    status_of,
)
from tools.chart.settings_schema import structural_schema
from webhook.settings.exception_document import (
    ENDING,
    EXCEPTION_KIND,
    EXCEPTION_PLURAL,
    EXCEPTION_STATES,
    REASON_REQUIRED,
    ExceptionSpec,
)

_CONDITIONS = (
    f"Valid: the exception can be granted. InForce: it counts now; its reason is one of "
    f"{', '.join(EXCEPTION_STATES)}."
)


def exception_definition() -> Json:
    """The definition of exceptions, which are for the whole cluster."""
    columns = (
        column("Namespace", "The namespace of the workload", ".spec.workload.namespace"),
        column("Workload", "The workload that is let off", ".spec.workload.name"),
        column("Rules", "The rules that it is let off", ".spec.rules"),
        column("Expires", "When the exception ends", ".spec.expires"),
        column(
            "State",
            f"What has become of it; {ENDING} in its last seven days",
            in_condition("InForce", "reason"),
        ),
        column("Reason", "Why it was granted", ".spec.reason") | {"priority": 1},
        age() | {"priority": 1},
    )
    spec = structural_schema(ExceptionSpec)
    spec["description"] = "Which workload is let off which rules, why, and until when."
    spec["properties"]["reason"] |= {
        "minLength": 1,
        "x-kubernetes-validations": [{"rule": "self.trim() != ''", "message": REASON_REQUIRED}],
    }
    schema: Json = {
        "description": "One workload is let off some rules of mcp-admission until a day.",
        "required": ["spec"],
        "properties": {
            "spec": spec,
            "status": status_of("The state of the exception", _CONDITIONS, {}),
        },
    }
    names = Names(EXCEPTION_KIND, EXCEPTION_PLURAL, "mcpexceptions")
    return resource_definition(names, "Cluster", columns, schema)
