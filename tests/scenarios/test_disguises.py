"""However a pod is written, what the API server would store is what the rules see."""

import json
from typing import Any

import pytest

from tests.builders import IMAGE, NAME, NOT_LABELLED, Manifest, bare_pod, container, server
from tests.e2e.namespace import APPLY_PATCH, Namespace
from tests.e2e.refusals import refusing_rules

WINDOWS = {"os": {"name": "windows"}}
ROOT = {"runAsUser": 0, "runAsNonRoot": False}

REFUSED: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a privileged Windows pod": (
        {**WINDOWS, "containers": [container(securityContext={"privileged": True})]},
        {"privileged"},
    ),
    "a Windows process of the node": (
        {
            **WINDOWS,
            "hostNetwork": True,
            "securityContext": {"windowsOptions": {"hostProcess": True}},
        },
        {"host-namespaces", "windows-host-process"},
    ),
    "a bare /proc in a user namespace": (
        {"hostUsers": False, "containers": [container(securityContext={"procMount": "Unmasked"})]},
        {"proc-mount"},
    ),
    "capabilities in a user namespace": (
        {
            "hostUsers": False,
            "containers": [container(securityContext={"capabilities": {"add": ["SYS_ADMIN"]}})],
        },
        {"capabilities", "privilege-escalation"},
    ),
    "every capability but the word ALL": (
        {"containers": [container(securityContext={"capabilities": {"drop": ["all", "CHOWN"]}})]},
        {"capabilities"},
    ),
    "root in the last init container": (
        {"initContainers": [container(name="a"), container(name="b", securityContext=ROOT)]},
        {"run-as-user", "run-as-non-root"},
    ),
    "root in a sidecar": (
        {"initContainers": [container(name="a", restartPolicy="Always", securityContext=ROOT)]},
        {"run-as-user", "run-as-non-root"},
    ),
    "a probe of another host": (
        {"containers": [container(livenessProbe={"tcpSocket": {"host": "10.0.0.1", "port": 1}})]},
        {"probe-hosts"},
    ),
    "a volume of the node's network": (
        {"volumes": [{"name": "v", "nfs": {"server": "10.0.0.1", "path": "/"}}]},
        {"volume-types"},
    ),
    "a port of the node": (
        {"containers": [container(ports=[{"containerPort": 1, "hostPort": 1}])]},
        {"host-ports"},
    ),
    "an unconfined profile by the older annotation": (
        {"annotations": {"container.apparmor.security.beta.kubernetes.io/mcp": "unconfined"}},
        {"apparmor"},
    ),
    "a node of its choice": ({"nodeName": "node-1"}, {"isolation-gate"}),
}


def pod_with(spec: dict[str, Any]) -> Manifest:
    """A Pod with these fields; `annotations` among them are its metadata's."""
    rest = dict(spec)
    annotations = rest.pop("annotations", {})
    made = bare_pod(labels=NOT_LABELLED, **rest)
    made["metadata"]["annotations"] = annotations
    return made


@pytest.mark.parametrize("case", REFUSED)
def test_a_pod_is_refused_for(managed: Namespace, case: str) -> None:
    spec, rules = REFUSED[case]

    assert refusing_rules(managed.raw("POST", "pods", pod_with(spec))) == rules


@pytest.mark.parametrize("case", [case for case in REFUSED if "node of its choice" not in case])
def test_a_template_is_refused_for(managed: Namespace, case: str) -> None:
    spec, rules = REFUSED[case]
    pod = pod_with(spec)
    deployment = server(labels=NOT_LABELLED)
    template = deployment["spec"]["template"]
    template["spec"] = pod["spec"]
    template["metadata"]["annotations"] = pod["metadata"]["annotations"]

    assert refusing_rules(managed.raw("POST", "deployments", deployment)) == rules


@pytest.mark.parametrize(
    "volume",
    [
        {"image": {"reference": "registry.example/data:1"}},
        {"csi": {"driver": "csi.example.com"}},
        {"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}},
    ],
    ids=lambda volume: next(iter(volume)),
)
def test_volumes_that_the_standard_accepts_do_not_exempt_their_pod(
    managed: Namespace, volume: dict[str, Any]
) -> None:
    volumes = [{"name": "v", **volume}, {"name": "w", "hostPath": {"path": "/"}}]

    answer = managed.raw("POST", "pods", bare_pod(labels=NOT_LABELLED, volumes=volumes))

    assert refusing_rules(answer) == {"host-path"}


@pytest.mark.parametrize(
    "spec",
    [
        '"hostNetwork":true,"hostNetwork":false',
        '"hostNetwork":false,"hostNetwork":true',
        '"HostNetwork":true,"hostnetwork":true',
        '"hostNetwork":true,"HOSTNETWORK":false',
        '"host\\u004eetwork":true',
    ],
    ids=["true first", "false first", "other cases", "both cases", "escaped"],
)
def test_keys_are_what_the_api_server_reads(managed: Namespace, spec: str) -> None:
    text = json.dumps(bare_pod(labels=NOT_LABELLED)).replace('"spec": {', f'"spec": {{{spec},')

    answer = managed.raw("POST", "pods?fieldValidation=Ignore", text.encode())

    if answer.status == 201:
        assert not answer.json()["spec"].get("hostNetwork")
    else:
        assert refusing_rules(answer) == {"host-namespaces"}


@pytest.mark.parametrize("kind", ["pods", "deployments"])
def test_what_is_made_by_server_side_apply_is_made(managed: Namespace, kind: str) -> None:
    manifest = (bare_pod if kind == "pods" else server)(labels=NOT_LABELLED)
    refused = (bare_pod if kind == "pods" else server)(labels=NOT_LABELLED, hostPID=True)
    path = f"{kind}/github-tools?fieldManager=tool"

    assert refusing_rules(managed.raw("PATCH", path, refused, APPLY_PATCH)) == {"host-namespaces"}
    stored = managed.raw("PATCH", path, manifest, APPLY_PATCH)

    assert stored.status == 201
    spec = stored.json()["spec"]
    assert spec.get("template", {"spec": spec})["spec"]["securityContext"]["runAsNonRoot"] is True


def test_yaml_is_read_like_json(managed: Namespace) -> None:
    text = f"""\
apiVersion: v1
kind: Pod
metadata: {{name: github-tools}}
spec:
  hostNetwork: &yes true
  containers: [{{name: mcp, image: {IMAGE!r}, securityContext: {{privileged: *yes}}}}]
"""
    answer = managed.raw("POST", "pods", text.encode(), "application/yaml")

    assert refusing_rules(answer) >= {"host-namespaces", "privileged"}


def test_a_name_of_the_greatest_length_gets_a_label_that_fits(managed: Namespace) -> None:
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])

    stored = managed.create(bare_pod(name, labels=NOT_LABELLED))

    assert len(name) == 253
    assert len(stored["metadata"]["labels"][NAME]) == 40


@pytest.mark.parametrize("text", ["\u202e\u0000\x1b[31m", "😀" * 50, "\ud800"], ids=ascii)
def test_odd_text_is_refused_without_being_quoted(managed: Namespace, text: str) -> None:
    made = bare_pod(labels=NOT_LABELLED, hostIPC=True, containers=[container(args=[text])])
    made["metadata"]["annotations"] = {"mcp-admission.dev/port": text}

    answer = managed.raw("POST", "pods", made)

    assert refusing_rules(answer) == {"host-namespaces", "annotations"}
    assert text not in answer.body.decode()
