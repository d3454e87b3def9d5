"""What the reference page calls unchangeable: replicas, pull policy, contexts, configuration."""

from typing import Any

import pytest

from tests.builders import SERVERS, bare_pod, in_context, server
from tests.in_memory.places import ABSENT, found
from tests.scenarios.cluster import Cluster

Json = dict[str, Any]

POD = "securityContext"
CONTAINER = "containers[mcp].securityContext"
UNSET_FIELDS = [
    ("containers[mcp].imagePullPolicy", "Always"),
    (f"{POD}.runAsNonRoot", True),
    (f"{POD}.runAsUser", 1000),
    (f"{POD}.runAsGroup", 1000),
    (f"{POD}.fsGroup", 1000),
    (f"{POD}.seccompProfile.type", "RuntimeDefault"),
    (f"{CONTAINER}.allowPrivilegeEscalation", False),
    (f"{CONTAINER}.runAsNonRoot", True),
    (f"{CONTAINER}.runAsUser", 1000),
    (f"{CONTAINER}.runAsGroup", 1000),
    (f"{CONTAINER}.capabilities.drop", ["ALL"]),
    (f"{CONTAINER}.seccompProfile.type", "RuntimeDefault"),
]
CONTRADICTIONS = [
    ("imagePullPolicy Never", server(container={"imagePullPolicy": "Never"}), "image-pull-policy"),
    ("runAsNonRoot false", in_context(runAsNonRoot=False), "run-as-non-root"),
    ("pod runAsNonRoot false", server(securityContext={"runAsNonRoot": False}), "run-as-non-root"),
    ("runAsUser 0", in_context(runAsUser=0), "run-as-user"),
    ("pod runAsUser 0", server(securityContext={"runAsUser": 0}), "run-as-user"),
    ("escalation on", in_context(allowPrivilegeEscalation=True), "privilege-escalation"),
    ("drop without ALL", in_context(capabilities={"drop": ["NET_RAW"]}), "capabilities"),
    (
        "NET_ADMIN added",
        in_context(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}),
        "capabilities",
    ),
    ("seccomp off", in_context(seccompProfile={"type": "Unconfined"}), "seccomp-profile"),
]
STRICTER = [
    (f"{CONTAINER}.runAsUser", in_context(runAsUser=65532), 65532),
    (f"{POD}.runAsUser", server(securityContext={"runAsUser": 65532}), 65532),
    (f"{CONTAINER}.runAsUser", server(securityContext={"runAsUser": 65532}), 65532),
    (f"{CONTAINER}.runAsGroup", in_context(runAsGroup=65532), 65532),
    (f"{POD}.fsGroup", server(securityContext={"fsGroup": 65532}), 65532),
    (
        f"{CONTAINER}.capabilities.drop",
        in_context(capabilities={"drop": ["ALL", "NET_RAW"]}),
        ["ALL", "NET_RAW"],
    ),
    (
        f"{CONTAINER}.seccompProfile.type",
        in_context(seccompProfile={"type": "Localhost", "localhostProfile": "mcp.json"}),
        "Localhost",
    ),
]


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize(("place", "value"), UNSET_FIELDS, ids=str)
def test_a_server_that_says_nothing_gets_the_reference_values(
    cluster: Cluster, kind: str, place: str, value: Any
) -> None:
    stored = cluster.create(SERVERS[kind]()).stored

    assert found(stored, place) == value


@pytest.mark.parametrize(
    ("asked", "replicas", "warning"),
    [
        (None, 1, []),
        (0, 0, []),
        (1, 1, []),
        (2, 1, ["replicas set to 1 (asked for 2): MCP servers run as one replica here (replicas)"]),
        (9, 1, ["replicas set to 1 (asked for 9): MCP servers run as one replica here (replicas)"]),
    ],
)
def test_a_server_has_one_replica(
    cluster: Cluster, asked: int | None, replicas: int, warning: list[str]
) -> None:
    outcome = cluster.create(server(replicas=asked))

    assert found(outcome.stored, "spec.replicas") == replicas
    assert list(outcome.warnings) == warning


