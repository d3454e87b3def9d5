"""The two APIs of reports as CustomResourceDefinitions, with the fields of the published ones."""

from typing import Any

from tools.cluster.control_plane import ControlPlane
from webhook.objects import REPORT_APIS
from webhook.objects.policy_report import OPEN_REPORTS, ReportApi

Json = dict[str, Any]
PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
RESULTS = ("pass", "fail", "warn", "error", "skip")
SEVERITIES = ("critical", "high", "low", "medium", "info")


def fields(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def one_of(*words: str) -> Json:
    return {"type": "string", "enum": list(words)}


def texts(*names: str) -> Json:
    return dict.fromkeys(names, TEXT)


REFERENCE = fields(
    **texts("apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid")
)
RESULT = {
    **fields(
        **texts("source", "policy", "rule", "category", "message"),
        severity=one_of(*SEVERITIES),
        result=one_of(*RESULTS),
        scored={"type": "boolean"},
        resources={"type": "array", "items": REFERENCE},
        properties={"type": "object", "additionalProperties": TEXT},
        timestamp={
            **fields(seconds={**NUMBER, "format": "int64"}, nanos={**NUMBER, "format": "int32"}),
            "required": ["nanos", "seconds"],
        },
    ),
    "required": ["policy"],
}
HEAD = {"apiVersion": TEXT, "kind": TEXT, "metadata": {"type": "object"}}


def definition(api: ReportApi) -> Json:
    group, _, version = api.version.partition("/")
    source = {"source": TEXT} if api is OPEN_REPORTS else {}
    schema = fields(
        **HEAD,
        **source,
        scope=REFERENCE,
        summary=fields(**dict.fromkeys(RESULTS, NUMBER)),
        results={"type": "array", "items": RESULT},
    )
    served = {"name": version, "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{api.resource}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": api.resource, "singular": api.resource[:-1], "kind": api.kind},
            "versions": [{**served, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def install(cluster: ControlPlane, *apis: ReportApi) -> None:
    """Let the API server have reports."""
    for api in apis or REPORT_APIS:
        cluster.create(PATH, definition(api))
        path = f"/apis/{api.version}/{api.resource}"
        cluster.wait_for("definition", lambda path=path: cluster.raw("GET", path).status == 200)  # type: ignore[misc]


def remove(cluster: ControlPlane) -> None:
    """Take both out again, with what is in them, and return when they are gone."""
    paths = [f"{PATH}/{definition(api)['metadata']['name']}" for api in REPORT_APIS]
    for path in paths:
        cluster.raw("DELETE", path)
    cluster.wait_for("end", lambda: all(cluster.raw("GET", path).status == 404 for path in paths))
