"""What is known of a cluster, and which reconcilers hear of a change."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.controller.servers.one_server import Json, deployment, stored
from webhook import names
from webhook.admission import Scope
from webhook.controller.cluster_state import ClusterState
from webhook.kube.work_queue import NamespacedName
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

CRM = NamespacedName("team", "crm")


class Keys(set[Any]):
    """Instead of a queue: the keys that were asked for, and the namespaces that were woken."""

    def __init__(self) -> None:
        super().__init__()
        self.woken: list[str] = []

    def wake(self, namespace: str) -> None:
        self.woken.append(namespace)


class Asked:
    """The queues: the keys that were asked for since they were taken."""

    def __init__(self) -> None:
        self.namespaces, self.servers, self.pods = Keys(), Keys(), Keys()
        self.judged_pods, self.states = Keys(), Keys()

    def taken(self) -> tuple[set[str], set[NamespacedName], set[NamespacedName]]:
        found = set(self.namespaces), set(self.servers), set(self.pods)
        for keys in (self.namespaces, self.servers, self.pods):
            keys.clear()
        return found


def namespace(name: str, **metadata: Any) -> Json:
    return stored({"metadata": {"name": name, **metadata}}, f"uid-of-{name}")


def pod(gates: list[str], name: str = "crm-1", of: str = "team") -> Json:
    spec = {"schedulingGates": [{"name": gate} for gate in gates]}
    return stored({"metadata": {"name": name, "namespace": of}, "spec": spec}, f"uid-of-{name}")


GATE = "mcp-admission.dev/isolation"
MANAGED = {"mcp-admission.dev/managed": "true"}


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def state(asked: Asked) -> ClusterState:
    settings = Settings.model_validate({"excludedNamespaces": ["excluded"]})
    queues: Any = asked
    state = ClusterState(SettingsByNamespace(settings), "release", (), queues)
    state.namespaces.put(namespace("team"))
    state.deployments.put(deployment({}))
    return state


@pytest.mark.parametrize(
    ("found", "here", "managed"),
    [
        (namespace("tools"), True, False),
        (namespace("tools", labels=MANAGED), True, True),
        (namespace("tools", labels={"mcp-admission.dev/managed": "yes"}), True, False),
        (namespace("tools", deletionTimestamp="2026-01-01T00:00:00Z"), False, False),
        (namespace("release", labels=MANAGED), False, False),
        (namespace("kube-system", labels=MANAGED), False, False),
        (namespace("excluded", labels=MANAGED), False, False),
    ],
)
def test_a_namespace_is_written_to_and_managed_by_its_labels_and_the_settings(
    found: Json, here: bool, managed: bool, state: ClusterState
) -> None:
    state.namespaces.put(found)
    name = found["metadata"]["name"]

    scope = Scope.MANAGED if managed else Scope.OPTED_IN
    assert (state.here(name), state.scope(name)) == (here, scope)
    assert (state.here("unknown"), state.scope("unknown")) == (False, Scope.OPTED_IN)


def test_nothing_is_asked_for_before_every_cache_is_complete(
    state: ClusterState, asked: Asked
) -> None:
    assert asked.taken() == (set(), set(), set())

    state.begin()
    assert asked.taken() == ({"team"}, {CRM}, set())


def test_a_namespace_that_becomes_managed_has_its_servers_looked_at(
    state: ClusterState, asked: Asked
) -> None:
    state.begin()
    asked.taken()

    state.namespaces.put(namespace("team", labels={"a": "b"}))
    assert asked.taken() == (set(), set(), set())
    state.namespaces.put(namespace("team", labels=MANAGED))
    assert asked.taken() == ({"team"}, {CRM}, set())


def test_a_changed_source_has_the_servers_looked_at_that_read_it(
    state: ClusterState, asked: Asked
) -> None:
    state.begin()
    asked.taken()

    for name, servers in (("another", set()), ("source", {CRM})):
        state.sources.put(stored({"metadata": {"name": name, "namespace": "team"}}, name))
        assert asked.taken() == (set(), servers, set())


LONG = "w" * 60


@pytest.mark.parametrize(
    ("kind", "name", "looked_at"),
    [
        ("Service", "crm-mcp", (set(), {CRM}, set())),
        ("Service", "other-mcp", (set(), set(), set())),
        ("Service", "crm", (set(), set(), set())),
        ("Service", names.service_of(LONG), (set(), {NamespacedName("team", LONG)}, set())),
        ("NetworkPolicy", "crm-mcp-access", (set(), {CRM}, set())),
        ("NetworkPolicy", "mcp-admission-baseline", ({"team"}, set(), set())),
    ],
)
def test_whoever_wants_the_name_of_somebody_elses_object_is_looked_at_when_it_comes_and_goes(
    kind: str,
    name: str,
    looked_at: tuple[set[object], set[object], set[object]],
    state: ClusterState,
    asked: Asked,
) -> None:
    long = deployment({})
    long["metadata"] |= {"name": LONG}
    state.deployments.put(long)
    state.begin()
    asked.taken()

    found = stored({"metadata": {"name": name, "namespace": "team"}}, name)
    for change in (state.foreign.caches[kind].put, state.foreign.caches[kind].delete):
        change(found)
        assert asked.taken() == looked_at


def test_a_baseline_that_was_given_an_owner_is_looked_at(state: ClusterState, asked: Asked) -> None:
    state.begin()
    asked.taken()
    owner = {"kind": "Deployment", "name": "crm", "uid": "0"}
    metadata = {
        "name": "mcp-admission-baseline",
        "namespace": "team",
        "ownerReferences": [owner],
    }

    state.made["NetworkPolicy"].put(stored({"metadata": metadata}, "b"))

    assert "team" in asked.taken()[0]


def test_only_pods_that_wait_at_the_gate_are_looked_at(state: ClusterState, asked: Asked) -> None:
    state.begin()
    asked.taken()
    waiting = NamespacedName("team", "crm-1")

    state.pods.put(pod([], "free"))
    state.pods.put(pod([GATE]))
    state.pods.put(pod([GATE], "own", of="release"))
    assert asked.taken() == ({"team"}, set(), {waiting})

    state.ask_for_waiting("team")
    assert asked.taken() == (set(), set(), {waiting})


def test_the_first_and_the_last_pod_of_a_namespace_have_it_looked_at(
    state: ClusterState, asked: Asked
) -> None:
    """Thousands of pods that come at once are no reason to look at their namespace each time."""
    state.begin()
    asked.taken()
    pods = [pod([], f"crm-{number}") for number in range(3)]

    for change in (state.pods.put, state.pods.delete):
        looked_at = []
        for each in pods:
            change(each)
            looked_at.append(asked.taken()[0])
        expected: list[set[str]] = [{"team"}, set(), set()]
        assert looked_at == (expected if change == state.pods.put else expected[::-1])


def test_what_is_deleted_in_a_namespace_lets_what_was_refused_there_be_tried_again(
    state: ClusterState, asked: Asked
) -> None:
    state.begin()
    source = stored({"metadata": {"name": "source", "namespace": "team"}}, "source")
    state.sources.put(source)
    asked.servers.woken.clear()
    asked.pods.woken.clear()

    state.sources.drop("team", "source")
    state.deployments.drop("team", "crm")
    state.namespaces.put(namespace("team", labels=MANAGED))
    assert asked.servers.woken == asked.pods.woken == ["team"] * 3


def test_pods_are_judged_again_where_they_alone_are_filled_in() -> None:
    asked = Asked()
    queues: Any = asked
    by_pods = Settings.model_validate({"fillIn": "pods"})
    state = ClusterState(SettingsByNamespace(by_pods), "release", (), queues)
    state.namespaces.put({"metadata": {"name": "team", "uid": "t"}})
    pod = {"name": "crm-1", "namespace": "team", "uid": "p"}
    state.pods.put({"metadata": pod, "spec": {}})
    assert asked.judged_pods == set(), "they are judged once all is known"

    state.begin()
    assert asked.judged_pods == {"team"}
    changes: list[Callable[[], None]] = [
        lambda: state.pods.put({"metadata": {**pod, "resourceVersion": "3"}, "spec": {}}),
        lambda: state.deployments.put(stored(deployment({}), "d")),
    ]
    for change in changes:
        asked.judged_pods.clear()
        change()
        assert asked.judged_pods == {"team"}

    asked.judged_pods.clear()
    state.judge.put_pods("team", {"crm": "out-of-date"})
    assert state.judge.verdict("team", "crm") == "out-of-date"
    state.change_settings(SettingsByNamespace(Settings()))
    state.begin()
    assert asked.judged_pods == set()
    assert state.judge.verdict("team", "crm") == "current"
