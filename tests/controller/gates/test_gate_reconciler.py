"""A pod waits until the policy of its namespace has been in force for a moment, each time anew."""

import asyncio
import itertools
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from tests.kube.virtual_time import run
from webhook import names
from webhook.controller.cluster_state import ClusterState, Queues
from webhook.controller.event_recorder import EventRecorder
from webhook.controller.gates.gate_reconciler import MOMENT, GateReconciler
from webhook.controller.namespaces.namespace_reconciler import NamespaceReconciler
from webhook.controller.owned.writer import Writer
from webhook.kube.errors import Invalid
from webhook.kube.work_queue import NamespacedName, Queue
from webhook.objects.network_policies import BASELINE
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

Json = dict[str, Any]
NUMBERS = itertools.count(100)
POLICIES = "NetworkPolicy"


def stored(body: Json, **metadata: Any) -> Json:
    return {
        **body,
        "metadata": {**body["metadata"], "resourceVersion": str(next(NUMBERS)), **metadata},
    }


def pod(name: str, gates: list[str]) -> Json:
    metadata = {"name": name, "namespace": "team", "uid": name}
    return stored({"metadata": metadata, "spec": {names.GATES: [{"name": each} for each in gates]}})


class Team:
    """A namespace with its policy, the reconciler of its pods, and the API that opens them."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.told: list[str] = []
        self.refuses: Invalid | None = None
        self.gates_left: list[str] = [names.GATE]
        self.queue: Queue[NamespacedName] = Queue()
        self.view = ClusterState(
            SettingsByNamespace(Settings()),
            "release",
            (),
            Queues(Queue(), Queue(), self.queue, Queue(), Queue()),
        )
        api: Any = self
        writer, notes = Writer(api, self.view.made), EventRecorder(api, "test", Queue())
        self.namespaces = NamespaceReconciler(api, self.view, writer, notes)
        self.gates = GateReconciler(api, writer, self.namespaces, notes)
        self.view.namespaces.put(stored({"metadata": {"name": "team", "uid": "team"}}))
        self.view.pods.put(pod("first", [names.GATE]))

    def policy(self, uid: str, generation: int, **spec: Any) -> None:
        """The API server has the policy, as it is wanted or with another `spec`."""
        (wanted,) = self.namespaces.wanted("team")
        body = {**wanted, "spec": {**wanted["spec"], **spec}}
        self.view.made[POLICIES].put(stored(body, uid=uid, generation=generation))

    async def create(self, _: str, event: Json) -> Json:
        """Somebody is told."""
        self.told.append(event["note"])
        return event

    async def list(self, _: str, *, field_selector: str) -> Any:
        """The pod as it is."""
        name = field_selector.partition("=")[2]
        return SimpleNamespace(items=[pod(name, self.gates_left)])

    async def patch(self, path: str, _: Any, *, kind: str) -> Json:
        """Take the gate from a pod."""
        assert kind == "json"
        if self.refuses:
            raise self.refuses
        name = path.rpartition("/")[2]
        self.opened.append(name)
        return pod(name, gates=[])

    async def open(self, name: str) -> float:
        """Look at a pod until its gate is gone; how long that took."""
        self.view.pods.put(pod(name, [names.GATE]))
        began = asyncio.get_running_loop().time()
        while name not in self.opened:
            due = await self.gates.reconcile(NamespacedName("team", name))
            await asyncio.sleep(due or 0.0)
        return asyncio.get_running_loop().time() - began


def test_who_comes_later_need_not_wait() -> None:
    async def main() -> None:
        team = Team()
        team.policy("one", 1)
        assert await team.open("first") == pytest.approx(MOMENT)
        team.policy("one", 1)
        assert await team.open("second") == 0.0

    run(main())


def test_a_policy_that_is_made_again_is_waited_for_again() -> None:
    async def main() -> None:
        team = Team()
        team.policy("one", 1)
        await team.open("first")
        team.view.made[POLICIES].drop("team", BASELINE)
        team.policy("another", 1)
        assert await team.open("second") == pytest.approx(MOMENT)

    run(main())


@pytest.mark.parametrize("opened", [False, True], ids=["no-pod-before", "a-pod-before"])
def test_a_policy_that_is_being_deleted_opens_no_gate(*, opened: bool) -> None:
    """A finalizer may keep it for long: network plugins may have dropped it by then."""

    async def main() -> None:
        team = Team()
        team.policy("one", 1)
        if opened:
            await team.open("first")
        (wanted,) = team.namespaces.wanted("team")
        going = stored(wanted, uid="one", generation=1, deletionTimestamp="2030-01-01T00:00:00Z")
        team.view.made[POLICIES].put(going)
        team.view.pods.put(pod("second", [names.GATE]))
        key = NamespacedName("team", "second")
        assert await team.gates.reconcile(key) is None
        await asyncio.sleep(2 * MOMENT)
        assert await team.gates.reconcile(key) is None
        assert "second" not in team.opened
        team.policy("another", 1)
        assert await team.open("second") == pytest.approx(MOMENT)

    run(main())


def test_a_pod_that_waits_for_the_policy_is_looked_at_once_the_policy_is_there() -> None:
    async def main() -> list[int]:
        team, asked = Team(), []
        assert await team.gates.reconcile(NamespacedName("team", "first")) is None
        team.policy("one", 1)
        for _ in range(2):
            await team.namespaces.reconcile("team")
            asked.append(len(team.queue))
            while team.queue:
                key = await team.queue.get()
                assert key
                team.queue.done(key)
        return asked

    assert run(main()) == [1, 0]


def test_a_policy_that_stands_is_compared_once_for_all_pods() -> None:
    async def main() -> None:
        team = Team()
        team.policy("one", 1)
        await team.open("first")

        def compare(namespace: str) -> tuple[Json, ...]:
            raise AssertionError(namespace)

        team.namespaces.wanted = compare  # type: ignore[method-assign]
        assert [await team.open(f"pod-{number}") for number in range(3)] == [0.0] * 3

    run(main())


def test_a_policy_that_is_wanted_otherwise_opens_no_gate() -> None:
    async def main() -> None:
        team = Team()
        team.policy("one", 1)
        await team.open("first")
        gateway = {"mcpNamespace": {"networkPolicy": {"gateway": {"port": 1}}}}
        team.view.change_settings(SettingsByNamespace(Settings.model_validate(gateway)))
        team.view.pods.put(pod("second", [names.GATE]))
        assert await team.gates.reconcile(NamespacedName("team", "second")) is None
        team.policy("one", 2)
        assert await team.open("second") == pytest.approx(MOMENT)

    run(main())


def test_a_policy_that_is_put_right_is_waited_for_again() -> None:
    async def main() -> None:
        team = Team()
        team.policy("one", 1)
        await team.open("first")
        team.policy("one", 2, ingress=[{}])
        team.policy("one", 3)
        assert await team.open("second") == pytest.approx(MOMENT)

    run(main())


@pytest.mark.parametrize(("left", "told"), [([names.GATE], True), (["other"], False), ([], False)])
def test_a_gate_that_somebody_s_admission_keeps_is_told_and_tried_again(
    left: list[str], *, told: bool
) -> None:
    """A patch whose test fails has the same status: then the gate is gone, and all is well."""

    async def main() -> Team:
        team = Team()
        team.policy("one", 1)
        await team.open("first")
        team.view.pods.put(pod("second", [names.GATE]))
        team.refuses, team.gates_left = Invalid(422, "Invalid", "some policy denied it"), left
        with pytest.raises(Invalid) if told else nullcontext():
            await team.gates.reconcile(NamespacedName("team", "second"))
        return team

    team = run(main())
    note = "its gate cannot be taken: some policy denied it"
    assert team.told == ([note] if told else [])


@pytest.mark.parametrize("mode", ["observe", "warn"])
def test_below_enforce_no_pod_waits(mode: str) -> None:
    async def main() -> None:
        team = Team()
        team.view.change_settings(SettingsByNamespace(Settings.model_validate({"mode": mode})))
        assert team.view.waits("team")

        assert await team.open("first") == 0.0
        assert not team.view.waits("team")

    run(main())
