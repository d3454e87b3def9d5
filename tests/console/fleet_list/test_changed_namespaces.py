"""What has changed is judged soon, and once more; never for more than a part of the time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.kube.virtual_time import run
from webhook.console.fleet_list import changed_namespaces
from webhook.console.fleet_list.changed_namespaces import (
    PART_OF_TIME,
    QUIET_SECONDS,
    SETTLED_SECONDS,
    ChangedNamespaces,
)

Play = Callable[[ChangedNamespaces], Awaitable[None]]


def played(play: Play) -> None:
    """Play it in virtual time."""

    async def main() -> None:
        await play(ChangedNamespaces())

    run(main())


async def judged(changes: ChangedNamespaces) -> str:
    """The namespace that is judged next, at its time."""
    due = changes.due()
    assert due is not None
    namespace, seconds = due
    await asyncio.sleep(seconds)
    changes.judging(namespace)
    return namespace


def test_a_change_is_judged_soon_and_once_more() -> None:
    async def play(changes: ChangedNamespaces) -> None:
        assert changes.due() is None
        changes.note("team")
        assert changes.due() == ("team", QUIET_SECONDS)
        assert await judged(changes) == "team"
        assert changes.due() == ("team", SETTLED_SECONDS)
        assert await judged(changes) == "team"
        assert changes.due() is None

    played(play)


def test_who_changes_something_all_the_time_is_judged_and_keeps_nobody_waiting() -> None:
    async def play(changes: ChangedNamespaces) -> None:
        changes.note("busy")
        await asyncio.sleep(1)
        changes.note("busy")
        changes.note("team")
        assert changes.due() == ("busy", QUIET_SECONDS - 1)
        await judged(changes)
        changes.note("busy")
        assert await judged(changes) == "team"
        assert await judged(changes) == "busy"
        # Nothing is judged once more before the changes after it are.
        assert changes.due() == ("team", SETTLED_SECONDS - 1)

    played(play)


def test_what_takes_long_is_done_for_a_part_of_the_time() -> None:
    async def play(changes: ChangedNamespaces) -> None:
        changes.note("team")
        await judged(changes)
        changes.note("team")
        changes.spent(10.0)
        assert changes.due() == ("team", 10.0 * (PART_OF_TIME - 1))

    played(play)


@pytest.mark.parametrize("most", [1, 2])
def test_all_are_judged_once_more_if_few_have_changed(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(changed_namespaces, "MOST_CHANGED", most)
    few = most > 1

    async def play(changes: ChangedNamespaces) -> None:
        changes.note("settled")
        await judged(changes)
        changes.note("team")
        changes.note("shop")
        assert changes.many is not few
        changes.judging_all()
        for namespace in ("team", "shop") if few else ():
            assert await judged(changes) == namespace
        assert changes.due() is None

    played(play)
