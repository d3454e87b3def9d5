"""runAsNonRoot: which contexts are filled in, and which combinations are refused."""

import pytest

from tests.rules.case import Json, base, edition, filled, in_list, refused
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.run_as_non_root import RULE

BEFORE, SINCE = edition(version="v1.34"), edition(version="v1.35")
TRUE, FALSE = {"runAsNonRoot": True}, {"runAsNonRoot": False}
ROOT, USER = {"runAsUser": 0}, {"runAsUser": 65532}


def contexts(of_pod: Json | None, *of_containers: Json | None, **tweak: object) -> Json:
    """A pod with these security contexts; its containers are named 0, 1, ..."""
    containers = [
        {"name": str(at), "securityContext": context and {**context}}
        for at, context in enumerate(of_containers)
    ]
    return base(securityContext=of_pod and {**of_pod}, containers=containers, **tweak)


def user_namespace(of_pod: Json | None, *of_containers: Json | None) -> Json:
    return contexts(of_pod, *of_containers, hostUsers=False)


def add(path: str, value: object) -> Json:
    return {"op": "add", "path": path, "value": value}


POD, FIRST, SECOND = (
    "/spec/securityContext",
    "/spec/containers/0/securityContext",
    "/spec/containers/1/securityContext",
)

FILLED = [
    pytest.param(base(), [add(POD, TRUE), add(FIRST, TRUE)], id="absent"),
    pytest.param(
        base(securityContext={}),
        [add(f"{POD}/runAsNonRoot", True), add(FIRST, TRUE)],
        id="empty",
    ),
    pytest.param(contexts(TRUE, TRUE), [], id="asked-for"),
    pytest.param(contexts(TRUE, {}), [add(f"{FIRST}/runAsNonRoot", True)], id="of-the-pod"),
    pytest.param(contexts(FALSE, FALSE), [], id="kept-for-the-check"),
    pytest.param(
        contexts(TRUE, FALSE, {}), [add(f"{SECOND}/runAsNonRoot", True)], id="undone-in-one"
    ),
    pytest.param(
        base(os={"name": "windows"}), [add(POD, TRUE), add(FIRST, TRUE)], id="windows-knows-it"
    ),
    pytest.param(
        user_namespace(USER, USER),
        [add(f"{POD}/runAsNonRoot", True), add(f"{FIRST}/runAsNonRoot", True)],
        id="user-namespace-without-root",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("pod", "operations"), FILLED)
def test_fills_in(pod: Json, operations: list[Json]) -> None:
    assert operations == filled(RULE, pod)


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_fills_in_containers_of_every_list(key: str) -> None:
    assert filled(RULE, in_list(key, securityContext={}))[1:] == [
        add(f"/spec/{key}/0/securityContext/runAsNonRoot", True)
    ]


ROOT_IN_USER_NAMESPACE = [
    pytest.param(user_namespace(ROOT, {}), [], id="pod"),
    pytest.param(
        user_namespace(ROOT, USER, {}), [add(f"{FIRST}/runAsNonRoot", True)], id="pod-one-user"
    ),
    pytest.param(
        user_namespace({}, ROOT, {}), [add(f"{SECOND}/runAsNonRoot", True)], id="one-container"
    ),
    pytest.param(user_namespace(FALSE, ROOT, {}), [], id="pod-says-false"),
]


@pytest.mark.parametrize(("pod", "operations"), ROOT_IN_USER_NAMESPACE)
def test_leaves_root_of_a_user_namespace_runnable(pod: Json, operations: list[Json]) -> None:
    """A container with UID 0 under runAsNonRoot of its own or of the pod never starts."""
    assert operations == filled(RULE, pod, SINCE)


def test_fills_in_for_root_of_a_user_namespace_before_1_35() -> None:
    assert filled(RULE, user_namespace(ROOT, {}), BEFORE) == [
        add(f"{POD}/runAsNonRoot", True),
        add(f"{FIRST}/runAsNonRoot", True),
    ]


def not_true(*places: str) -> list[str]:
    return [f"{place}.runAsNonRoot must be true" for place in places]


OF_POD, OF_0, OF_1 = (
    "securityContext",
    "containers[0].securityContext",
    "containers[1].securityContext",
)

REFUSED = [
    pytest.param(contexts(TRUE, {}, None), [], id="pod"),
    pytest.param(contexts(None, TRUE, TRUE), [], id="every-container"),
    pytest.param(contexts(TRUE, FALSE), not_true(OF_0), id="undone-by-container"),
    pytest.param(contexts(FALSE, TRUE), not_true(OF_POD), id="pod-false"),
    pytest.param(contexts(FALSE, {}), not_true(OF_POD), id="pod-false-covers-silent-containers"),
    pytest.param(contexts(None, TRUE, {}), not_true(OF_1), id="one-container-uncovered"),
    pytest.param(contexts(None, {}, None), not_true(OF_0, OF_1), id="nothing-anywhere"),
    pytest.param(contexts({"runAsNonRoot": None}, {}), not_true(OF_0), id="null"),
    pytest.param(contexts({"runAsNonRoot": 1}, {}), not_true(OF_POD), id="number-in-pod"),
    pytest.param(contexts(TRUE, {"runAsNonRoot": 1}), not_true(OF_0), id="number-in-container"),
    pytest.param(contexts({"runAsNonRoot": "true"}, {}), not_true(OF_POD), id="text"),
    pytest.param(contexts(None, {}, os={"name": "windows"}), not_true(OF_0), id="windows"),
    pytest.param(contexts(FALSE, {}, hostUsers=True), not_true(OF_POD), id="host-users"),
    pytest.param(contexts(FALSE, {}, hostUsers="false"), not_true(OF_POD), id="host-users-text"),
    pytest.param(contexts(FALSE, {}, hostUsers=0), not_true(OF_POD), id="host-users-number"),
]


@pytest.mark.parametrize(("pod", "messages"), REFUSED)
def test_refuses(pod: Json, messages: list[str]) -> None:
    assert messages == refused(RULE, pod)


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    assert refused(RULE, in_list(key)) == not_true(f"{key}[main].securityContext")


def test_refuses_a_sidecar() -> None:
    sidecar = in_list("initContainers", restartPolicy="Always", securityContext=FALSE)
    assert refused(RULE, sidecar) == not_true("initContainers[main].securityContext")


@pytest.mark.parametrize("of_container", [FALSE, None, {"runAsNonRoot": "no"}])
def test_user_namespaces_are_exempt_since_1_35(of_container: Json | None) -> None:
    pod = user_namespace(None, of_container)
    assert refused(RULE, pod, SINCE) == []
    assert refused(RULE, pod, BEFORE) == not_true(OF_0)
