"""Lists and watches, in virtual time over a scripted API, and on a real API server."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.kube.virtual_time import run
from tools.cluster.control_plane import ControlPlane
from webhook.kube.api import Api
from webhook.kube.cache import Cache
from webhook.kube.errors import ApiError, Gone, TooManyRequests, Unreachable
from webhook.kube.informer import Informer, ListWatch
from webhook.kube.messages import WatchEvent, namespaced

Json = dict[str, Any]
PATH = "/api/v1/configmaps"
CUT = Unreachable("GET /x: no answer (ServerDisconnectedError)")
GONE = Gone(410, "Expired", "too old")


def item(name: str, version: int, **data: str) -> Json:
    metadata = {"namespace": "n", "name": name, "resourceVersion": str(version)}
    return {"metadata": metadata, "data": data}


def added(name: str, version: int, **data: str) -> WatchEvent:
    return WatchEvent("ADDED", item(name, version, **data))


def bookmark(version: int) -> WatchEvent:
    return WatchEvent("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})


class Script:
    """Answers lists and watches one after another; the last one again and again."""

    def __init__(self, lists: list[Any], watches: list[list[Any]]) -> None:
        self.lists, self.watches = lists, watches
        self.stored = ""
        self.asked = 0
        self.calls: list[tuple[float, str]] = []

    def _called(self, what: str) -> None:
        self.calls.append((round(asyncio.get_running_loop().time(), 3), what))

    async def list_each(self, _: str, take: Callable[[Json], object], **_given: Any) -> str:
        self._called("list")
        found = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if isinstance(found, ApiError):
            raise found
        version, *items = found
        for each in items:
            take(each)
        return str(version)

    async def stored_version(self, *_: str) -> str:
        self.asked += 1
        return self.stored

    async def watch(
        self, _: str, *, resource_version: str, seconds: int, **_given: Any
    ) -> AsyncGenerator[WatchEvent, None]:
        self._called(f"watch {resource_version}")
        steps = self.watches.pop(0) if len(self.watches) > 1 else self.watches[0]
        for step in steps:
            if step == "its time":
                await asyncio.sleep(seconds)
            elif isinstance(step, float):
                await asyncio.sleep(step)
            elif isinstance(step, ApiError):
                raise step
            else:
                yield step

    @property
    def kinds(self) -> list[str]:
        return [what for _, what in self.calls]


class Followed:
    """A watch over a script, what it keeps and what it told."""

    def __init__(self, script: Any, source: ListWatch | None = None) -> None:
        self.changes: list[str] = []
        self.restarts: list[str] = []
        self.cache: Cache[str] = Cache(
            lambda found: (found.get("data") or {}).get("key", ""),
            lambda _, name, *_kept: self.changes.append(name),
        )
        self.watch = Informer(
            script,
            source or ListWatch("configmaps", PATH),
            self.cache,
            lambda _, reason: self.restarts.append(reason),
            lambda low, high: high if low == 0.0 else (low + high) / 2,
        )

    async def follow(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.watch.run()
        except TimeoutError:
            return


def followed(script: Script, seconds: float) -> Followed:
    async def main() -> Followed:
        one = Followed(script)
        await one.follow(seconds)
        return one

    return run(main())


def test_an_informer_lists_and_watches_from_the_version_of_the_list() -> None:
    script = Script([[7, item("a", 3, key="x")]], [[added("b", 8, key="y"), "its time"]])
    one = followed(script, 10)
    assert script.kinds == ["list", "watch 7"]
    assert one.watch.synced.is_set()
    assert (one.cache.get("n", "a"), one.cache.get("n", "b")) == ("x", "y")
    assert one.changes == ["a", "b"]
    assert one.restarts == []


def test_a_watch_that_ran_its_time_is_resumed_at_once_from_the_last_bookmark() -> None:
    script = Script([[7]], [[added("b", 8), bookmark(20), "its time"], [3600.0]])
    followed(script, 300)
    assert script.calls == [(0, "list"), (0, "watch 7"), (290, "watch 20")]


def test_a_version_that_is_too_old_is_listed_again_and_what_went_meanwhile_is_dropped() -> None:
    script = Script([[7, item("a", 3), item("b", 4)], [50, item("b", 4)]], [[1.0, GONE], [3600.0]])
    one = followed(script, 100)
    assert script.kinds == ["list", "watch 7", "list", "watch 50"]
    assert one.cache.get("n", "a") is None
    assert one.changes == ["a", "b", "a"]
    assert one.restarts == ["gone"]


@pytest.mark.parametrize(
    "cut",
    [[1.0, CUT], [1.0, TooManyRequests(429, "TooManyRequests", "later", 1.0)], [2.0]],
    ids=["cut", "refused for now", "ended before its time"],
)
def test_a_restored_etcd_is_listed_anew_although_all_its_versions_are_older(cut: list[Any]) -> None:
    """The API server would send nothing until its versions have passed the one that is asked for.

    What was made since is gone, what was deleted is back, and what was changed is as it was.
    """
    later = [added("made", 60), added("changed", 61, key="new")]
    deleted = WatchEvent("DELETED", item("deleted", 62))
    first = [50, item("changed", 40, key="old"), item("deleted", 41, key="back")]
    again = [52, item("changed", 40, key="old"), item("deleted", 41, key="back")]
    script = Script([first, again], [[*later, deleted, *cut], [3600.0]])
    script.stored = "52"
    one = followed(script, 100)

    assert script.kinds == ["list", "watch 50", "list", "watch 52"]
    assert (one.cache.get("n", "changed"), one.cache.get("n", "deleted")) == ("old", "back")
    assert one.cache.get("n", "made") is None
    assert script.asked == 1


def test_a_restored_etcd_is_believed_whose_next_versions_were_raised() -> None:
    """Its lists are of later versions, and the objects in them of those that they had."""
    later = [added("made", 60), added("changed", 61, key="new")]
    deleted = WatchEvent("DELETED", item("deleted", 62))
    first = [50, item("changed", 40, key="old"), item("deleted", 41, key="back")]
    again = [1052, item("changed", 40, key="old"), item("deleted", 41, key="back")]
    script = Script([first, again, again], [[*later, deleted, 1.0, CUT], [GONE], [3600.0]])
    script.stored = "1052"
    one = followed(script, 100)

    assert script.kinds == ["list", "watch 50", "watch 62", "list", "list", "watch 1052"]
    assert (one.cache.get("n", "changed"), one.cache.get("n", "deleted")) == ("old", "back")
    assert one.cache.get("n", "made") is None


def test_a_list_does_not_take_back_what_was_written_while_it_was_read() -> None:
    script = Script([[50, item("a", 40, key="old")]], [[1.0, GONE], [3600.0]])

    async def main() -> Followed:
        one = Followed(script)
        one.cache.put(item("a", 51, key="written"))
        one.cache.delete(item("b", 52))
        script.lists[0].append(item("b", 41, key="old"))
        await one.follow(100)
        return one

    one = run(main())
    assert script.kinds == ["list", "watch 50", "list", "watch 50"]
    assert one.cache.get("n", "a") == "written"


@pytest.mark.parametrize("stored", ["62", "63", "", "no number"])
def test_a_cut_watch_is_resumed_where_what_is_stored_is_not_older(stored: str) -> None:
    script = Script([[50]], [[added("a", 62), 1.0, CUT], [3600.0]])
    script.stored = stored
    followed(script, 100)

    assert script.kinds == ["list", "watch 50", "watch 62"]
    assert script.asked == 1


def test_a_watch_that_ran_its_time_asks_for_no_version() -> None:
    script = Script([[7]], [[added("b", 8), "its time"], [3600.0]])
    followed(script, 300)

    assert script.asked == 0


def test_an_error_of_another_kind_is_answered_by_a_list_too() -> None:
    broken = ApiError(500, "InternalError", "etcd has no leader")
    script = Script([[7]], [[1.0, broken], [3600.0]])
    one = followed(script, 100)
    assert script.kinds == ["list", "watch 7", "list", "watch 7"]
    assert one.restarts == ["InternalError"]


def test_a_cut_watch_goes_on_where_it_was() -> None:
    script = Script([[7]], [[added("b", 9), CUT], [3600.0]])
    one = followed(script, 100)
    assert script.kinds == ["list", "watch 7", "watch 9"]
    assert one.restarts == ["Unreachable"]


def test_while_nobody_answers_the_pauses_grow_to_half_a_minute() -> None:
    script = Script([CUT], [[]])
    followed(script, 200)
    times = [at for at, _ in script.calls]
    gaps = [round(later - before, 3) for before, later in pairwise(times)]
    assert gaps == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 30, 30]


def test_two_minutes_without_an_api_server_cost_few_requests_and_end_by_themselves() -> None:
    script = Script([CUT] * 11 + [[7]], [[3600.0]])
    one = followed(script, 200)
    assert one.watch.synced.is_set()
    assert len(script.calls) < 15


def test_watches_that_end_at_once_are_not_resumed_without_a_pause() -> None:
    script = Script([[7]], [[]])
    followed(script, 60)
    assert len(script.calls) < 15


def test_a_success_makes_the_pauses_short_again() -> None:
    script = Script([CUT] * 6 + [[7]], [[added("b", 8), CUT], [3600.0]])
    followed(script, 100)
    *_, (cut, _), (resumed, what) = script.calls
    assert what == "watch 8"
    assert resumed - cut == pytest.approx(0.2)


def test_a_break_that_the_api_server_asks_for_is_kept() -> None:
    busy = TooManyRequests(429, "TooManyRequests", "later", retry_after=17)
    script = Script([busy, [7]], [[3600.0]])
    followed(script, 100)
    assert script.calls[1] == (17.2, "list")


def test_everything_is_listed_again_every_ten_minutes() -> None:
    script = Script([[7, item("a", 3)]], [["its time"]])
    one = followed(script, 1900)
    lists = [at for at, what in script.calls if what == "list"]
    assert lists == pytest.approx([0, 600, 1200, 1800], abs=2)
    assert one.changes == ["a"], "what is the same is not told again"


def test_an_event_older_than_an_own_write_is_passed_over() -> None:
    async def main() -> Followed:
        script = Script([[7]], [[1.0, added("a", 8, key="older"), 3600.0]])
        one = Followed(script)
        asyncio.get_running_loop().call_later(0.5, one.cache.put, item("a", 9, key="ours"))
        await one.follow(10)
        return one

    assert run(main()).cache.get("n", "a") == "ours"


async def test_a_real_api_server_is_followed_from_list_to_watch(
    control_plane: ControlPlane, namespace: str
) -> None:
    maps = namespaced("v1", "configmaps", namespace)
    source = ListWatch("configmaps", maps, label_selector="of=test", page=1)

    def made(name: str, **data: str) -> Json:
        return {"metadata": {"name": name, "labels": {"of": "test"}}, "data": data}

    async with await Api.connect(control_plane.kubeconfig) as api:
        for name in ("a", "b", "c"):
            await api.create(maps, made(name, key=name))
        await api.create(maps, {"metadata": {"name": "other"}})
        one = Followed(api, source)
        task = asyncio.create_task(one.follow(60))
        await one.watch.synced.wait()
        assert dict(one.cache.within(namespace)) == {"a": "a", "b": "b", "c": "c"}
        await api.patch(f"{maps}/a", {"data": {"key": "changed"}}, kind="merge")
        await api.delete(f"{maps}/b")
        await api.create(maps, made("d", key="new"))
        async with asyncio.timeout(10):
            wanted = {"a": "changed", "c": "c", "d": "new"}
            while dict(one.cache.within(namespace)) != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait([task])
    assert one.restarts == []


async def test_a_watch_of_metadata_never_sees_a_value(
    control_plane: ControlPlane, namespace: str
) -> None:
    secrets = namespaced("v1", "secrets", namespace)
    seen: list[Json] = []
    async with await Api.connect(control_plane.kubeconfig) as api:
        await api.create(secrets, {"metadata": {"name": "a"}, "stringData": {"key": "hunter2"}})
        version = await api.list_each(secrets, seen.append, metadata_only=True)
        await api.create(secrets, {"metadata": {"name": "b"}, "stringData": {"key": "hunter2"}})
        watch = api.watch(secrets, resource_version=version, metadata_only=True)
        seen.append((await anext(watch)).object)
        await watch.aclose()
    assert [found["metadata"]["name"] for found in seen] == ["a", "b"]
    assert all(set(found) <= {"metadata", "kind", "apiVersion"} for found in seen)
