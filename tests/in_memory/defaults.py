"""What an API server fills in before any webhook sees an object.

Reviews are asked about objects that hold these values, whoever wrote them or did not; only the
ones that a rule might take for somebody's choice are here.
"""

import json
from typing import Any

Json = dict[str, Any]

TEMPLATES = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "ReplicationController": ("spec", "template"),
    "PodTemplate": ("template",),
}
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_VOLUME: Json = {
    "name": "kube-api-access-x7k2p",
    "projected": {
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {
                "configMap": {
                    "name": "kube-root-ca.crt",
                    "items": [{"key": "ca.crt", "path": "ca.crt"}],
                }
            },
            {
                "downwardAPI": {
                    "items": [
                        {
                            "path": "namespace",
                            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                        }
                    ]
                }
            },
        ],
    },
}
NODE_TOLERATIONS = [
    {"key": f"node.kubernetes.io/{taint}", "operator": "Exists", "effect": "NoExecute"}
    | {"tolerationSeconds": 300}
    for taint in ("not-ready", "unreachable")
]


def copied(document: Json) -> Json:
    """An object that shares nothing with the given one."""
    copy: Json = json.loads(json.dumps(document))
    return copy


def template_of(document: Json) -> Json:
    """The pod template of a workload, or the pod itself."""
    template = document
    for key in TEMPLATES[document["kind"]]:
        template = template[key]
    return template


def with_defaults(document: Json) -> Json:
    """A copy of an object as the API server decodes it."""
    filled = copied(document)
    if filled["kind"] in TEMPLATES:
        _fill_pod_spec(template_of(filled)["spec"])
    if filled["kind"] == "Pod":
        filled["spec"].setdefault("enableServiceLinks", True)
        for container in filled["spec"].get("initContainers", []) + filled["spec"]["containers"]:
            _fill_requests(container)
    if filled["kind"] in {"Deployment", "StatefulSet", "ReplicaSet"}:
        filled["spec"].setdefault("replicas", 1)
    if filled["kind"] == "Deployment":
        rolling = {"maxSurge": "25%", "maxUnavailable": "25%"}
        filled["spec"].setdefault("strategy", {"type": "RollingUpdate", "rollingUpdate": rolling})
        filled["spec"].setdefault("revisionHistoryLimit", 10)
        filled["spec"].setdefault("progressDeadlineSeconds", 600)
    return filled


def with_plugins(pod: Json) -> Json:
    """A copy of a pod as the API server's own admission plugins leave it."""
    filled = copied(pod)
    spec = filled["spec"]
    spec.setdefault("serviceAccountName", "default")
    if spec.get("automountServiceAccountToken") is not False:
        spec.setdefault("volumes", []).append(copied(TOKEN_VOLUME))
        mount = {"name": TOKEN_VOLUME["name"], "mountPath": TOKEN_PATH, "readOnly": True}
        for container in spec.get("initContainers", []) + spec["containers"]:
            container.setdefault("volumeMounts", []).append(dict(mount))
    tolerations = spec.setdefault("tolerations", [])
    tolerated = {
        toleration.get("key")
        for toleration in tolerations
        if toleration.get("effect") in {None, "NoExecute"}
    }
    tolerations += [
        dict(one) for one in NODE_TOLERATIONS if tolerated.isdisjoint({None, one["key"]})
    ]
    return filled


def _fill_pod_spec(spec: Json) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("securityContext", {})
    for container in spec.get("initContainers", []) + spec.get("containers", []):
        _fill_container(container)
    for volume in spec.get("volumes", []):
        for source in ("configMap", "secret", "projected"):
            if source in volume:
                volume[source].setdefault("defaultMode", 420)
        if "hostPath" in volume:
            volume["hostPath"].setdefault("type", "")


def _fill_container(container: Json) -> None:
    image = container.get("image", "").rpartition("/")[2]
    floating = ":" not in image or image.endswith(":latest")
    container.setdefault("imagePullPolicy", "Always" if floating else "IfNotPresent")
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    for port in container.get("ports", []):
        port.setdefault("protocol", "TCP")
    for probe in PROBES:
        if "httpGet" in container.get(probe, {}):
            container[probe]["httpGet"].setdefault("scheme", "HTTP")
    container.setdefault("resources", {})


def _fill_requests(container: Json) -> None:
    """Of a pod alone: templates keep what their authors wrote."""
    resources = container["resources"]
    for name, limit in (resources.get("limits") or {}).items():
        resources.setdefault("requests", {}).setdefault(name, limit)
