"""Settings on their way to a replica, and settings that nobody has distributed."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from tests.kube.virtual_time import run
from webhook.controller.probe.replica_settings import SECONDS_ON_THE_WAY, ReplicaSettings
from webhook.controller.probe.verdict import SeenReplicas
from webhook.controller.settings.distribution import Progress
from webhook.controller.settings.propagation import Answers
from webhook.settings.stage import Stage
from webhook.settings.written_settings import WrittenSettings

OLD, NEW = Stage(WrittenSettings("{}\n")), Stage(WrittenSettings("onConflict: warn\n"))
AMID = Stage(NEW.current, before=(OLD.current,))


def progress(stage: Stage, digests: Mapping[str, str | None], ready: int = 2) -> Progress:
    return Progress({}, stage, Answers(digests, ready=ready), reached=True)


def seen(
    main: Coroutine[Any, Any, list[tuple[SeenReplicas, bool]]],
) -> list[tuple[SeenReplicas, bool]]:
    return run(main)


def test_nothing_is_known_before_the_distribution_has_told_anything() -> None:
    async def main() -> list[tuple[SeenReplicas, bool]]:
        found = ReplicaSettings()
        return [(found.known, found.changing)]

    assert seen(main()) == [(SeenReplicas(), False)]


def test_a_replica_that_has_not_followed_yet_has_no_other_settings_for_a_minute() -> None:
    async def main() -> list[tuple[SeenReplicas, bool]]:
        found, told = ReplicaSettings(), list[tuple[SeenReplicas, bool]]()
        for stage, digests in (
            (OLD, {"a": OLD.digest}),
            (AMID, {"a": OLD.digest}),
            (NEW, {"a": OLD.digest}),
            (NEW, {"a": NEW.digest}),
        ):
            found.saw(progress(stage, digests))
            told.append((found.known, found.changing))
        found.saw(progress(NEW, {"a": OLD.digest}))
        await asyncio.sleep(SECONDS_ON_THE_WAY + 1)
        return [*told, (found.known, found.changing)]

    two = SeenReplicas(2)
    assert seen(main()) == [
        (two, False), (two, True), (two, True), (two, False), (SeenReplicas(2, ("a",)), False)
    ]  # fmt: skip


def test_settings_that_were_never_distributed_are_told_at_once() -> None:
    async def main() -> list[tuple[SeenReplicas, bool]]:
        found = ReplicaSettings()
        found.saw(progress(NEW, {"a": NEW.digest}))
        found.saw(progress(NEW, {"a": "of nobody", "b": None}))
        return [(found.known, found.changing)]

    assert seen(main()) == [(SeenReplicas(2, ("a",)), False)]


def test_what_replicas_have_when_a_leader_begins_may_be_on_its_way() -> None:
    async def main() -> list[tuple[SeenReplicas, bool]]:
        found = ReplicaSettings()
        found.saw(progress(NEW, {}))
        found.saw(progress(NEW, {"a": "of the leader before"}))
        first = found.known, found.changing
        await asyncio.sleep(SECONDS_ON_THE_WAY + 1)
        return [first, (found.known, found.changing)]

    assert seen(main()) == [(SeenReplicas(2), True), (SeenReplicas(2, ("a",)), False)]


def test_how_many_are_ready_is_known_even_where_none_is() -> None:
    async def main() -> list[tuple[SeenReplicas, bool]]:
        found = ReplicaSettings()
        found.saw(progress(NEW, {}, ready=0))
        return [(found.known, found.changing)]

    assert seen(main()) == [(SeenReplicas(0), False)]
