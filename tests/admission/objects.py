"""Generated servers: what people write about scheduling, resources, images and configuration.

Most are admitted; some ask for what is refused. Shapes that are no Kubernetes at all come from
tests/rules/pods.py. Each object is drawn as a few bytes, one a field, because it has hundreds.
"""

import copy
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.admission.case import GATE, NAME, SERVER, Json
from tests.rules.odd_values import Values

ABSENT = object()
SELDOM: Values = (ABSENT,) * 9
LISTS = ("containers", "initContainers", "ephemeralContainers")
TOKEN = {"serviceAccountToken": {"path": "t"}}
NODE = "requiredDuringSchedulingIgnoredDuringExecution"
BY_FIELD = {"matchFields": [{"key": "metadata.name"}], "matchExpressions": [{"key": "zone"}]}
UNKNOWN: Values = ({"a": [1, {"b": None}]}, "text", [])

OF_CONTAINERS: dict[str, Values] = {
    "image": (ABSENT, "example.test/mcp:1", ""),
    "imagePullPolicy": (*SELDOM, *["IfNotPresent"] * 9, "Always", "Never"),
    "resources": (
        ABSENT, None, {}, {"requests": {"memory": "100Mi"}}, {"limits": {"memory": "2Gi"}},
        {"requests": {"cpu": "0.5", "memory": "1e3"}, "limits": {"memory": "1Gi"}},
        {"requests": None, "limits": {}}, {"claims": [{"name": "gpu"}]},
        {"requests": {"memory": "64Gi"}},
    ),
    "ports": (ABSENT, ABSENT, [], [{"name": "mcp", "containerPort": 80}], [{"containerPort": 1}]),
    "envFrom": (ABSENT, ABSENT, [], [{"secretRef": {"name": "one"}}], [{"configMapRef": {}}]),
    "volumeMounts": (
        ABSENT, ABSENT, [], [{"name": "v", "mountPath": "/data"}],
        *([{"name": "mcp-files", "mountPath": "/files/"}],) * 4,
        [{"name": "v", "mountPath": "/files"}],
    ),
    "restartPolicy": (ABSENT, "Always"),
    "later": (ABSENT, ABSENT, *UNKNOWN),
}  # fmt: skip
SECCOMP: Values = (*SELDOM, {}, {"type": "RuntimeDefault"}, {"type": "Unconfined"})
OF_CONTEXTS: dict[str, Values] = {
    "runAsNonRoot": (*SELDOM, True, None, False),
    "runAsUser": (*SELDOM, 1000, 65532, 0),
    "runAsGroup": (ABSENT, ABSENT, 0, 3000),
    "seccompProfile": SECCOMP,
    "later": (ABSENT, ABSENT, *UNKNOWN),
}
OF_POD_CONTEXTS: dict[str, Values] = {**OF_CONTEXTS, "fsGroup": (ABSENT, 0, 3000)}
OF_CONTAINER_CONTEXTS: dict[str, Values] = {
    **OF_CONTEXTS,
    "allowPrivilegeEscalation": (*SELDOM, False, True),
    "privileged": (*SELDOM, False, True),
    "capabilities": (
        *SELDOM, {}, {"drop": []}, {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        {"add": None, "drop": None}, {"drop": ["NET_RAW"]},
        {"add": ["NET_ADMIN", "NET_BIND_SERVICE", "SYS_ADMIN"]},
    ),
}  # fmt: skip
OF_SPECS: dict[str, Values] = {
    "automountServiceAccountToken": (*SELDOM, False, True),
    "enableServiceLinks": (ABSENT, True, False, None),
    "runtimeClassName": (*SELDOM, "", "gvisor", "kata"),
    "overhead": (ABSENT, ABSENT, ABSENT, {}, {"memory": "20Mi"}),
    "nodeName": (*SELDOM, "", "node-1"),
    "nodeSelector": (ABSENT, None, {}, {"pool": "mcp"}, {"pool": "own", "a/b~c": "d"}),
    "os": (ABSENT, ABSENT, ABSENT, {"name": "linux"}, {"name": "windows"}),
    "hostUsers": (ABSENT, ABSENT, True, False),
    "hostNetwork": (*SELDOM, False, True),
    "affinity": (
        ABSENT, {}, {"podAffinity": {"x": 1}},
        {"nodeAffinity": {NODE: {"nodeSelectorTerms": [BY_FIELD]}, "p": []}, "podAffinity": {}},
    ),
    "tolerations": (
        ABSENT, [], [{"key": "own", "operator": "Exists"}],
        [{"key": "own"}, {"key": "fleet", "operator": "Exists"}, {"key": "other"}],
        [{"key": "node.kubernetes.io/unreachable"}, {"key": "own"}],
    ),
    "imagePullSecrets": (ABSENT, None, [{"name": "registry"}], [{"name": "own"}, {"name": "b"}]),
    "schedulingGates": (ABSENT, ABSENT, [], [{"name": "other"}], [{"name": GATE}]),
    "volumes": (
        *SELDOM, *SELDOM, [], [{"name": "v", "emptyDir": {}}],
        [{"name": "mcp-files", "secret": {"secretName": "one", "defaultMode": 420}}],
        [{"name": "mcp-files", "emptyDir": {}}], [{"name": "h", "hostPath": {"path": "/"}}],
        [{"name": "t", "projected": {"sources": [TOKEN]}}],
    ),
    "resources": (ABSENT, ABSENT, {"limits": {"memory": "1Gi"}}, {"requests": {"cpu": "1"}}),
    "later": (ABSENT, *UNKNOWN),
}  # fmt: skip
OF_LABELS: dict[str, Values] = {
    SERVER: ("true",), "app": ("tools", ABSENT), NAME: (ABSENT, ABSENT, "tools", "other"),
}  # fmt: skip
OF_ANNOTATIONS: dict[str, Values] = {
    "mcp-admission.dev/env-from": (*SELDOM, "one", "one", "one, two"),
    "mcp-admission.dev/files-from": (*SELDOM, "one", "one,two", "one,two"),
    "mcp-admission.dev/service-account-token": (*SELDOM, "true", "true", "false"),
    "mcp-admission.dev/container": (*SELDOM, "c0", "c1"),
    "kubectl.kubernetes.io/default-container": (*SELDOM, "c1", "c1", "none"),
    "mcp-admission.dev/port": (*SELDOM, "8080", "x/y"),
    "example.com/owner~team": (ABSENT, "x"),
}
OF_DEPLOYMENTS: dict[str, Values] = {
    **OF_ANNOTATIONS,
    "mcp-admission.dev/config-from": (ABSENT, "values"),
    "mcp-admission.dev/file-keys": (*SELDOM, "key"),
}


def fields(table: dict[str, Values]) -> SearchStrategy[Json]:
    """Objects with one of the values in each field, or without the field."""

    def chosen(digits: bytes) -> Json:
        pairs = zip(table.items(), digits, strict=True)
        found = {key: values[digit % len(values)] for (key, values), digit in pairs}
        return {key: copy.deepcopy(value) for key, value in found.items() if value is not ABSENT}

    return st.binary(min_size=len(table), max_size=len(table)).map(chosen)


CONTAINERS = st.tuples(fields(OF_CONTAINERS), st.none() | fields(OF_CONTAINER_CONTEXTS))
SPECS = st.tuples(fields(OF_SPECS), st.none() | fields(OF_POD_CONTEXTS))


@st.composite
def specs(draw: st.DrawFn) -> Json:
    """The spec of a pod, with a container at least."""
    spec, context = draw(SPECS)
    spec |= {"securityContext": context}
    for key in LISTS:
        drawn = draw(st.lists(CONTAINERS, min_size=int(key == "containers"), max_size=2))
        if drawn:
            spec[key] = [
                {"name": f"{key[0]}{at}", **container, "securityContext": own}
                for at, (container, own) in enumerate(drawn)
            ]
    return spec


@st.composite
def metadata(draw: st.DrawFn, annotations: dict[str, Values]) -> Json:
    """The metadata of a labelled object."""
    return {
        "name": "tools",
        "labels": draw(fields(OF_LABELS)),
        "annotations": draw(fields(annotations)),
    }


@st.composite
def pods(draw: st.DrawFn) -> Json:
    """Bare pods."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": draw(metadata(OF_ANNOTATIONS)),
        "spec": draw(specs()),
    }


@st.composite
def deployments(draw: st.DrawFn) -> Json:
    """Deployments around such pods."""
    spec = draw(specs())
    for key in ("ephemeralContainers", "schedulingGates"):
        spec.pop(key, None)
    of_template = draw(st.none() | metadata(OF_ANNOTATIONS))
    template = {"spec": spec} if of_template is None else {"metadata": of_template, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": draw(metadata(OF_DEPLOYMENTS)),
        "spec": {"replicas": draw(st.sampled_from([1, 0, 3, None])), "template": template},
    }


def unknown_fields(value: Any, place: str = "") -> dict[str, Any]:
    """Each field that nobody knows, by its place; items of lists stand under their names."""
    found: dict[str, Any] = {}
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "later":
                found[place] = inner
            else:
                found |= unknown_fields(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for inner in value:
            name = inner.get("name") if isinstance(inner, dict) else inner
            found |= unknown_fields(inner, f"{place}/{name}")
    return found
