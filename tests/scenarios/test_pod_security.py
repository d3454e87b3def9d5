"""The Pod Security levels and versions of the page, and the variables that set them."""

from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of
from tests.in_memory.places import ABSENT, found
from tests.reference.servers import KINDS, in_context, server
from tests.rules.standard import violations
from webhook.settings.load import load, parse
from webhook.settings.settings_error import SettingsError

Json = dict[str, Any]

VARIABLES = [
    ("OBOT_SERVER_MCPPOD_SECURITY_ENABLED", "enabled", True, ("false", False)),
    ("OBOT_SERVER_MCPPOD_SECURITY_ENFORCE", "enforce", "restricted", ("baseline", "baseline")),
    ("OBOT_SERVER_MCPPOD_SECURITY_ENFORCE_VERSION", "enforceVersion", "latest", ("v1.30", "v1.30")),
    ("OBOT_SERVER_MCPPOD_SECURITY_AUDIT", "audit", "restricted", ("baseline", "baseline")),
    ("OBOT_SERVER_MCPPOD_SECURITY_AUDIT_VERSION", "auditVersion", "latest", ("v1.30", "v1.30")),
    ("OBOT_SERVER_MCPPOD_SECURITY_WARN", "warn", "restricted", ("privileged", "privileged")),
    ("OBOT_SERVER_MCPPOD_SECURITY_WARN_VERSION", "warnVersion", "latest", ("v1.30", "v1.30")),
]
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
    ("restricted", server(volumes=[{"name": "a", "nfs": {"server": "b"}}]), "volume-types"),
]
PROBED = server(container={"livenessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 80}}})
SYSCTL = server(securityContext={"sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "4096"}]})


def enforcing(level: str, version: str = "latest", **more: Any) -> ApiServer:
    security = {"enforce": level, "enforceVersion": version, **more}
    return ApiServer(parse(f"mcpNamespace: {{podSecurity: {security}}}", "settings.yaml"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", LEVELS)
def test_a_level_fills_in_its_contexts(level: str, kind: str) -> None:
    outcome = enforcing(level).create(server(kind))

    assert outcome.allowed
    of_pod, of_container = FILLED[level]
    assert found(outcome.stored, "securityContext") == of_pod
    given = found(outcome.stored, "containers[main].securityContext")
    assert ({} if given is ABSENT else given) == of_container


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("lowest", "manifest", "rule"),
    [pytest.param(*row, id=f"{row[2]}-{at}") for at, row in enumerate(REFUSED_FROM)],
)
def test_a_level_refuses(level: str, lowest: str, manifest: Json, rule: str) -> None:
    refused_by = enforcing(level).create(manifest).refused_by

    assert (rule in refused_by) == (LEVELS.index(level) >= LEVELS.index(lowest))


@pytest.mark.parametrize("manifest", MODEST, ids=range(len(MODEST)))
def test_pods_comply_with_restricted(manifest: Json) -> None:
    pod = ApiServer().create(pod_of(ApiServer().create(manifest).stored)).stored

    assert violations(pod, "restricted") == []


def test_restricted_is_the_default() -> None:
    assert ApiServer().create(in_context(runAsUser=0)).refused_by == ["run-as-user"]


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
def test_the_version_is_that_of_the_standard(manifest: Json, version: str, allowed: bool) -> None:
    assert enforcing("restricted", version).create(manifest).allowed == allowed


@pytest.mark.parametrize("key", ["audit", "warn"])
def test_audit_and_warn_refuse_nothing(key: str) -> None:
    level = enforcing("baseline", **{key: "restricted"})

    assert level.create(in_context(runAsUser=0)).allowed


def test_without_namespace_labels_the_webhook_hardens_all_the_same() -> None:
    server_without_labels = ApiServer(
        parse("mcpNamespace: {podSecurity: {enabled: false}}", "settings.yaml")
    )

    stored = server_without_labels.create(server()).stored

    assert found(stored, "securityContext") == FILLED["restricted"][0]


@pytest.mark.parametrize(("variable", "key", "default", "other"), VARIABLES)
def test_each_variable_and_its_default(
    variable: str, key: str, default: Any, other: tuple[str, Any]
) -> None:
    text, value = other

    def setting(environment: dict[str, str]) -> Any:
        settings = load(None, environment).model_dump(by_alias=True)
        return settings["mcpNamespace"]["podSecurity"][key]

    assert setting({}) == default
    assert setting({variable: ""}) == default
    assert setting({variable: text}) == value


@pytest.mark.parametrize("name", ["ENFORCE", "AUDIT", "WARN"])
def test_an_unknown_level_is_no_default(name: str) -> None:
    variable = f"OBOT_SERVER_MCPPOD_SECURITY_{name}"

    with pytest.raises(SettingsError, match=f"{variable}.*privileged, baseline or restricted"):
        load(None, {variable: "strict"})
