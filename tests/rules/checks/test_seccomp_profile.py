"""seccompProfile: which contexts are filled in, and which combinations are refused."""

import pytest

from tests.rules.case import Json, base, edition, filled, in_list, refused
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.seccomp_profile import RULE
from webhook.settings.model import Settings
from webhook.settings.rule_settings import Level

RESTRICTED, BASELINE = edition("restricted"), edition("baseline")
DEFAULT = {"seccompProfile": {"type": "RuntimeDefault"}}
LOCAL = {"seccompProfile": {"type": "Localhost", "localhostProfile": "mcp.json"}}
UNCONFINED = {"seccompProfile": {"type": "Unconfined"}}
NO_TYPE = {"seccompProfile": {"localhostProfile": "mcp.json"}}
POD, FIRST = "/spec/securityContext", "/spec/containers/0/securityContext"


def contexts(of_pod: Json | None, *of_containers: Json | None, **tweak: object) -> Json:
    """A pod with these security contexts; its containers are named 0, 1, ..."""
    containers = [
        {"name": str(at), "securityContext": context and {**context}}
        for at, context in enumerate(of_containers)
    ]
    return base(securityContext=of_pod and {**of_pod}, containers=containers, **tweak)


def add(path: str, value: object) -> Json:
    return {"op": "add", "path": path, "value": value}


def test_fills_in_from_baseline_on() -> None:
    assert RULE.fill_level is None
    assert RULE.level is Level.BASELINE


FILLED = [
    pytest.param(base(), [add(POD, DEFAULT), add(FIRST, DEFAULT)], id="absent"),
    pytest.param(
        contexts(LOCAL, {}),
        [add(f"{FIRST}/seccompProfile", LOCAL["seccompProfile"])],
        id="container-takes-the-pods",
    ),
    pytest.param(
        contexts({}, UNCONFINED),
        [add(f"{POD}/seccompProfile", DEFAULT["seccompProfile"])],
        id="own-value-kept",
    ),
    pytest.param(
        contexts({"seccompProfile": {}}, DEFAULT),
        [{"op": "replace", "path": f"{POD}/seccompProfile", "value": {"type": "RuntimeDefault"}}],
        id="empty-profile",
    ),
    pytest.param(contexts(UNCONFINED, {}), [], id="unconfined-not-spread"),
    pytest.param(contexts(NO_TYPE, {}), [], id="profile-without-type-not-spread"),
    pytest.param(base(os={"name": "windows"}), [], id="windows"),
]


@pytest.mark.parametrize(("pod", "operations"), FILLED)
def test_fills_in(pod: Json, operations: list[Json]) -> None:
    assert operations == filled(RULE, pod)


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_fills_in_containers_of_every_list(key: str) -> None:
    assert filled(RULE, in_list(key, securityContext={}))[1:] == [
        add(f"/spec/{key}/0/securityContext/seccompProfile", DEFAULT["seccompProfile"])
    ]


def test_containers_do_not_share_an_object_with_the_pod() -> None:
    pod = contexts(LOCAL, {})
    filled(RULE, pod)
    spec = pod["spec"]
    assert (
        spec["containers"][0]["securityContext"]["seccompProfile"]
        is not spec["securityContext"]["seccompProfile"]
    )


def bad(*places: str) -> list[str]:
    return [f"{place}.seccompProfile must be RuntimeDefault or Localhost" for place in places]


OF_POD, OF_0, OF_1 = (
    "securityContext",
    "containers[0].securityContext",
    "containers[1].securityContext",
)

BOTH_LEVELS = [
    pytest.param(contexts(DEFAULT, {}, None), [], id="pod"),
    pytest.param(contexts(LOCAL, DEFAULT), [], id="localhost"),
    pytest.param(contexts(None, DEFAULT, LOCAL), [], id="every-container"),
    pytest.param(contexts(DEFAULT, UNCONFINED), bad(OF_0), id="pod-does-not-repair-container"),
    pytest.param(contexts(UNCONFINED, DEFAULT), bad(OF_POD), id="container-does-not-repair-pod"),
    pytest.param(contexts(UNCONFINED, {}), bad(OF_POD), id="pod-covers-silent-containers"),
    pytest.param(contexts(DEFAULT, NO_TYPE), bad(OF_0), id="no-type"),
    pytest.param(contexts(DEFAULT, {"seccompProfile": {}}), bad(OF_0), id="empty-profile"),
    pytest.param(contexts({"seccompProfile": {}}, DEFAULT), bad(OF_POD), id="empty-pod-profile"),
    pytest.param(contexts(DEFAULT, {"seccompProfile": None}), [], id="null"),
    pytest.param(
        contexts(DEFAULT, {"seccompProfile": {"type": "runtime/default"}}), bad(OF_0), id="unknown"
    ),
    pytest.param(
        contexts(DEFAULT, {"seccompProfile": {"type": ["Localhost"]}}), bad(OF_0), id="type-a-list"
    ),
    pytest.param(
        contexts({"seccompProfile": "RuntimeDefault"}, DEFAULT), bad(OF_POD), id="profile-a-text"
    ),
]


@pytest.mark.parametrize("settings", [RESTRICTED, BASELINE], ids=["restricted", "baseline"])
@pytest.mark.parametrize(("pod", "messages"), BOTH_LEVELS)
def test_refuses(pod: Json, messages: list[str], settings: Settings) -> None:
    assert messages == refused(RULE, pod, settings)


@pytest.mark.parametrize(
    ("pod", "messages"),
    [
        pytest.param(base(), bad("containers[main].securityContext"), id="nothing-anywhere"),
        pytest.param(contexts(None, DEFAULT, {}), bad(OF_1), id="one-container-uncovered"),
    ],
)
def test_only_restricted_asks_for_a_profile(pod: Json, messages: list[str]) -> None:
    assert messages == refused(RULE, pod, RESTRICTED)
    assert refused(RULE, pod, BASELINE) == []


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    pod = in_list(key, securityContext=UNCONFINED)
    assert refused(RULE, pod) == bad(f"{key}[main].securityContext")


def test_refuses_a_sidecar() -> None:
    pod = in_list("initContainers", restartPolicy="Always", securityContext=UNCONFINED)
    assert refused(RULE, pod) == bad("initContainers[main].securityContext")


def test_windows_is_exempt_at_restricted_alone() -> None:
    pod = contexts(None, UNCONFINED, os={"name": "windows"})
    assert refused(RULE, pod, RESTRICTED) == []
    assert refused(RULE, pod, BASELINE) == bad(OF_0)


def test_user_namespaces_are_not_exempt() -> None:
    assert refused(RULE, contexts(UNCONFINED, DEFAULT, hostUsers=False)) == bad(OF_POD)
