"""Many servers roll, so many at a time, until too many fail; what they have in common is told."""

import asyncio
import json
from typing import Any

import pytest

from tests.controller.servers.live import settings
from tests.fleet.test_settings_sources import LOCKED, SETTINGS, Cluster, config_map
from tests.kube.virtual_time import run
from webhook.fleet.fleet_roll import FleetRoll, SettingAtFault, common_failure, with_sources
from webhook.fleet.roll import Restarted, RestartResult
from webhook.fleet.targets import Target
from webhook.kube import ApiError, Forbidden

FLEET = [Target("team", f"server-{number}") for number in range(6)]
FAILED, ROLLED = RestartResult.FAILED, RestartResult.ROLLED


def rolled_fleet(
    fails: set[int], *, stop_after: float = 3600, **bounds: Any
) -> tuple[list[Restarted], int]:
    """How it ends for each that was begun, and how many rolled at a time; each takes 10 s."""
    under_way, most = set[Target](), 0

    async def main() -> list[Restarted]:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(stop_after, stop.set)

        async def restart(target: Target) -> Restarted:
            nonlocal most
            under_way.add(target)
            most = max(most, len(under_way))
            await asyncio.sleep(10)
            under_way.remove(target)
            return Restarted(target, FAILED if FLEET.index(target) in fails else ROLLED)

        return await FleetRoll(restart, stop, **bounds).roll(FLEET, lambda _: None)

    return run(main()), most


@pytest.mark.parametrize(
    ("fails", "bounds", "begun", "at_a_time"),
    [
        (set(), {}, 6, 1),
        (set(), {"parallel": 3}, 6, 3),
        (set(), {"parallel": 20}, 6, 6),
        ({0}, {}, 1, 1),
        ({0}, {"parallel": 3}, 3, 3),
        ({0, 1, 2}, {"parallel": 3, "most_failures": 4}, 6, 3),
        ({0, 2}, {"most_failures": 2}, 3, 1),
        ({0, 1, 2, 3, 4, 5}, {"most_failures": None}, 6, 1),
    ],
)
def test_no_further_one_begins_after_too_many_failures(
    fails: set[int], bounds: dict[str, Any], begun: int, at_a_time: int
) -> None:
    ended, most = rolled_fleet(fails, **bounds)

    assert [each.target for each in ended] == FLEET[:begun]
    assert most == at_a_time


def test_no_further_one_begins_once_it_is_stopped() -> None:
    ended, _ = rolled_fleet(set(), stop_after=15, parallel=2)

    assert [each.target for each in ended] == FLEET[:4]


@pytest.mark.parametrize(("stopped", "begun"), [(False, 6), (True, 2)])
def test_no_further_one_begins_while_it_is_paused(stopped: bool, begun: int) -> None:
    at = dict[Target, float]()

    async def main() -> list[Restarted]:
        loop, stop, resumed = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        resumed.set()
        loop.call_later(5, resumed.clear)
        if stopped:
            loop.call_later(99, stop.set)
        loop.call_later(100, resumed.set)

        async def restart(target: Target) -> Restarted:
            at[target] = loop.time()
            await asyncio.sleep(10)
            return Restarted(target, ROLLED)

        many = FleetRoll(restart, stop, 2, 1, resumed.wait)
        return await many.roll(FLEET, lambda _: None)

    assert [each.target for each in run(main())] == FLEET[:begun]
    assert [round(each) for each in at.values()] == [0, 0, 100, 100, 110, 110][:begun]


def test_an_empty_fleet_is_rolled_at_once() -> None:
    async def main() -> list[Restarted]:
        restart: Any = None
        return await FleetRoll(restart, asyncio.Event()).roll([], lambda _: None)

    assert run(main()) == []


DEFAULTS = {
    "runtimeClassName": "gvisor",
    "nodeSelector": {"pool": "mcp"},
    "resources": {"requests": {"memory": "800Mi"}},
}
FIELDS = ("containers[mcp].resources.requests.memory", "runtimeClassName", "nodeSelector[pool]")


def failure(reason: str, fields: tuple[str, ...] = FIELDS, at: int = 0) -> Restarted:
    return Restarted(FLEET[at], FAILED, ("x",), reason, fields=fields)


@pytest.mark.parametrize(
    ("reason", "fields", "keys"),
    [
        ("RuntimeClassMissing", FIELDS, ["runtimeClassName"]),
        ("RuntimeClassMissing", FIELDS[:1], []),
        ("Unschedulable", FIELDS[1:], ["runtimeClassName", "nodeSelector"]),
        ("QuotaExceeded", FIELDS, ["resources"]),
        ("ImageNotPulled", FIELDS, []),
        ("CrashLoop", FIELDS, []),
    ],
)
def test_the_settings_that_the_roll_brought_and_that_can_be_the_cause_are_named(
    reason: str, fields: tuple[str, ...], keys: list[str]
) -> None:
    found = common_failure(
        [failure(reason, fields), failure(reason, fields, 1)],
        lambda _: settings(mcpServerDefaults=DEFAULTS),
    )

    assert found is not None
    assert (found.failures, found.reason, found.namespace) == (2, reason, "team")
    assert [each.key for each in found.settings] == [f"mcpServerDefaults.{key}" for key in keys]


def test_the_value_is_told() -> None:
    found = common_failure(
        [failure("RuntimeClassMissing")], lambda _: settings(mcpServerDefaults=DEFAULTS)
    )

    assert found is not None
    assert found.settings == (SettingAtFault("mcpServerDefaults.runtimeClassName", "gvisor"),)


@pytest.mark.parametrize(
    "ended",
    [
        [],
        [Restarted(FLEET[0], RestartResult.CURRENT)],
        [failure("QuotaExceeded"), failure("RuntimeClassMissing", at=1)],
        [failure("QuotaExceeded"), Restarted(FLEET[1], ROLLED)],
    ],
    ids=["nothing", "current", "two reasons", "one rolled"],
)
def test_nothing_is_at_fault_where_not_every_roll_failed_for_one_reason(
    ended: list[Restarted],
) -> None:
    assert common_failure(ended, lambda _: settings(mcpServerDefaults=DEFAULTS)) is None


@pytest.mark.parametrize(
    ("spec", "objects", "origin", "where"),
    [
        (DEFAULTS, {}, "cluster", "MCPServerSettings default"),
        (None, {}, "built-in", "the defaults"),
        (DEFAULTS, {SETTINGS: Forbidden(403, "Forbidden", "no")}, "", "what judged it"),
        (DEFAULTS, {LOCKED: ApiError(500, "InternalError", "no")}, "", "what judged it"),
    ],
    ids=["set", "nobody", "settings-unread", "server-failed"],
)
def test_where_a_setting_at_fault_is_set_is_told_as_far_as_it_may_be_read(
    spec: Any, objects: dict[str, Any], origin: str, where: str
) -> None:
    values = json.dumps({"mcpServerDefaults": spec} if spec else {})
    files = config_map(settings_yaml=values, resource_yaml=values, locked_yaml="{}")
    api: Any = Cluster({SETTINGS: files, **objects})
    found = common_failure(
        [failure("RuntimeClassMissing")], lambda _: settings(mcpServerDefaults=DEFAULTS)
    )
    assert found is not None

    told = asyncio.run(with_sources(api, "release", found, "what judged it"))

    key = "mcpServerDefaults.runtimeClassName"
    assert told.settings == (SettingAtFault(key, "gvisor", origin, where),)
