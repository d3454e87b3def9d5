"""The Deployments whose pods the bench reviews. Everything in them is made up.

`two` is an MCP server as charts make them: a container that prepares a cache, the server and an
exporter. `one` and `thirty` have so many containers like its server.
"""

from typing import Any, NamedTuple

NAMESPACE = "tools"
ACCOUNT = "github-tools"
SERVICE_ACCOUNT = {"name": ACCOUNT}
# In the tag of each image: what makes a pod differ from that of another template.
MARK = "00000000"
IMAGE = f"registry.example/mcp/github-tools:1.14.2-{MARK}"

Manifest = dict[str, Any]


class Shape(NamedTuple):
    """How many containers, in a word and in digits."""

    word: str
    containers: int


ONE, TWO, THIRTY = SHAPES = (Shape("one", 1), Shape("two", 2), Shape("thirty", 30))


def deployment(name: str, shape: Shape) -> Manifest:
    """A labelled Deployment that says nothing about security."""
    labels = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/version": "1.14.2",
        "app.kubernetes.io/managed-by": "Helm",
        "helm.sh/chart": "github-tools-0.9.3",
        "mcp-admission.dev/server": "true",
    }
    annotations = {
        "checksum/config": "5f3f7d0a5c2a4c1f9d0b8a7c6e5d4f3e2d1c0b9a8f7e6d5c4b3a2918f7e6d5c4",
        "kubectl.kubernetes.io/restartedAt": "2026-03-02T09:14:31Z",
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "9090",
    }
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": _pod(shape)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": template,
        },
    }


def _pod(shape: Shape) -> Manifest:
    others = [_server(f"mcp-{number}", 8080 + number) for number in range(1, shape.containers)]
    spec: Manifest = {
        "serviceAccountName": ACCOUNT,
        "containers": [_server("mcp", 8080), *others],
        "volumes": [
            {"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}},
            {"name": "config", "configMap": {"name": "github-tools"}},
        ],
    }
    if shape is TWO:
        spec["containers"][1] = _exporter()
        spec["initContainers"] = [_preparing()]
    return spec


def _server(name: str, port: int) -> Manifest:
    secret = {"secretKeyRef": {"name": "github-tools", "key": "token"}}
    return {
        "name": name,
        "image": IMAGE,
        "args": ["stdio", "--toolsets", "repos,issues,pull_requests", "--read-only"],
        "ports": [{"name": name, "containerPort": port}],
        "env": [
            {"name": "GITHUB_HOST", "value": "https://github.example"},
            {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://collector.example:4317"},
            {"name": "GITHUB_TOKEN", "valueFrom": secret},
        ],
        "resources": {
            "limits": {"memory": "1Gi"},
            "requests": {"cpu": "100m", "memory": "512Mi"},
        },
        "volumeMounts": [
            {"name": "cache", "mountPath": "/cache"},
            {"name": "config", "mountPath": "/etc/github-tools", "readOnly": True},
        ],
        "livenessProbe": {
            "httpGet": {"path": "/healthz", "port": name},
            "initialDelaySeconds": 5,
        },
    }


def _exporter() -> Manifest:
    return {
        "name": "exporter",
        "image": f"registry.example/observability/exporter:2.3.0-{MARK}",
        "args": ["--listen=:9090", "--target=http://127.0.0.1:8080"],
        "ports": [{"name": "metrics", "containerPort": 9090}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
    }


def _preparing() -> Manifest:
    return {
        "name": "warm-cache",
        "image": IMAGE,
        "command": ["/bin/sh", "-c", "cp -r /usr/share/github-tools/. /cache/"],
        "resources": {
            "limits": {"cpu": "200m", "memory": "128Mi"},
            "requests": {"cpu": "50m", "memory": "64Mi"},
        },
        "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
    }
