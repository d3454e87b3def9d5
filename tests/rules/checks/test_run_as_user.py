"""runAsUser, runAsGroup and fsGroup: what is filled in where, and that UID 0 is refused."""

import pytest

from tests.rules.case import Json, base, edition, filled, in_list, refused, settings_of
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.run_as_user import RULE

BEFORE, SINCE = edition(version="v1.34"), edition(version="v1.35")
OPENSHIFT = settings_of(platform="openshift")
POD, CONTAINER = "/spec/securityContext", "/spec/containers/0/securityContext"


def contexts(of_pod: Json, of_container: Json, **tweak: object) -> Json:
    container = {"name": "main", "securityContext": of_container}
    return base(securityContext=of_pod, containers=[container], **tweak)


def ids(path: str, **values: object) -> list[Json]:
    return [{"op": "add", "path": f"{path}/{key}", "value": value} for key, value in values.items()]


FILLED = [
    pytest.param(
        base(),
        [
            {"op": "add", "path": POD,
             "value": {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}},
            {"op": "add", "path": CONTAINER, "value": {"runAsUser": 1000, "runAsGroup": 1000}},
        ],
        id="absent",
    ),
    pytest.param(
        contexts({"runAsUser": 65532}, {}),
        ids(POD, runAsGroup=1000, fsGroup=1000) + ids(CONTAINER, runAsUser=65532, runAsGroup=1000),
        id="container-takes-user-of-the-pod",
    ),
    pytest.param(
        contexts({"runAsGroup": 2000, "fsGroup": 3000}, {}),
        ids(POD, runAsUser=1000) + ids(CONTAINER, runAsUser=1000, runAsGroup=2000),
        id="container-takes-group-of-the-pod",
    ),
    pytest.param(
        contexts({"runAsUser": 1, "runAsGroup": 2, "fsGroup": 3}, {"runAsUser": 4}),
        ids(CONTAINER, runAsGroup=2),
        id="container-keeps-its-own",
    ),
    pytest.param(
        contexts({"runAsGroup": 0, "fsGroup": 0}, {"runAsGroup": 0}),
        ids(POD, runAsUser=1000) + ids(CONTAINER, runAsUser=1000),
        id="group-0-kept",
    ),
    pytest.param(
        contexts({"runAsUser": 0, "runAsGroup": 2, "fsGroup": 3}, {"runAsGroup": 2}),
        [],
        id="user-0-not-spread",
    ),
    pytest.param(base(os={"name": "windows"}), [], id="windows"),
]  # fmt: skip


@pytest.mark.parametrize(("pod", "operations"), FILLED)
def test_fills_in(pod: Json, operations: list[Json]) -> None:
    assert operations == filled(RULE, pod)


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_fills_in_containers_of_every_list(key: str) -> None:
    assert filled(RULE, in_list(key, securityContext={}))[1:] == ids(
        f"/spec/{key}/0/securityContext", runAsUser=1000, runAsGroup=1000
    )


def test_leaves_ids_to_openshift() -> None:
    assert filled(RULE, base(), OPENSHIFT) == []


def test_root_of_a_user_namespace_reaches_its_containers_since_1_35() -> None:
    pod = contexts({"runAsUser": 0, "runAsGroup": 0, "fsGroup": 0}, {}, hostUsers=False)
    assert filled(RULE, pod, SINCE) == ids(CONTAINER, runAsUser=0, runAsGroup=0)


def test_root_of_a_user_namespace_is_not_spread_before_1_35() -> None:
    pod = contexts({"runAsUser": 0, "runAsGroup": 0, "fsGroup": 0}, {}, hostUsers=False)
    assert filled(RULE, pod, BEFORE) == ids(CONTAINER, runAsGroup=0)


OF_POD = "securityContext.runAsUser must be a UID other than 0"
OF_CONTAINER = f"containers[main].{OF_POD}"

REFUSED = [
    pytest.param(base(), [], id="absent"),
    pytest.param(contexts({"runAsUser": None}, {}), [], id="null"),
    pytest.param(contexts({"runAsUser": 1}, {"runAsUser": 65532}), [], id="users"),
    pytest.param(contexts({"runAsGroup": 0, "fsGroup": 0}, {"runAsGroup": 0}), [], id="groups"),
    pytest.param(contexts({"runAsUser": 0}, {}), [OF_POD], id="pod"),
    pytest.param(contexts({"runAsUser": 0}, {"runAsUser": 1}), [OF_POD], id="pod-still"),
    pytest.param(contexts({"runAsUser": 1}, {"runAsUser": 0}), [OF_CONTAINER], id="container"),
    pytest.param(
        contexts({"runAsUser": 0}, {"runAsUser": 0}), [OF_POD, OF_CONTAINER], id="pod-and-container"
    ),
    pytest.param(contexts({"runAsUser": "0"}, {}), [OF_POD], id="text"),
    pytest.param(contexts({}, {"runAsUser": 0.0}), [OF_CONTAINER], id="fraction"),
    pytest.param(contexts({}, {"runAsUser": True}), [OF_CONTAINER], id="boolean"),
    pytest.param(contexts({}, {"runAsUser": []}), [OF_CONTAINER], id="list"),
    pytest.param(contexts({"runAsUser": 0}, {}, os={"name": "windows"}), [OF_POD], id="windows"),
    pytest.param(contexts({"runAsUser": 0}, {}, hostUsers=True), [OF_POD], id="host-users"),
]


@pytest.mark.parametrize(("pod", "messages"), REFUSED)
def test_refuses(pod: Json, messages: list[str]) -> None:
    assert messages == refused(RULE, pod)


def test_refuses_on_openshift_too() -> None:
    assert refused(RULE, contexts({"runAsUser": 0}, {}), OPENSHIFT) == [OF_POD]


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    assert refused(RULE, in_list(key, securityContext={"runAsUser": 0})) == [
        f"{key}[main].{OF_POD}"
    ]


def test_refuses_a_sidecar() -> None:
    pod = in_list("initContainers", restartPolicy="Always", securityContext={"runAsUser": 0})
    assert refused(RULE, pod) == [f"initContainers[main].{OF_POD}"]


def test_user_namespaces_are_exempt_since_1_35() -> None:
    pod = contexts({"runAsUser": 0}, {}, hostUsers=False)
    assert refused(RULE, pod, SINCE) == []
    assert refused(RULE, pod, BEFORE) == [OF_POD]
