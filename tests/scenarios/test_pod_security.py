"""The Pod Security levels and versions of the reference page choose the rules."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import SERVERS, in_context, server
from tests.in_memory.places import ABSENT, found
from tests.rules.standard import violations
from tests.scenarios.cluster import Cluster, Settings

Json = dict[str, Any]

SECCOMP = {"type": "RuntimeDefault"}
FILLED = {
    "privileged": ({}, {}),
    "baseline": (
        {"seccompProfile": SECCOMP},
        {"allowPrivilegeEscalation": False, "seccompProfile": SECCOMP},
    ),
    "restricted": (
        {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "fsGroup": 1000,
            "seccompProfile": SECCOMP,
        },
        {
            "allowPrivilegeEscalation": False,
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": SECCOMP,
        },
    ),
}
# What a server may say for itself without being refused, in lists other than `containers` too.
MODEST = [
    server(),
    server(container={"image": ""}),
    in_context(readOnlyRootFilesystem=True),
    in_context(capabilities={"add": ["NET_BIND_SERVICE"]}),
    server(initContainers=[{"name": "init", "image": "registry.example/tools/init:1"}]),
    server(
        initContainers=[
            {"name": "log", "image": "registry.example/tools/log:1", "restartPolicy": "Always"}
        ]
    ),
    server(asks={"config-from": "github", "file-keys": "key.pem"}),
]
LEVELS = ("privileged", "baseline", "restricted")
# Refused from this level on; what is known to gain privileges is refused from baseline on.
REFUSED_FROM = [
    ("baseline", server(hostNetwork=True), "host-namespaces"),
    ("baseline", server(hostPID=True), "host-namespaces"),
    ("baseline", in_context(privileged=True, allowPrivilegeEscalation=True), "privileged"),
    ("baseline", in_context(capabilities={"add": ["NET_ADMIN"]}), "capabilities"),
    ("baseline", server(volumes=[{"name": "a", "hostPath": {"path": "/"}}]), "host-path"),
    ("baseline", in_context(seccompProfile={"type": "Unconfined"}), "seccomp-profile"),
    ("restricted", in_context(runAsUser=0), "run-as-user"),
    ("restricted", in_context(runAsNonRoot=False), "run-as-non-root"),
    ("restricted", in_context(allowPrivilegeEscalation=True), "privilege-escalation"),
    ("restricted", in_context(capabilities={"add": ["CHOWN"]}), "capabilities"),
    (
        "restricted",
        server(volumes=[{"name": "a", "nfs": {"server": "b", "path": "/"}}]),
        "volume-types",
    ),
]
PROBED = server(container={"livenessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 80}}})
SYSCTL = server(securityContext={"sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "4096"}]})


def enforcing(level: str, version: str = "latest", **more: Any) -> Settings:
    security = {"enforce": level, "enforceVersion": version, **more}
    return {"mcpNamespace": {"podSecurity": security}}


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("level", LEVELS)
def test_a_level_fills_in_its_contexts(
    clusters: Callable[..., Cluster], level: str, kind: str
) -> None:
    outcome = clusters(enforcing(level)).create(SERVERS[kind]())

    assert outcome.allowed
    of_pod, of_container = FILLED[level]
    assert found(outcome.stored, "securityContext") == of_pod
    given = found(outcome.stored, "containers[mcp].securityContext")
    assert ({} if given is ABSENT else given) == of_container


@pytest.mark.parametrize(
    ("lowest", "manifest", "rule"),
    [pytest.param(*row, id=f"{row[2]}-{at}") for at, row in enumerate(REFUSED_FROM)],
)
@pytest.mark.parametrize("level", LEVELS)
def test_a_level_refuses_what_its_standard_refuses(
    clusters: Callable[..., Cluster], level: str, lowest: str, manifest: Json, rule: str
) -> None:
    refused_by = clusters(enforcing(level)).create(manifest).refused_by

    assert (rule in refused_by) == (LEVELS.index(level) >= LEVELS.index(lowest))


@pytest.mark.parametrize("manifest", MODEST, ids=range(len(MODEST)))
def test_pods_comply_with_the_restricted_standard(cluster: Cluster, manifest: Json) -> None:
    pod = cluster.made_pod(cluster.create(manifest).stored).stored

    assert violations(pod, "restricted") == []


def test_restricted_is_the_default_level(cluster: Cluster) -> None:
    assert cluster.create(in_context(runAsUser=0)).refused_by == {"run-as-user"}


@pytest.mark.parametrize(
    ("manifest", "version", "allowed"),
    [
        pytest.param(PROBED, "v1.33", True, id="probe-host-1.33"),
        pytest.param(PROBED, "v1.34", False, id="probe-host-1.34"),
        pytest.param(PROBED, "latest", False, id="probe-host-latest"),
        pytest.param(SYSCTL, "v1.31", False, id="tcp-rmem-1.31"),
        pytest.param(SYSCTL, "v1.32", True, id="tcp-rmem-1.32"),
        pytest.param(SYSCTL, "latest", True, id="tcp-rmem-latest"),
    ],
)
def test_the_version_of_the_standard_decides(
    clusters: Callable[..., Cluster], manifest: Json, version: str, allowed: bool
) -> None:
    assert clusters(enforcing("restricted", version)).create(manifest).allowed == allowed


@pytest.mark.parametrize("key", ["audit", "warn"])
def test_the_levels_audit_and_warn_refuse_nothing(
    clusters: Callable[..., Cluster], key: str
) -> None:
    cluster = clusters(enforcing("baseline", **{key: "restricted"}))

    assert cluster.create(in_context(runAsUser=0)).allowed


def test_without_namespace_labels_the_webhook_hardens_all_the_same(
    clusters: Callable[..., Cluster],
) -> None:
    cluster = clusters({"mcpNamespace": {"podSecurity": {"enabled": False}}})

    stored = cluster.create(server()).stored

    assert found(stored, "securityContext") == FILLED["restricted"][0]
