"""Capabilities: what is dropped, what may be added."""

import pytest

from tests.rules.case import Json, base, edition, filled, in_list, refused, with_container
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.capabilities import RULE
from webhook.settings.rule_settings import Level

RESTRICTED, BASELINE = edition("restricted"), edition("baseline")
USUAL = (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
)  # fmt: skip
UNUSUAL = (
    "ALL", "AUDIT_CONTROL", "AUDIT_READ", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE",
    "DAC_READ_SEARCH", "IPC_LOCK", "IPC_OWNER", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN",
    "MAC_OVERRIDE", "NET_ADMIN", "NET_BROADCAST", "NET_RAW", "PERFMON", "SYSLOG", "SYS_ADMIN",
    "SYS_BOOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE",
    "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM",
)  # fmt: skip
ADD = "containers[main].securityContext.capabilities.add: "
DROP = "containers[main].securityContext.capabilities.drop must include ALL"


def context(**capabilities: object) -> Json:
    return with_container(securityContext={"capabilities": capabilities})


FILLED = [
    pytest.param(
        base(),
        [{"op": "add", "path": "/spec/containers/0/securityContext",
          "value": {"capabilities": {"drop": ["ALL"]}}}],
        id="absent",
    ),
    pytest.param(
        context(add=["NET_BIND_SERVICE"]),
        [{"op": "add", "path": "/spec/containers/0/securityContext/capabilities/drop",
          "value": ["ALL"]}],
        id="addition-kept",
    ),
    pytest.param(
        context(drop=[]),
        [{"op": "replace", "path": "/spec/containers/0/securityContext/capabilities/drop",
          "value": ["ALL"]}],
        id="empty-drop",
    ),
    pytest.param(context(drop=["NET_RAW"]), [], id="own-drop-kept"),
    pytest.param(base(os={"name": "windows"}), [], id="windows"),
]  # fmt: skip


@pytest.mark.parametrize(("pod", "operations"), FILLED)
def test_fills_in(pod: Json, operations: list[Json]) -> None:
    assert operations == filled(RULE, pod)


def test_fills_in_at_restricted_and_checks_from_baseline_on() -> None:
    assert (RULE.fill_level, RULE.level) == (Level.RESTRICTED, Level.BASELINE)


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_fills_in_containers_of_every_list(key: str) -> None:
    pod = in_list(key, securityContext={"capabilities": {}})
    assert filled(RULE, pod) == [
        {"op": "add", "path": f"/spec/{key}/0/securityContext/capabilities/drop", "value": ["ALL"]}
    ]


AT_RESTRICTED = [
    pytest.param(context(drop=["ALL"]), [], id="all"),
    pytest.param(context(drop=["NET_RAW", "ALL"]), [], id="all-among-others"),
    pytest.param(context(drop=["ALL"], add=["NET_BIND_SERVICE"]), [], id="net-bind-service"),
    pytest.param(context(drop=["ALL"], add=None), [], id="null"),
    pytest.param(
        context(drop=["ALL"], add=["NET_ADMIN"]), [f"{ADD}NET_ADMIN is not allowed"], id="net-admin"
    ),
    pytest.param(
        context(drop=["ALL"], add=["CHOWN", "NET_BIND_SERVICE", "KILL"]),
        [f"{ADD}CHOWN is not allowed", f"{ADD}KILL is not allowed"],
        id="usual-ones",
    ),
    pytest.param(
        context(drop=["ALL"], add=["CAP_NET_BIND_SERVICE"]),
        [f"{ADD}CAP_NET_BIND_SERVICE is not allowed"],
        id="prefix",
    ),
    pytest.param(context(drop=["NET_RAW"]), [DROP], id="drop-without-all"),
    pytest.param(context(drop=[*USUAL, *UNUSUAL[1:]]), [DROP], id="a-list-of-all"),
    pytest.param(context(drop=["all"]), [DROP], id="lower-case"),
    pytest.param(context(drop=[["ALL"]]), [DROP], id="nested"),
    pytest.param(base(), [DROP], id="absent"),
    pytest.param(
        context(drop=["ALL"], add=[{"SYS_ADMIN": "x"}, 7, None]),
        [f"{ADD}an item that is no text is not allowed"] * 3,
        id="no-texts",
    ),
    pytest.param(
        base(securityContext={"capabilities": {"drop": ["ALL"]}}),
        [DROP],
        id="of-the-pod-counts-not",
    ),
    pytest.param(base(hostUsers=False), [DROP], id="user-namespace-not-exempt"),
]


@pytest.mark.parametrize(("pod", "messages"), AT_RESTRICTED)
def test_refuses_at_restricted(pod: Json, messages: list[str]) -> None:
    assert messages == refused(RULE, pod, RESTRICTED)


@pytest.mark.parametrize("name", USUAL)
def test_baseline_allows_the_usual_set(name: str) -> None:
    assert refused(RULE, context(add=[name]), BASELINE) == []


@pytest.mark.parametrize("name", UNUSUAL)
def test_baseline_refuses_the_rest(name: str) -> None:
    assert refused(RULE, context(add=[name]), BASELINE) == [f"{ADD}{name} is not allowed"]


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    pod = in_list(key, securityContext={"capabilities": {"drop": ["ALL"], "add": ["SYS_PTRACE"]}})
    assert refused(RULE, pod) == [f"{key}[main].{ADD.partition('.')[2]}SYS_PTRACE is not allowed"]


def test_refuses_a_sidecar() -> None:
    assert refused(RULE, in_list("initContainers", restartPolicy="Always")) == [
        f"initContainers[main].{DROP.partition('.')[2]}"
    ]


def test_windows_is_exempt_at_restricted_alone() -> None:
    pod = context(add=["SYS_ADMIN"])
    pod["spec"]["os"] = {"name": "windows"}
    assert refused(RULE, pod, RESTRICTED) == []
    assert refused(RULE, pod, BASELINE) == [f"{ADD}SYS_ADMIN is not allowed"]
