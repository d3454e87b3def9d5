"""Clocks that differ, and a controller that was away: recovery without hands."""

from dataclasses import replace
from datetime import timedelta

import pytest

from certs.authority import fingerprint
from certs.rotation import Rest, Wait
from tests.certs.world import DAY, HOUR, MINUTE, PLAN, Held, Replica, running

EARLY, EXACT, LATE = -50 * MINUTE, timedelta(0), 50 * MINUTE
SKEWS = [EARLY, EXACT, LATE]
# Of the controller and of the API servers: 50 minutes between any two clocks.
PAIRS = [
    (EXACT, EXACT),
    (EXACT, EARLY),
    (EXACT, LATE),
    (EARLY, EXACT),
    (LATE, EXACT),
    (LATE, LATE),
    (-25 * MINUTE, 25 * MINUTE),
    (25 * MINUTE, -25 * MINUTE),
]


@pytest.mark.parametrize(("skew", "api_skew"), PAIRS)
def test_a_rotation_under_skew_fails_no_admission(skew: timedelta, api_skew: timedelta) -> None:
    world = running(skew=skew, api_skew=api_skew)
    assert world.stored.authority
    world.asked.add(fingerprint(world.stored.authority.certificate))
    world.run()

    assert world.is_well()
    assert len(world.authorities) == 2
    assert world.refusals == []


@pytest.mark.parametrize("after", SKEWS)
@pytest.mark.parametrize("before", SKEWS)
def test_another_controller_with_another_clock_goes_on(before: timedelta, after: timedelta) -> None:
    world = running(skew=before)
    assert world.stored.authority
    world.asked.add(fingerprint(world.stored.authority.certificate))
    for _ in range(4):
        world.act()
    world.skew = after
    world.restart()
    world.run()

    assert world.is_well()
    assert world.refusals == []


@pytest.mark.parametrize(("skew", "api_skew"), PAIRS)
def test_six_years_of_renewals_fail_no_admission(skew: timedelta, api_skew: timedelta) -> None:
    """The controller looks every twenty days, and acts until all is well."""
    plan = replace(PLAN, authority_lifetime=1000 * DAY)
    world = running(plan=plan, skew=skew, api_skew=api_skew)
    for _ in range(6 * 365 // 20):
        world.sleep(20 * DAY)
        world.run()

    assert world.is_well()
    assert world.refusals == []
    assert len(world.authorities) == 4


@pytest.mark.parametrize("lifetime", [3 * HOUR, 6 * HOUR])
@pytest.mark.parametrize(("skew", "api_skew"), PAIRS)
def test_the_shortest_lives_are_renewed_in_time(
    lifetime: timedelta, skew: timedelta, api_skew: timedelta
) -> None:
    plan = replace(PLAN, leaf_lifetime=lifetime, authority_lifetime=2 * lifetime)
    world = running(plan=plan, skew=skew, api_skew=api_skew)
    for _ in range(100):
        world.sleep(4 * MINUTE)
        world.run()

    assert world.is_well()
    assert world.refusals == []


@pytest.mark.parametrize(
    ("away", "authorities"),
    [(100 * DAY, 1), (365 * DAY, 1), (3000 * DAY, 2), (3651 * DAY, 2), (30 * 365 * DAY, 2)],
    ids=["leaf ended", "a year", "authority is old", "authority ended", "thirty years"],
)
@pytest.mark.parametrize("skew", SKEWS)
def test_after_any_absence_it_recovers(away: timedelta, authorities: int, skew: timedelta) -> None:
    world = running(skew=skew)
    world.sleep(away)
    assert not world.is_well()
    back = world.now

    world.run()

    assert world.is_well()
    assert len(world.authorities) == authorities
    assert world.now - back < MINUTE


@pytest.mark.parametrize("acts", range(1, 12))
def test_an_absence_in_the_middle_of_a_rotation(acts: int) -> None:
    world = running()
    assert world.stored.authority
    world.asked.add(fingerprint(world.stored.authority.certificate))
    for _ in range(acts):
        world.act()
    world.sleep(11 * 365 * DAY)

    world.run()

    assert world.is_well()
    assert world.stored.retired == ()


def test_everything_has_ended_and_new_pods_come() -> None:
    world = running()
    world.sleep(11 * 365 * DAY)
    world.replicas = {"replica-2": Replica(None)}
    world.configurations["another"] = Held(None)

    assert isinstance(world.run()[-1], Rest)
    assert world.is_well()


def test_a_clock_that_ran_backwards_only_makes_it_wait() -> None:
    """What has been steady is measured by the driver; dates are looked at anew."""
    world = running()
    world.skew = -40 * MINUTE
    steps = world.run()

    assert all(isinstance(step, Rest | Wait) for step in steps)
    assert isinstance(world.act(), Rest)
    assert world.refusals == []
