"""sysctls: the safe ones of each edition of the standard."""

import pytest

from tests.rules.case import Json, base, edition, filled, refused
from webhook.pods.fields import Malformed
from webhook.rules.checks.sysctls import RULE
from webhook.settings.rule_settings import Level

SAFE = {
    "v1.25": (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    ),
    "v1.27": ("net.ipv4.ip_local_reserved_ports",),
    "v1.29": (
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    ),
    "v1.32": ("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
    "v1.37": ("net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"),
}
ADDED = [(version, name) for version, names in SAFE.items() for name in names]


def sysctls(*names: object) -> Json:
    return base(securityContext={"sysctls": [{"name": name, "value": "0"} for name in names]})


def not_allowed(*names: str) -> list[str]:
    return [f"securityContext.sysctls: {name} is not allowed" for name in names]


def test_checks_from_baseline_on_and_fills_in_nothing() -> None:
    assert RULE.level is Level.BASELINE
    assert filled(RULE, sysctls("kernel.msgmax")) == []


@pytest.mark.parametrize(("version", "name"), ADDED)
def test_accepts_since(version: str, name: str) -> None:
    assert refused(RULE, sysctls(name), edition("baseline", version)) == []
    assert refused(RULE, sysctls(name)) == []


@pytest.mark.parametrize(("version", "name"), ADDED[len(SAFE["v1.25"]) :])
def test_refuses_before(version: str, name: str) -> None:
    before = f"v1.{int(version.removeprefix('v1.')) - 1}"
    assert refused(RULE, sysctls(name), edition("baseline", before)) == not_allowed(name)


CASES = [
    pytest.param(base(), [], id="absent"),
    pytest.param(base(securityContext={"sysctls": None}), [], id="null"),
    pytest.param(sysctls(), [], id="empty"),
    pytest.param(
        sysctls("kernel.msgmax", "net.ipv4.tcp_syncookies", "vm.swappiness"),
        not_allowed("kernel.msgmax", "vm.swappiness"),
        id="each",
    ),
    pytest.param(
        sysctls("kernel/shm_rmid_forced"), not_allowed("kernel/shm_rmid_forced"), id="slashes"
    ),
    pytest.param(
        sysctls(None, "", 7, ["kernel.shm_rmid_forced"]),
        not_allowed(*["a sysctl without a name"] * 4),
        id="no-names",
    ),
]


@pytest.mark.parametrize(("pod", "messages"), CASES)
def test_pods(pod: Json, messages: list[str]) -> None:
    assert messages == refused(RULE, pod)


@pytest.mark.parametrize("wrong", ["kernel.msgmax", {}, [None], ["kernel.msgmax"]])
def test_sysctls_of_a_wrong_shape_are_malformed(wrong: object) -> None:
    with pytest.raises(Malformed):
        refused(RULE, base(securityContext={"sysctls": wrong}))
