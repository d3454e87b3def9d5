"""A person tries before rolling, nothing is begun twice, and what is kept is bounded."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.console.rolling_fleet import PLACES, RollingFleet
from tests.kube.virtual_time import run
from webhook.console.rolls import roll_runs
from webhook.console.rolls.roll_run import ENDED, ROLLING, RollAccess, RollBounds
from webhook.console.rolls.roll_runs import (
    KeptRoll,
    RollClaims,
    RollRefused,
    RollRuns,
    ServerChoice,
)
from webhook.fleet.roll import RestartResult
from webhook.fleet.targets import Target

ALL = ServerChoice()
BOUNDS = RollBounds()
CRM = ServerChoice(servers=(Target("team", "crm"),))


def with_runs(
    fleet: RollingFleet,
    main: Callable[[RollRuns, RollRuns], Awaitable[None]],
    tell: Callable[[], object] = lambda: None,
) -> None:
    """Do it with what two people have begun on one console."""

    async def begin() -> None:
        api: Any = fleet
        claims = RollClaims()
        access = RollAccess(api, PLACES, tell)
        await main(RollRuns(access, claims), RollRuns(access, claims))

    run(begin())


async def begun(runs: RollRuns, choice: ServerChoice = ALL) -> Any:
    kept = runs.try_out(choice, BOUNDS)
    await kept.trial.until_ended()
    return runs.begin(kept)


def test_what_the_dry_run_has_shown_is_rolled_once() -> None:
    fleet = RollingFleet("crm", "search")

    async def main(runs: RollRuns, _: RollRuns) -> None:
        kept = runs.try_out(ALL, BOUNDS)
        with pytest.raises(RollRefused, match="the dry run has not ended"):
            runs.begin(kept)
        await kept.trial.until_ended()
        assert fleet.rolled == []
        roll = runs.begin(kept)
        assert runs.begin(kept) is roll
        assert kept.runs == [kept.trial, roll]
        assert runs.busy
        await roll.until_ended()
        assert not runs.busy
        assert runs.begin(kept) is roll
        assert roll.counts == {RestartResult.ROLLED: 2}

    with_runs(fleet, main)

    assert fleet.rolled == ["crm", "search"]


@pytest.mark.parametrize(
    ("choice", "tried"),
    [
        (ALL, ["crm", "search"]),
        (ServerChoice("team"), ["crm", "search"]),
        (CRM, ["crm"]),
        (
            ServerChoice(servers=(Target("team", "search"), Target("team", "crm"))),
            ["search", "crm"],
        ),
    ],
)
def test_servers_are_chosen(choice: ServerChoice, tried: list[str]) -> None:
    async def main(runs: RollRuns, _: RollRuns) -> None:
        kept = runs.try_out(choice, BOUNDS)
        await kept.trial.until_ended()
        assert [each.name for each in kept.trial.targets] == tried

    with_runs(RollingFleet("crm", "search"), main)


def test_what_is_no_server_is_said() -> None:
    async def main(runs: RollRuns, _: RollRuns) -> None:
        kept = runs.try_out(ServerChoice(servers=(Target("team", "none"),)), BOUNDS)
        await kept.trial.until_ended()
        assert "Deployment team/none does not exist" in kept.trial.problem
        with pytest.raises(RollRefused, match="nothing of this dry run would roll"):
            runs.begin(kept)

    with_runs(RollingFleet("crm"), main)


def test_a_dry_run_that_was_stopped_rolls_what_it_has_shown() -> None:
    names = [f"server-{number}" for number in range(9)]
    fleet, dry_runs = RollingFleet(*names), list[KeptRoll]()

    async def main(runs: RollRuns, _: RollRuns) -> None:
        dry_runs.append(runs.try_out(ALL, BOUNDS))
        await dry_runs[0].trial.until_ended()
        await runs.begin(dry_runs[0]).until_ended()

    def tell() -> None:
        for each in dry_runs:
            if each.trial.done == 2 and each.trial.state == ROLLING:
                each.trial.stop()

    with_runs(fleet, main, tell)

    assert fleet.rolled == names[: dry_runs[0].trial.done]
    assert 2 <= dry_runs[0].trial.done < 9


def test_two_people_do_not_roll_one_server_at_once() -> None:
    fleet = RollingFleet("crm", "search", "shop")

    async def main(runs: RollRuns, of_another: RollRuns) -> None:
        first = runs.try_out(ALL, BOUNDS)
        second = of_another.try_out(CRM, BOUNDS)
        await asyncio.gather(first.trial.until_ended(), second.trial.until_ended())
        roll = runs.begin(first)
        with pytest.raises(RollRefused, match="is about Deployment team/crm: wait"):
            of_another.begin(second)
        await roll.until_ended()
        later = of_another.begin(second)
        await later.until_ended()
        assert later.counts == {RestartResult.CURRENT: 1}

    with_runs(fleet, main)

    assert sorted(fleet.rolled) == ["crm", "search", "shop"]


def test_so_many_are_under_way_and_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_runs, "MOST_KEPT", 4)

    async def main(runs: RollRuns, _: RollRuns) -> None:
        kept = [runs.try_out(ALL, BOUNDS) for _ in range(3)]
        with pytest.raises(RollRefused, match="3 rolls of yours are under way"):
            runs.try_out(ALL, BOUNDS)
        await asyncio.gather(*(each.trial.until_ended() for each in kept))
        for _again in range(3):
            await runs.try_out(ALL, BOUNDS).trial.until_ended()
        assert [each.number for each in runs.newest_first] == [6, 5, 4, 3]
        assert runs.numbered(1) is None
        assert runs.numbered(3) is kept[2]

    with_runs(RollingFleet("crm"), main)


def test_a_tenant_has_no_more_rolls_by_more_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_runs, "MOST_KEPT_TOGETHER", 7)

    async def main(first: RollRuns, second: RollRuns) -> None:
        claims, access = first._claims, first._access
        third, other = RollRuns(access, claims), RollRuns(access, claims, "somebody else")
        kept = [each.try_out(ALL, BOUNDS) for each in (first, second) for _ in range(3)]
        with pytest.raises(RollRefused, match="6 rolls of accounts in the namespace"):
            third.try_out(ALL, BOUNDS)
        kept.append(other.try_out(ALL, BOUNDS))
        await asyncio.gather(*(each.trial.until_ended() for each in kept))

        for _ in range(3):
            await third.try_out(ALL, BOUNDS).trial.until_ended()
        numbers = [[each.number for each in runs.newest_first] for runs in (first, second, third)]
        assert numbers == [[3, 2], [3, 2], [3, 2, 1]]
        assert [each.number for each in other.newest_first] == [1]

        await first.close()
        assert first not in claims.people

    with_runs(RollingFleet("crm"), main)


def test_the_end_of_the_session_ends_all_of_them() -> None:
    fleet = RollingFleet("crm", "search", looks=60)

    async def main(runs: RollRuns, _: RollRuns) -> None:
        roll = await begun(runs, CRM)
        trial = runs.try_out(ServerChoice("team"), BOUNDS).trial
        await asyncio.sleep(2)
        await runs.close()
        assert (roll.state, trial.state) == (ENDED, ENDED)
        assert roll.counts == {RestartResult.INTERRUPTED: 1}

    with_runs(fleet, main)

    assert fleet.rolled == ["crm"]
