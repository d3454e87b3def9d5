"""Who is waited for, and for how long."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from webhook.controller import serving_replicas
from webhook.controller.installation import Installation
from webhook.controller.serving_replicas import Replica
from webhook.controller.settings.propagation import (
    BETWEEN_TOUCHES,
    PATIENCE,
    RESTING,
    SILENCE,
    WAITING,
    Propagation,
)
from webhook.kube.errors import Forbidden

Told = dict[str, str | None]


class Replicas:
    """What replicas report, at a time that the test tells; with a `problem` none can be asked."""

    def __init__(self, told: Told) -> None:
        self.told, self.now = told, 1000.0
        self.problem: Exception | None = None
        self.touched: list[str] = []
        self.versions: list[str] = []

    async def endpoint_replicas(self, *_: object) -> list[Replica]:
        if self.problem:
            raise self.problem
        return [Replica(name, 1, name) for name in self.told]

    async def ask_digests(self, found: list[Replica]) -> Told:
        return {each.name: self.told[each.name] for each in found}

    async def sync_pod_volumes(
        self, _api: object, _places: object, pod: str, _what: str, version: str
    ) -> None:
        self.touched.append(pod)
        self.versions.append(version)

    def time(self) -> float:
        return self.now


@pytest.fixture
async def make(monkeypatch: pytest.MonkeyPatch) -> Callable[[Told], tuple[Replicas, Propagation]]:
    def of(told: Told) -> tuple[Replicas, Propagation]:
        replicas = Replicas(told)
        for name in ("endpoint_replicas", "ask_digests", "sync_pod_volumes"):
            monkeypatch.setattr(serving_replicas, name, getattr(replicas, name))
        monkeypatch.setattr(asyncio.get_running_loop(), "time", replicas.time)
        api: Any = None
        return replicas, Propagation(api, Installation("mcp-admission", "system"))

    return of


Make = Callable[[Told], tuple[Replicas, Propagation]]


async def test_a_digest_is_reached_when_every_replica_reports_it(make: Make) -> None:
    replicas, propagation = make({"a": "old", "b": "old"})
    await propagation.look("new")
    assert (propagation.reached_for("new"), propagation.due) == (None, WAITING)
    assert (propagation.behind, replicas.touched) == (True, ["a", "b"])

    replicas.told["a"], replicas.now = "new", replicas.now + WAITING
    await propagation.look("new")
    assert propagation.reached_for("new") is None

    replicas.told["b"], replicas.now = "new", replicas.now + WAITING
    await propagation.look("new")
    assert (propagation.reached_for("new"), propagation.due) == (0.0, RESTING)
    assert not propagation.behind
    replicas.now += 2.0
    assert propagation.reached_for("new") == 2.0
    assert propagation.reached_for("other") is None
    assert replicas.touched == ["a", "b"]


async def test_replicas_are_asked_no_earlier_than_it_is_time_to(make: Make) -> None:
    replicas, propagation = make({"a": "old"})
    await propagation.look("new")
    replicas.told["a"] = "new"

    assert (await propagation.look("new")).digests == {"a": "old"}


@pytest.mark.parametrize(("told", "seconds"), [("old", PATIENCE), (None, SILENCE)])
async def test_a_replica_that_cannot_be_helped_is_not_waited_for_any_more(
    make: Make, told: str | None, seconds: float
) -> None:
    """Neither in the steps that follow, until it reports what it should."""
    replicas, propagation = make({"a": "1", "b": told})
    await propagation.look("1")
    replicas.now += seconds - 1
    await propagation.look("1")
    assert propagation.reached_for("1") is None
    replicas.now += 1
    await propagation.look("1")
    assert propagation.reached_for("1") == 0.0

    await propagation.look("2")
    assert propagation.reached_for("2") is None
    replicas.told["a"], replicas.now = "2", replicas.now + WAITING
    await propagation.look("2")
    assert propagation.reached_for("2") == 0.0

    replicas.told["b"], replicas.now = "2", replicas.now + RESTING
    await propagation.look("2")
    replicas.told["a"] = "3"
    await propagation.look("3")
    assert propagation.reached_for("3") is None


async def test_without_a_replica_nobody_is_waited_for(make: Make) -> None:
    _, propagation = make({})
    await propagation.look("new")

    assert propagation.reached_for("new") == 0.0


async def test_where_replicas_cannot_be_asked_they_are_waited_for_with_patience(
    make: Make,
) -> None:
    replicas, propagation = make({})
    replicas.problem = Forbidden(403, "Forbidden", "no")
    assert (await propagation.look("new")).problem == "no"
    assert propagation.reached_for("new") is None

    replicas.now += PATIENCE
    await propagation.look("new")
    assert propagation.reached_for("new") == 0.0


async def test_what_no_digest_tells_is_brought_to_all_replicas_twice(make: Make) -> None:
    """A kubelet may have looked before it saw the ConfigMap, and no replica tells that it lacks."""
    replicas, propagation = make({"a": "1", "b": "1"})
    await propagation.look("1")
    propagation.bring({"classes": ""}, {})
    propagation.bring({"classes": "x"}, {"classes": "x", "other": "y"})
    await propagation.look("1")
    assert replicas.touched == []

    propagation.bring({"classes": "x"}, {})
    await propagation.look("1")
    assert (replicas.touched, propagation.due) == (["a", "b"], BETWEEN_TOUCHES)
    for _ in range(3):
        replicas.now += propagation.due
        await propagation.look("1")
    assert replicas.touched == ["a", "b"] * 2
    assert (propagation.due, propagation.reached_for("1") is not None) == (RESTING, True)


async def test_each_touch_has_a_version_of_its_own(make: Make) -> None:
    """A kubelet does nothing for an annotation that says what it said: two changes in a second."""
    replicas, propagation = make({"a": "old"})
    await propagation.look("1")
    replicas.told["a"] = "1"
    replicas.now += 0.3
    await propagation.look("1")
    propagation.bring({"classes": "x"}, {})
    await propagation.look("1")
    assert len(replicas.versions) == len(set(replicas.versions)) == 2
