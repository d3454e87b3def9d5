"""What stands between a Service and the pods here: endpoints, kube-proxy and cluster DNS.

Without kube-proxy a Service of type ExternalName lets the API server call this machine. The real
controllers make no EndpointSlices for one, and nobody forwards its ports: this does.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.cluster.balancer import Balancer
from tools.cluster.control_plane import ControlPlane
from tools.cluster.ports import free_ports

Json = dict[str, Any]

SLICES = "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices"
MANAGER = "endpointslice.kubernetes.io/managed-by"
# The local port behind each port of a pod's containers, by the pod's name.
Ports = Mapping[str, Mapping[int, int]]


class Services:
    """Every ExternalName Service with a selector, in these namespaces."""

    def __init__(self, cluster: ControlPlane, file: Path) -> None:
        self._cluster, self.file = cluster, file
        self._balancers: dict[str, Balancer] = {}
        self._written: dict[tuple[str, str], Json] = {}
        file.write_text("{}", encoding="utf-8")

    def port(self, namespace: str, name: str, port: int) -> int:
        """The port of this machine that stands for one of a Service."""
        key = f"{name}.{namespace}.svc:{port}"
        if key not in self._balancers:
            self._balancers[key] = Balancer(*free_ports(1)).__enter__()
            known = {each: balancer.port for each, balancer in self._balancers.items()}
            whole = self.file.with_suffix(".new")
            whole.write_text(json.dumps(known), encoding="utf-8")
            whole.replace(self.file)
        return self._balancers[key].port

    def between(self, namespace: str, name: str, port: int) -> Balancer:
        """What stands for a port of a Service."""
        self.port(namespace, name, port)
        return self._balancers[f"{name}.{namespace}.svc:{port}"]

    def close(self) -> None:
        """Forward nothing any more."""
        for balancer in self._balancers.values():
            balancer.__exit__(None, None, None)

    def look(self, namespace: str, pods: list[Json], ports: Ports) -> None:
        """Let everything lead to these pods."""
        found = self._cluster.get(f"/api/v1/namespaces/{namespace}/services")["items"]
        wanted: dict[str, Json] = {}
        for service in found:
            spec = service["spec"]
            if spec["type"] != "ExternalName" or not spec.get("selector"):
                continue
            behind = [pod for pod in pods if _is_selected(pod, spec["selector"])]
            for pod in behind:
                if pod["metadata"]["name"] in ports and pod["status"].get("podIP"):
                    of_pod = _slice(service, pod, ports[pod["metadata"]["name"]])
                    wanted[of_pod["metadata"]["name"]] = of_pod
            self._forward(service, behind, ports)
        self._write(namespace, wanted)

    def _forward(self, service: Json, pods: list[Json], ports: Ports) -> None:
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        answering = [pod for pod in pods if _is_ready(pod) and pod["metadata"]["name"] in ports]
        staying = [pod for pod in answering if "deletionTimestamp" not in pod["metadata"]]
        for port in service["spec"]["ports"]:
            balancer = self.between(namespace, name, port["port"])
            balancer.replicas = [
                ports[pod["metadata"]["name"]][_target(pod, port)] for pod in staying or answering
            ]

    def _write(self, namespace: str, wanted: dict[str, Json]) -> None:
        folder = SLICES.format(namespace)
        there = {name for name in self._written if name[0] == namespace}
        for name, found in wanted.items():
            key = (namespace, name)
            if self._written.get(key) == found:
                continue
            if key in there:
                answer = self._cluster.raw("PUT", f"{folder}/{name}", found)
            else:
                answer = self._cluster.raw("POST", folder, found)
            if answer.status in {200, 201}:
                self._written[key] = found
        for key in there - {(namespace, name) for name in wanted}:
            self._cluster.raw("DELETE", f"{folder}/{key[1]}")
            del self._written[key]


def _is_selected(pod: Json, selector: Json) -> bool:
    labels = (pod["metadata"].get("labels") or {}).items()
    return bool(selector.items() <= labels)


def _is_ready(pod: Json) -> bool:
    conditions = pod["status"].get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _target(pod: Json, port: Json) -> int:
    """The container's port that a Service's port leads to."""
    wanted = port.get("targetPort", port["port"])
    for container in pod["spec"]["containers"]:
        for each in container.get("ports") or []:
            if wanted in {each.get("name"), each["containerPort"]}:
                return int(each["containerPort"])
    raise LookupError(f"pod {pod['metadata']['name']} has no port {wanted}")


def _slice(service: Json, pod: Json, ports: Mapping[int, int]) -> Json:
    """One for each pod, because each has other ports here."""
    ready, leaving = _is_ready(pod), "deletionTimestamp" in pod["metadata"]
    metadata = pod["metadata"]
    target = {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"]}
    conditions = {"ready": ready and not leaving, "serving": ready, "terminating": leaving}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": metadata["name"],
            "labels": {
                "kubernetes.io/service-name": service["metadata"]["name"],
                MANAGER: "kubelet-stand-in",
            },
        },
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": [pod["status"]["podIP"]],
                "conditions": conditions,
                "targetRef": {**target, "uid": metadata["uid"]},
            }
        ],
        "ports": [
            {"name": port["name"], "port": ports[_target(pod, port)], "protocol": "TCP"}
            for port in service["spec"]["ports"]
        ],
    }
