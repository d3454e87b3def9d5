"""A roll goes on without its browser; it is paused, stopped, and left in a state that is told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.console.rolling_fleet import GVISOR, PLACES, RollingFleet
from tests.fleet.test_roll import FAILS
from tests.kube.virtual_time import run
from webhook.console.rolls import roll_run
from webhook.console.rolls.roll_run import (
    CHOOSING,
    ENDED,
    PAUSED,
    ROLLING,
    STOPPING,
    RollAccess,
    RollBounds,
    RollRun,
)
from webhook.fleet.roll import Restarted, RestartResult
from webhook.fleet.targets import Outdated, Target, Targets
from webhook.kube.errors import ApiError, Forbidden, Invalid

ROLLED, FAILED = RestartResult.ROLLED, RestartResult.FAILED
WOULD_ROLL, INTERRUPTED = RestartResult.WOULD_ROLL, RestartResult.INTERRUPTED
UNAUTHORIZED = ApiError(401, "Unauthorized", "PATCH: 401 Unauthorized: Unauthorized")
ONE_BY_ONE = RollBounds()
INVALID = Invalid(422, "Invalid", "quota")


def rolled(
    fleet: RollingFleet,
    meanwhile: Callable[[RollRun], Awaitable[object]] | None = None,
    bounds: RollBounds = ONE_BY_ONE,
    **given: Any,
) -> tuple[RollRun, list[str]]:
    """The roll at its end, and in which states somebody was told of it; each server takes 3 s."""
    told: list[str] = []

    async def choose(targets: Targets) -> Outdated:
        return await targets.outdated(None)

    async def main() -> RollRun:
        api: Any = fleet
        runs: list[RollRun] = []
        access = RollAccess(api, PLACES, lambda: told.extend(each.state for each in runs))
        runs.append(RollRun(access, choose, bounds, **{"dry_run": False, **given}))
        if meanwhile is not None:
            await meanwhile(runs[0])
        await runs[0].until_ended()
        return runs[0]

    return run(main()), told


def results(of: RollRun) -> dict[str, RestartResult]:
    return {each.target.name: each.result for each in of.results()}


def test_all_that_are_not_current_roll_and_each_is_told() -> None:
    fleet = RollingFleet("crm", "search", "shop")

    ended, told = rolled(fleet)

    assert results(ended) == dict.fromkeys(("crm", "search", "shop"), ROLLED)
    assert (ended.state, ended.done, ended.untouched, ended.problem) == (ENDED, 3, 0, "")
    assert ended.counts == {ROLLED: 3}
    assert ended.ended is not None
    assert ended.ended >= ended.began
    assert told == [ROLLING] * 4 + [ENDED]
    assert ended.source.endswith("mcp-admission-settings")


def test_a_dry_run_shows_what_would_change_and_touches_nothing() -> None:
    fleet = RollingFleet("crm", "search")

    ended, _ = rolled(fleet, dry_run=True)

    assert results(ended) == dict.fromkeys(("crm", "search"), WOULD_ROLL)
    first, second = ended.results(WOULD_ROLL)
    assert "800Mi" in first.lines[0]
    assert first.lines[0] is second.lines[0]
    assert fleet.rolled == []
    assert set(ended.judged_by) == {"team"}


def test_nothing_rolls_by_other_settings_than_those_of_the_dry_run() -> None:
    fleet = RollingFleet("crm")
    trial, _ = rolled(fleet, dry_run=True)
    fleet.settings = GVISOR

    ended, _ = rolled(fleet, expected=trial.judged_by)

    assert ended.problem == roll_run.SETTINGS_CHANGED
    assert (ended.targets, fleet.rolled) == ([], [])


def test_the_same_settings_are_those_of_the_dry_run() -> None:
    fleet = RollingFleet("crm")
    trial, _ = rolled(fleet, dry_run=True)

    ended, _ = rolled(fleet, expected=trial.judged_by)

    assert ended.counts == {ROLLED: 1}


async def pause_and_go_on(of: RollRun) -> None:
    assert of.state == CHOOSING
    await asyncio.sleep(1.5)
    assert of.state == ROLLING
    of.pause()
    await asyncio.sleep(100)
    assert (of.state, of.done, of.untouched) == (PAUSED, 1, 2)
    of.resume()
    await asyncio.sleep(1.5)
    assert of.state == ROLLING
    assert of.under_way


def test_a_pause_lets_the_one_that_rolls_end_and_no_other_begin() -> None:
    ended, told = rolled(RollingFleet("crm", "search", "shop"), pause_and_go_on)

    assert ended.counts == {ROLLED: 3}
    assert PAUSED in told


@pytest.mark.parametrize("pauses", [False, True])
def test_a_stop_sees_through_what_rolls_and_begins_no_other(pauses: bool) -> None:
    async def stop(of: RollRun) -> None:
        await asyncio.sleep(1.5)
        if pauses:
            of.pause()
        of.stop()
        of.pause()
        assert of.state == STOPPING

    ended, _ = rolled(RollingFleet("crm", "search", "shop"), stop, RollBounds(parallel=2))

    assert results(ended) == {"crm": ROLLED, "search": ROLLED}
    assert ended.untouched == 1


def test_what_rolls_when_the_session_ends_is_left_to_kubernetes() -> None:
    async def leave(of: RollRun) -> None:
        await asyncio.sleep(1.5)
        await of.leave()
        assert of.state == ENDED

    fleet = RollingFleet("crm", "search", looks=60)
    ended, _ = rolled(fleet, leave)

    assert results(ended) == {"crm": INTERRUPTED}
    assert ended.results()[0].lines == ("the Deployment's controller has not seen it yet",)
    assert (fleet.rolled, ended.untouched) == (["crm"], 1)


def test_an_api_server_that_does_not_answer_holds_up_no_end() -> None:
    fleet = RollingFleet("crm")

    async def hang(*_: Any, **__: Any) -> Any:
        await asyncio.sleep(1000)

    async def leave(of: RollRun) -> None:
        await asyncio.sleep(0.5)
        fleet.get = hang  # type: ignore[method-assign]
        await asyncio.sleep(1)
        clock = asyncio.get_running_loop().time
        began = clock()
        await of.leave()
        assert clock() - began == roll_run.SECONDS_TO_LEAVE

    ended, _ = rolled(fleet, leave)

    assert results(ended) == {"crm": INTERRUPTED}
    assert ended.state == ENDED


def test_a_failure_ends_it_unless_more_are_allowed() -> None:
    fleet = RollingFleet("crm", "search", "shop")
    fleet.clusters["crm"].answers = [INVALID]

    ended, _ = rolled(fleet)

    assert results(ended) == {"crm": FAILED}
    assert (ended.untouched, ended.results()[0].lines) == (2, ("quota",))
    assert ended.common is not None
    assert ended.common.reason == "Invalid"

    fleet.clusters["crm"].answers = [INVALID]
    assert rolled(fleet, bounds=RollBounds(most_failures=None))[0].counts == {ROLLED: 2, FAILED: 1}


def test_the_setting_that_keeps_all_from_rolling_is_named_with_who_sets_it() -> None:
    fleet = RollingFleet("crm", looks=1000)
    full = 'pods "crm-2" is forbidden: exceeded quota: compute, requested: memory=800Mi'
    fleet.clusters["crm"].conditions = [{**FAILS, "message": full}]

    ended, _ = rolled(fleet)

    assert ended.common is not None
    assert (ended.common.reason, ended.problem) == ("QuotaExceeded", "")
    (fault,) = ended.common.settings
    assert (fault.key, fault.origin) == ("mcpServerDefaults.resources", "environment")


def test_credentials_that_have_ended_end_it() -> None:
    fleet = RollingFleet("crm", "search", "shop")
    fleet.clusters["crm"].answers = [UNAUTHORIZED]

    ended, _ = rolled(fleet, bounds=RollBounds(most_failures=None))

    assert (results(ended), ended.problem) == ({"crm": FAILED}, roll_run.SIGNED_OUT)
    assert fleet.rolled == []


def test_another_who_rolled_it_meanwhile_is_not_repeated() -> None:
    fleet = RollingFleet("crm", "search")
    search = fleet.clusters["search"]

    def others(name: str) -> None:
        if name == "crm":
            template = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}
            body = {"metadata": {"annotations": {}}, "spec": {"template": template}}
            search.found = {**search.filled_in(body), "status": search.found["status"]}

    fleet.before_patch = others

    ended, _ = rolled(fleet)

    assert results(ended) == {"crm": ROLLED, "search": RestartResult.CURRENT}
    assert fleet.rolled == ["crm"]


@pytest.mark.parametrize(
    ("settings", "lists", "said"),
    [
        (Forbidden(403, "Forbidden", "no"), [], "the settings in force are not known to you"),
        ({"mode": "never"}, [], "mode"),
        ({}, [Forbidden(403, "Forbidden", "you may not list")], "you may not list"),
    ],
    ids=["settings unread", "settings broken", "servers unread"],
)
def test_what_cannot_be_read_ends_it_with_the_reason(
    settings: Any, lists: list[ApiError], said: str
) -> None:
    fleet = RollingFleet("crm")
    fleet.settings, fleet.lists = settings, lists

    ended, told = rolled(fleet)

    assert said in ended.problem
    assert (ended.state, ended.targets, told[-1:]) == (ENDED, [], [ENDED])


def test_a_failure_of_its_own_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    fleet = RollingFleet("crm")
    fleet.settings = ValueError("not foreseen")

    ended, _ = rolled(fleet)

    assert ended.problem == roll_run.FAILED_ITSELF
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == ["roll failed"]


def test_more_servers_than_it_keeps_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_run, "MOST_SERVERS", 1)

    assert rolled(RollingFleet("crm", "search"))[0].problem == roll_run.TOO_MANY


def test_what_is_kept_of_results_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_run, "MOST_CHARACTERS", 1000)
    kept, _ = rolled(RollingFleet("crm"))

    def lines(*given: str) -> tuple[str, ...]:
        return kept._end(Restarted(Target("team", "x"), FAILED, given)).lines

    assert lines("x" * 1000) == ("x" * 399 + "…",)
    assert lines(*("y" * 40) * 40) == ("y",) * 30 + (roll_run.LEFT_OUT,)
    assert lines("z" * 400, "v" * 400, "y") == ("z" * 400, roll_run.LEFT_OUT)
    assert lines("y") == ("y",)
