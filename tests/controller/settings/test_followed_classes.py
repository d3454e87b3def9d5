"""The runtime classes as they are followed: what is said of one, and when nothing is known."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.kube.virtual_time import run
from webhook.controller.settings.followed_classes import (
    CLASS_CONDITION,
    FollowedClasses,
    NamedClasses,
)
from webhook.kube import NamespacedName
from webhook.kube.errors import Forbidden
from webhook.settings import CLASSES_FILE

Json = dict[str, Any]
BEFORE = {CLASSES_FILE: '["kata"]'}
FOUND = {
    "type": CLASS_CONDITION,
    "status": "True",
    "reason": "Found",
    "message": "there it is",
    "observedGeneration": 3,
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}


def runtime_class(name: str, version: str = "1") -> Json:
    return {"metadata": {"name": name, "resourceVersion": version}, "handler": name}


class Cluster:
    """Has these classes; a list is refused while `refused`, or not answered while `silent`."""

    def __init__(self, *names: str, refused: bool = False, silent: bool = False) -> None:
        self.names, self.refused, self.silent = names, refused, silent
        self.events: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()

    async def list_each(self, path: str, take: Callable[[Json], object], **given: Any) -> str:
        assert path == "/apis/node.k8s.io/v1/runtimeclasses"
        assert given["metadata_only"]
        if self.silent:
            await asyncio.Event().wait()
        if self.refused:
            raise Forbidden(403, "Forbidden", path)
        for each in self.names:
            take(runtime_class(each))
        return "1"

    async def stored_version(self, *_: str) -> str:
        return "1"

    async def watch(self, *_: Any, **__: Any) -> Any:
        while True:
            kind, found = await self.events.get()
            if kind == "ERROR":
                self.refused = found["for_good"]
                raise Forbidden(403, "Forbidden", "watch")
            yield kind, found


class Following:
    """Classes that are followed for a second, and then for another one after something happened."""

    def __init__(self, cluster: Any, **given: Any) -> None:
        self.changes = 0
        self.restarts: list[str] = []
        self.classes = FollowedClasses(
            cluster, lambda _, reason: self.restarts.append(reason), self._changed, **given
        )
        self._cluster = cluster

    def _changed(self) -> None:
        self.changes += 1

    def run(self, *events: tuple[str, Json]) -> None:
        async def main() -> None:
            task = asyncio.create_task(self.classes.run())
            await asyncio.sleep(1)
            for each in events:
                self._cluster.events.put_nowait(each)
            await asyncio.sleep(60)
            task.cancel()

        run(main())

    def said(self, name: str | None = "kata", **status: Any) -> tuple[str, str] | None:
        found = self.classes.conditions(name, status, 3).get(CLASS_CONDITION)
        return None if found is None else (found["status"], found["reason"])


def test_a_class_that_is_there_and_one_that_is_not() -> None:
    following = Following(Cluster("kata"))
    following.run()

    assert following.said() == ("True", "Found")
    assert following.said("gvisor") == ("False", "NotFound")
    assert following.said(None) is None
    assert following.classes.files({}) == BEFORE
    message = following.classes.conditions("gvisor", {}, 3)[CLASS_CONDITION]["message"]
    assert message.startswith('RuntimeClass "gvisor" not found: create it, or change ')


def test_a_class_that_comes_or_goes_is_told() -> None:
    following = Following(Cluster("kata"))
    deleted = ("DELETED", runtime_class("kata", "3"))
    following.run(("ADDED", runtime_class("gvisor", "2")), deleted)

    assert following.classes.known == frozenset({"gvisor"})
    assert following.said() == ("False", "NotFound")
    # The first list, and each of the events.
    assert following.changes == 4


def test_a_cluster_without_a_class_is_known_to_have_none() -> None:
    following = Following(Cluster())
    following.run()

    assert following.classes.files(BEFORE) == {CLASSES_FILE: "[]"}
    assert following.said() == ("False", "NotFound")


def test_until_the_first_answer_what_was_told_before_stands() -> None:
    following = Following(Cluster("kata", silent=True))
    following.run()

    assert following.classes.files(BEFORE) == BEFORE
    assert following.said(conditions=[FOUND]) == ("True", "Found")
    assert following.said(conditions=[{**FOUND, "observedGeneration": 2}]) == ("Unknown", "NotRead")
    assert following.said() == ("Unknown", "NotRead")
    assert following.changes == 0


def test_without_the_right_nothing_is_known() -> None:
    following = Following(Cluster("kata", refused=True))
    following.run()

    assert following.classes.known is None
    assert following.classes.files(BEFORE) == {CLASSES_FILE: ""}
    assert following.said(conditions=[FOUND]) == ("Unknown", "NotRead")
    assert following.restarts[0] == "Forbidden"


@pytest.mark.parametrize("for_good", [False, True])
def test_what_may_not_be_read_any_more_is_not_known_until_it_is(*, for_good: bool) -> None:
    following = Following(Cluster("kata"))
    following.run(("ERROR", {"for_good": for_good}))

    assert "Forbidden" in following.restarts
    assert following.classes.known == (None if for_good else frozenset({"kata"}))


def test_a_controller_of_some_namespaces_asks_nobody() -> None:
    following = Following(object(), readable=False)
    following.run()

    assert following.classes.files(BEFORE) == {CLASSES_FILE: ""}
    assert following.said() == ("Unknown", "NotRead")


class Naming:
    """Namespaces that name classes; `told` is who was told to look again."""

    def __init__(self, *keys: tuple[str, str], known: frozenset[str] | None) -> None:
        self.seen: tuple[bool, frozenset[str] | None] = (known is not None, known)
        self.told: list[str] = []
        classes: Any = self
        self.named = NamedClasses(classes, lambda key: self.told.append(key.namespace))
        for namespace, name in keys:
            values = {"mcpServerDefaults": {"runtimeClassName": name}}
            self.named.conditions(NamespacedName(namespace, "default"), values, {}, 1)

    def conditions(self, *_: object) -> Json:
        return {}

    def sees(self, *names: str, known: bool = True, answered: bool = True) -> list[str]:
        """Who is told once these classes are there."""
        self.told.clear()
        self.seen = answered, frozenset(names) if known else None
        self.named.look_again()
        return sorted(self.told)


TWO = ("a", "gvisor"), ("b", "kata"), ("c", "gvisor")


def test_a_class_that_comes_or_goes_concerns_those_that_name_it() -> None:
    naming = Naming(*TWO, known=frozenset({"kata"}))

    assert naming.sees("kata", "gvisor") == ["a", "c"]
    assert naming.sees("kata", "gvisor") == []
    assert naming.sees("kata", "gvisor", "runc") == []
    assert naming.sees("gvisor") == ["b"]


def test_what_is_known_first_or_no_more_concerns_each_that_names_a_class() -> None:
    naming = Naming(*TWO, known=None)

    assert naming.sees(known=False, answered=False) == []
    assert naming.sees("kata") == ["a", "b", "c"]
    assert naming.sees(known=False) == ["a", "b", "c"]
    assert Naming(*TWO, known=None).sees(known=False) == ["a", "b", "c"]


def test_who_names_another_class_or_none_is_not_told_of_the_one_before() -> None:
    naming = Naming(*TWO, known=frozenset())
    naming.named.conditions(NamespacedName("a", "default"), {"onConflict": "deny"}, {}, 2)
    moved = {"mcpServerDefaults": {"runtimeClassName": "kata"}}
    naming.named.conditions(NamespacedName("c", "default"), moved, {}, 2)
    naming.named.forget(NamespacedName("b", "default"))

    assert naming.sees("gvisor") == []
    assert naming.sees("gvisor", "kata") == ["c"]
