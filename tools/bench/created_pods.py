"""The pods that are created at an API server, and what has to have become of them.

A pod says nothing about security, as people write them. Each container has what a server's has:
arguments, variables, ports, a probe and mounts. No scheduler is asked for, so that nothing happens
to a pod after it is stored but what this product does.
"""

from typing import Any

from tests.builders import GATE, NAME, SERVER
from tests.e2e.namespace import HARDENED

Json = dict[str, Any]

FIRST = "mcp"
MARK = "bench"
NOBODY = "nobody"
MEMORY = "400Mi"
VARIABLES = {
    "GITHUB_HOST": "https://github.example",
    "LOG_LEVEL": "info",
    "CACHE_DIR": "/cache",
    "OTEL_SERVICE_NAME": "github-tools",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.observability.svc:4317",
}
PROBE = {"httpGet": {"path": "/healthz", "port": "mcp"}, "periodSeconds": 20}


def pod(containers: int, labels: dict[str, str] | None = None) -> Json:
    """A pod with so many containers, of which the first is the server; its name is generated."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "github-tools-",
            "labels": {"app.kubernetes.io/name": "github-tools", MARK: "true", **(labels or {})},
            "annotations": {"mcp-admission.dev/container": FIRST},
        },
        "spec": {
            "schedulerName": NOBODY,
            "volumes": [
                {"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}},
                {"name": "config", "configMap": {"name": "github-tools"}},
            ],
            "containers": [_container(number) for number in range(containers)],
        },
    }


def _container(number: int) -> Json:
    return {
        "name": f"tool-{number}" if number else FIRST,
        "image": "registry.example/mcp/github-tools:1.14.2",
        "args": ["stdio", "--toolsets", "repos,issues,pull_requests", "--read-only"],
        "ports": [{"name": FIRST, "containerPort": 8080 + number}],
        "env": [{"name": name, "value": value} for name, value in VARIABLES.items()],
        "livenessProbe": PROBE,
        "volumeMounts": [
            {"name": "cache", "mountPath": "/cache"},
            {"name": "config", "mountPath": "/etc/github-tools", "readOnly": True},
        ],
    }


def fault_of_filled_in(stored: Json) -> str | None:
    """What a stored pod lacks of the product's promise; None when it is all there."""
    spec, containers = stored["spec"], stored["spec"]["containers"]
    labels = stored["metadata"]["labels"]
    gates = [gate["name"] for gate in spec.get("schedulingGates", [])]
    mounts = [mount["mountPath"] for each in containers for mount in each["volumeMounts"]]
    token = "projected" in str(spec["volumes"]) or any("serviceaccount" in each for each in mounts)
    promised = {
        "hardened containers": all(each.get("securityContext") == HARDENED for each in containers),
        "fresh images": all(each["imagePullPolicy"] == "Always" for each in containers),
        "memory of the server": containers[0]["resources"].get("requests") == {"memory": MEMORY},
        "pod not root": spec.get("securityContext", {}).get("runAsNonRoot") is True,
        "no token": spec.get("automountServiceAccountToken") is False and not token,
        "no service links": spec.get("enableServiceLinks") is False,
        "labels": labels.get(SERVER) == "true" and labels.get(NAME) == "github-tools",
        "gate": gates == [GATE],
    }
    return next((what for what, kept in promised.items() if not kept), None)


def fault_of_untouched(stored: Json) -> str | None:
    """What was done to a stored pod that nobody should have touched; None when nothing was."""
    contexts = [each for each in stored["spec"]["containers"] if "securityContext" in each]
    gates = stored["spec"].get("schedulingGates")
    return "filled in" if contexts or gates else None
