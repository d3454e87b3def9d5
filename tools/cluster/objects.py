"""The few manifests that the harness itself needs."""

from collections.abc import Mapping, Sequence
from typing import Any

from tools.cluster.clients import JsonObject

NOT_YET = {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}


def namespace(name: str, labels: Mapping[str, str]) -> JsonObject:
    """A Namespace."""
    metadata = {"name": name, "labels": dict(labels)}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def node(name: str, labels: Mapping[str, str], taints: Sequence[JsonObject]) -> JsonObject:
    """A Linux node."""
    known = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**known, **labels}},
        "spec": {"taints": list(taints)},
    }


def takes_pods(node: Mapping[str, Any]) -> bool:
    """The node is Ready, and the taints that kept pods away until then are gone."""
    conditions = node.get("status", {}).get("conditions", [])
    ready = any(found["type"] == "Ready" and found["status"] == "True" for found in conditions)
    return ready and not NOT_YET & {taint["key"] for taint in node["spec"].get("taints", [])}


def local_service(name: str, port: int) -> JsonObject:
    """A Service that stands for this machine: no kube-proxy is needed to reach it."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "type": "ExternalName",
            "externalName": "localhost",
            "ports": [{"name": "https", "port": port}],
        },
    }
