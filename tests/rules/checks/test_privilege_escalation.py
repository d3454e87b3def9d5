"""allowPrivilegeEscalation: filled in where that leaves a valid pod, refused unless it is false."""

import pytest

from tests.rules.case import Json, base, filled, in_list, refused, with_container
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.privilege_escalation import RULE
from webhook.settings.rule_settings import Level

CONTAINER = "/spec/containers/0/securityContext"


def context(**fields: object) -> Json:
    return with_container(securityContext=fields)


def adding(*capabilities: object) -> Json:
    return context(capabilities={"add": list(capabilities)})


def added(path: str, value: object) -> list[Json]:
    return [{"op": "add", "path": path, "value": value}]


INTO_CONTEXT = added(f"{CONTAINER}/allowPrivilegeEscalation", False)

FILLED = [
    pytest.param(base(), added(CONTAINER, {"allowPrivilegeEscalation": False}), id="absent"),
    pytest.param(context(privileged=False), INTO_CONTEXT, id="unprivileged"),
    pytest.param(adding("NET_ADMIN"), INTO_CONTEXT, id="another-capability"),
    pytest.param(context(allowPrivilegeEscalation=False), [], id="false"),
    pytest.param(context(allowPrivilegeEscalation=True), [], id="true-kept-for-the-check"),
    pytest.param(context(privileged=True), [], id="privileged-would-be-invalid"),
    pytest.param(adding("SYS_ADMIN"), [], id="sys-admin-would-be-invalid"),
    pytest.param(adding("CAP_SYS_ADMIN"), [], id="cap-sys-admin-would-be-invalid"),
    pytest.param(base(os={"name": "windows"}), [], id="windows"),
]


@pytest.mark.parametrize(("pod", "operations"), FILLED)
def test_fills_in(pod: Json, operations: list[Json]) -> None:
    assert operations == filled(RULE, pod)


def test_fills_in_from_baseline_on_and_checks_at_restricted() -> None:
    assert (RULE.fill_level, RULE.level) == (Level.BASELINE, Level.RESTRICTED)


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_fills_in_containers_of_every_list(key: str) -> None:
    assert filled(RULE, in_list(key, securityContext={})) == added(
        f"/spec/{key}/0/securityContext/allowPrivilegeEscalation", False
    )


MESSAGE = "securityContext.allowPrivilegeEscalation must be false"

REFUSED = [
    pytest.param(context(allowPrivilegeEscalation=False), True, id="false"),
    pytest.param(base(), False, id="absent"),
    pytest.param(context(allowPrivilegeEscalation=True), False, id="true"),
    pytest.param(context(allowPrivilegeEscalation=None), False, id="null"),
    pytest.param(context(allowPrivilegeEscalation=0), False, id="number"),
    pytest.param(context(allowPrivilegeEscalation="false"), False, id="text"),
    pytest.param(
        base(securityContext={"allowPrivilegeEscalation": False}), False, id="of-the-pod-counts-not"
    ),
    pytest.param(base(hostUsers=False), False, id="user-namespace-not-exempt"),
    pytest.param(base(os={"name": "linux"}), False, id="linux"),
    pytest.param(base(os={"name": "windows"}), True, id="windows"),
]


@pytest.mark.parametrize(("pod", "accepted"), REFUSED)
def test_refuses(pod: Json, accepted: bool) -> None:
    assert refused(RULE, pod) == ([] if accepted else [f"containers[main].{MESSAGE}"])


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    assert refused(RULE, in_list(key)) == [f"{key}[main].{MESSAGE}"]


def test_refuses_a_sidecar() -> None:
    assert refused(RULE, in_list("initContainers", restartPolicy="Always")) == [
        f"initContainers[main].{MESSAGE}"
    ]
