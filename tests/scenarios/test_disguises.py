"""However a pod is written, what the API server would store is what the rules see."""

from typing import Any

import pytest

from tests.builders import NAME, NOT_LABELLED, Manifest, bare_pod, container, server
from tests.scenarios.cluster import Cluster

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
def test_a_pod_in_disguise_is_refused(managed: Cluster, case: str) -> None:
    spec, rules = REFUSED[case]

    assert managed.create(pod_with(spec)).refused_by == rules


@pytest.mark.parametrize("case", [case for case in REFUSED if "node of its choice" not in case])
def test_a_template_in_disguise_is_refused(managed: Cluster, case: str) -> None:
    spec, rules = REFUSED[case]
    pod = pod_with(spec)
    deployment = server(labels=NOT_LABELLED)
    template = deployment["spec"]["template"]
    template["spec"] = pod["spec"]
    template["metadata"]["annotations"] = pod["metadata"]["annotations"]

    assert managed.create(deployment).refused_by == rules


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
    managed: Cluster, volume: dict[str, Any]
) -> None:
    volumes = [{"name": "v", **volume}, {"name": "w", "hostPath": {"path": "/"}}]

    refused = managed.create(bare_pod(labels=NOT_LABELLED, volumes=volumes))

    assert refused.refused_by == {"host-path"}


def test_a_name_of_the_greatest_length_gets_a_label_that_fits(managed: Cluster) -> None:
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])

    stored = managed.create(bare_pod(name, labels=NOT_LABELLED)).stored

    assert len(name) == 253
    assert len(stored["metadata"]["labels"][NAME]) == 40


@pytest.mark.parametrize("text", ["\u202e\u0000\x1b[31m", "😀" * 50, "\ud800"], ids=ascii)
def test_odd_text_is_refused_without_being_quoted(managed: Cluster, text: str) -> None:
    made = bare_pod(labels=NOT_LABELLED, hostIPC=True, containers=[container(args=[text])])
    made["metadata"]["annotations"] = {"mcp-admission.dev/port": text}

    refused = managed.create(made)

    assert refused.refused_by == {"host-namespaces", "annotations"}
    assert text not in refused.message
