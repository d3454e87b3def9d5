"""The kinds of the Prometheus operator that the chart makes objects of; they may hold anything."""

from typing import Any

from tools.cluster.control_plane import ControlPlane

Json = dict[str, Any]

OPERATOR = "monitoring.coreos.com"
KINDS = {"prometheusrules": "PrometheusRule", "servicemonitors": "ServiceMonitor"}


def install_kinds(cluster: ControlPlane) -> None:
    """Let the API server have them; returns when it has."""
    sent = [_definition(plural, kind) for plural, kind in KINDS.items()]
    cluster.kubectl("apply", "--filename", "-", sent=sent)
    names = [f"crd/{each['metadata']['name']}" for each in sent]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", *names)


def _definition(plural: str, kind: str) -> Json:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": plural, "kind": kind, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{OPERATOR}"},
        "spec": {"group": OPERATOR, "scope": "Namespaced", "names": names, "versions": [version]},
    }