@pytest.mark.parametrize("policy", [None, "Always", "IfNotPresent"])
@pytest.mark.parametrize("kind", SERVERS)
def test_the_pull_policy_becomes_always_without_a_warning(
    cluster: Cluster, kind: str, policy: str | None
) -> None:
    outcome = cluster.create(SERVERS[kind](container={"imagePullPolicy": policy} if policy else {}))

    assert found(outcome.stored, "containers[mcp].imagePullPolicy") == "Always"
    assert outcome.warnings == ()


@pytest.mark.parametrize(
    ("manifest", "rule"),
    [pytest.param(manifest, rule, id=name) for name, manifest, rule in CONTRADICTIONS],
)
def test_what_contradicts_the_reference_values_is_refused(
    cluster: Cluster, manifest: Json, rule: str
) -> None:
    assert cluster.create(manifest).refused_by == {rule}


@pytest.mark.parametrize(
    ("place", "manifest", "value"), STRICTER, ids=lambda part: part if type(part) is str else None
)
def test_what_is_at_least_as_strict_as_the_reference_values_stays(
    cluster: Cluster, place: str, manifest: Json, value: Any
) -> None:
    outcome = cluster.create(manifest)

    assert outcome.allowed
    assert found(outcome.stored, place) == value


@pytest.mark.parametrize(
    ("asks", "env_from"),
    [
        ({}, ABSENT),
        ({"config-from": "github"}, ["github-tools-mcp-config"]),
        ({"env-from": "github"}, ["github"]),
        ({"env-from": "github,proxy"}, ["github", "proxy"]),
        ({"config-from": "github", "env-from": "proxy"}, ["github-tools-mcp-config", "proxy"]),
    ],
    ids=str,
)
def test_the_environment_comes_from_secrets_if_any(
    cluster: Cluster, asks: dict[str, str], env_from: Any
) -> None:
    stored = cluster.create(server(asks=asks)).stored

    if env_from is not ABSENT:
        env_from = [{"secretRef": {"name": name}} for name in env_from]
    assert found(stored, "containers[mcp].envFrom") == env_from


def test_a_bare_pod_reads_secrets_that_exist(cluster: Cluster) -> None:
    stored = cluster.create(bare_pod(asks={"env-from": "github"})).stored

    assert found(stored, "containers[mcp].envFrom") == [{"secretRef": {"name": "github"}}]


def test_the_secrets_of_a_long_name_have_a_short_one(cluster: Cluster) -> None:
    name = "github-tools-of-the-platform-team-in-the-north"

    stored = cluster.create(server(name=name, asks={"config-from": "github"})).stored

    identity = found(stored, "spec.template.metadata.labels[mcp-admission.dev/name]")
    assert identity.startswith("github-tools-of-the-platform-te")
    assert len(identity) == 40
    secret = found(stored, "containers[mcp].envFrom[0].secretRef.name")
    assert secret == f"{identity}-mcp-config"


@pytest.mark.parametrize(
    ("asks", "secret"),
    [
        ({"config-from": "github", "file-keys": "key.pem"}, "github-tools-mcp-files"),
        ({"files-from": "github-keys"}, "github-keys"),
    ],
    ids=str,
)
def test_values_that_are_files_are_mounted_at_files(
    cluster: Cluster, asks: dict[str, str], secret: str
) -> None:
    stored = cluster.create(server(asks=asks)).stored

    assert found(stored, "volumes[mcp-files].secret.secretName") == secret
    assert found(stored, "containers[mcp].volumeMounts") == [
        {"name": "mcp-files", "mountPath": "/files", "readOnly": True}
    ]


@pytest.mark.parametrize("asks", [{}, {"config-from": "github"}], ids=str)
def test_nothing_is_mounted_where_no_value_is_a_file(
    cluster: Cluster, asks: dict[str, str]
) -> None:
    stored = cluster.create(server(asks=asks)).stored

    assert found(stored, "volumes") is ABSENT
    assert found(stored, "containers[mcp].volumeMounts") is ABSENT
