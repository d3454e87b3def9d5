"""The steps of a rotation, one table and one story at a time."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from certs.authority import Pair, fingerprint, issue_leaf, make_authority
from certs.rotation import (
    CreateAuthority,
    CreateSuccessor,
    IssueLeaf,
    Promote,
    Publish,
    Rest,
    Retire,
    Step,
    Wait,
    next_step,
)
from tests.certs.world import (
    DAY,
    HOUR,
    PLAN,
    SECOND,
    START,
    Held,
    Replica,
    World,
    running,
)


def _kinds(steps: list[Step]) -> list[type[Step]]:
    """The steps that change something, and that it ends at rest."""
    return [type(step) for step in steps if not isinstance(step, Wait)]


def _ask_for_authority(world: World) -> None:
    assert world.stored.authority
    world.asked.add(fingerprint(world.stored.authority.certificate))


def _ask_for_leaf(world: World) -> None:
    assert world.stored.leaf
    world.asked.add(fingerprint(world.stored.leaf.certificate))


def _age_authority(world: World) -> None:
    world.sleep(2434 * DAY)


def _age_leaf(world: World) -> None:
    world.sleep(61 * DAY)


def _rename(world: World) -> None:
    world.plan = replace(PLAN, names=(*PLAN.names, "EXTRA.example", "0:0::1"))


def _lose_leaf(world: World) -> None:
    world.stored = replace(world.stored, leaf=None)


def _lose_authority(world: World) -> None:
    world.stored = replace(world.stored, authority=None)


def _foreign_leaf(world: World) -> None:
    leaf = issue_leaf(make_authority(world.now, 900 * DAY), PLAN.names, world.now, 90 * DAY)
    world.stored = replace(world.stored, leaf=leaf)
    for replica in world.replicas.values():
        replica.stuck = True


def _drift(world: World) -> None:
    world.configurations["mutating"] = Held(b"none of ours")


def _add_configuration(world: World) -> None:
    world.configurations["another"] = Held(None)


def _add_replica(world: World) -> None:
    world.add_replica("replica-2")


def _nothing(world: World) -> None:
    pass


AUTHORITY_STEPS = [CreateSuccessor, Publish, Promote, IssueLeaf, Retire, Publish, Rest]
STORIES: list[tuple[Callable[[World], None], list[type[Step]]]] = [
    (_nothing, [Rest]),
    (_ask_for_leaf, [IssueLeaf, Rest]),
    (_age_leaf, [IssueLeaf, Rest]),
    (_rename, [IssueLeaf, Rest]),
    (_lose_leaf, [IssueLeaf, Rest]),
    (_ask_for_authority, AUTHORITY_STEPS),
    (_age_authority, AUTHORITY_STEPS),
    (_lose_authority, [CreateAuthority, Publish, IssueLeaf, Retire, Publish, Rest]),
    (_drift, [Publish, Rest]),
    (_add_configuration, [Publish, Rest]),
    (_add_replica, [Rest]),
]


@pytest.mark.parametrize(("happens", "steps"), STORIES)
def test_what_happens_is_answered_by_these_steps(
    happens: Callable[[World], None], steps: list[type[Step]]
) -> None:
    world = running()
    happens(world)
    world.refusals.clear()  # of what was not served for years

    assert _kinds(world.run()) == steps
    assert world.is_well()


def test_the_first_certificate_waits_for_nobody() -> None:
    world = World(configurations={"mutating": Held(None)})

    assert [type(step) for step in world.run()] == [CreateAuthority, Publish, IssueLeaf, Rest]


def test_a_certificate_is_issued_before_any_configuration_is_there() -> None:
    """Many deploy the webhook first and register it once it is ready."""
    world = World()
    assert _kinds(world.run()) == [CreateAuthority, IssueLeaf, Rest]

    world.configurations["mutating"] = Held(None)
    assert _kinds(world.run()) == [Publish, Rest]
    assert world.is_well()


def test_a_rotation_rests_until_the_first_renewal() -> None:
    world = running()
    (rest,) = world.run()

    assert isinstance(rest, Rest)
    assert START + 60 * DAY <= rest.until <= START + 60 * DAY + 60 * SECOND
    world.now = rest.until - SECOND
    assert world.act() == rest
    assert world.act() == IssueLeaf()


@pytest.mark.parametrize("skew", [-50, 50])
def test_a_short_life_is_not_renewed_at_once(skew: int) -> None:
    """The hour by which it starts earlier is no part of its life."""
    plan = replace(PLAN, leaf_lifetime=3 * HOUR, authority_lifetime=6 * HOUR)
    world = running(plan=plan, skew=skew * timedelta(minutes=1))

    assert world.run() == [world.act()]


def test_both_are_asked_for_and_one_rotation_answers() -> None:
    world = running()
    _ask_for_leaf(world)
    _ask_for_authority(world)

    assert _kinds(world.run()) == AUTHORITY_STEPS
    assert _kinds(world.run()) == [Rest]


def test_the_old_authority_stays_while_one_replica_lags() -> None:
    world = running()
    world.replicas["replica-1"].stuck = True
    _ask_for_authority(world)
    world.run(lambda step: step == Wait("replica-1 does not serve the new certificate yet"))
    for _ in range(50):
        assert isinstance(world.act(), Wait)
    assert world.refusals == []

    world.replicas["replica-1"].answers = False
    assert world.act() == Wait("replica-1 does not answer")
    del world.replicas["replica-1"]

    assert _kinds(world.run()) == [Retire, Publish, Rest]
    assert world.refusals == []


def test_a_leaf_waits_until_every_api_server_knows_the_bundle() -> None:
    world = running()
    _ask_for_authority(world)
    steps = world.run()
    waits = [step.reason for step in steps if isinstance(step, Wait)]

    assert "every API server learns of the new bundle" in waits
    assert "every kubelet learns of the new certificate" in waits
    assert world.refusals == []


@pytest.mark.parametrize("settle", [timedelta(0), SECOND])
def test_waiting_too_short_would_fail_admissions(settle: timedelta) -> None:
    """That the simulation notices what the rotation must not do."""
    world = running(plan=replace(PLAN, settle=settle))
    world.replicas["replica-1"].lag = 1
    _ask_for_authority(world)
    world.run()

    assert world.refusals


def test_a_configuration_that_cannot_be_written_does_not_let_the_leaf_end() -> None:
    world = running()
    world.configurations["mutating"] = Held((world.configurations["mutating"].pem or b"") + b"#")
    world.unwritable.add("mutating")
    world.sleep(61 * DAY)

    steps = world.run(lambda step: isinstance(step, IssueLeaf))
    assert _kinds(steps[-1:]) == [IssueLeaf]
    assert {type(step) for step in steps[:-1]} == {Publish}
    assert isinstance(world.act(), Publish)


def test_the_configurations_that_differ_are_named() -> None:
    world = running()
    before = world.configurations["validating"].pem
    world.configurations["mutating"] = Held(None)

    assert before is not None
    assert world.act() == Publish(("mutating",), before)


def test_a_lost_authority_is_followed_without_a_failure() -> None:
    """Deleting the Secret is how many people ask for a new one."""
    world = running()
    _drift(world)
    _lose_authority(world)
    step = world.act()

    assert step == CreateAuthority((world.authorities[0],))
    world.run()
    assert world.is_well()
    assert world.refusals == []


@pytest.mark.parametrize("same_subject", [True, False])
def test_a_leaf_of_a_foreign_authority_is_replaced(*, same_subject: bool) -> None:
    world = running()
    foreign = make_authority(world.now, 900 * DAY)
    if same_subject:
        assert world.stored.authority
        foreign = Pair(world.stored.authority.certificate, foreign.key)
    leaf = issue_leaf(foreign, PLAN.names, world.now, 90 * DAY)
    world.stored = replace(world.stored, leaf=leaf)

    assert next_step(replace(world.state(), steady_for=DAY), world.now, PLAN) == IssueLeaf()


def test_a_leaf_without_names_is_replaced() -> None:
    world = running()
    assert world.stored.authority
    nameless = Pair(world.stored.authority.certificate, world.stored.authority.key)
    world.stored = replace(world.stored, leaf=nameless)

    assert IssueLeaf() in world.run()
    assert world.is_well()


def test_certificates_of_a_future_are_replaced() -> None:
    """A controller's clock was a year ahead, and was mended."""
    world = running()
    for replica in world.replicas.values():
        replica.stuck = True
    world.skew = 365 * DAY
    world.run(lambda step: isinstance(step, Wait) and "does not serve" in step.reason)
    world.skew = timedelta(0)
    for replica in world.replicas.values():
        replica.stuck = False

    world.run()
    assert world.is_well()


@pytest.mark.parametrize(
    ("tweak", "reason"),
    [
        ({"names": ()}, "at least one name"),
        ({"names": ("bücher",)}, "A-label"),
        ({"renew_after": 0.0}, "renewal after 0.0 of a life: write a part of 1"),
        ({"renew_after": 1.0}, "renewal after 1.0 of a life: write a part of 1"),
        ({"leaf_lifetime": 2 * HOUR}, "a leaf that lives for 2:00:00 is renewed less than an hour"),
        ({"authority_lifetime": HOUR}, "an authority that lives for 1:00:00 is renewed"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(tweak: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        replace(PLAN, **tweak)  # type: ignore[arg-type]


def test_nothing_of_a_state_shows_a_key() -> None:
    shown = re.sub(
        r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", "", repr(running().state())
    )

    assert "certificate" in shown.lower()
    assert "key" not in shown.lower()


def _scenario(world: World) -> None:
    """A first install, a leaf and two authorities, with a drift in between."""
    world.run()
    _ask_for_leaf(world)
    world.run()
    _ask_for_authority(world)
    world.run(lambda step: isinstance(step, Publish))
    _drift(world)
    world.run()
    _ask_for_authority(world)
    world.run()


def _fresh(killed_after: int | None = None) -> World:
    return World(
        configurations={name: Held(None) for name in ("mutating", "validating")},
        replicas={"replica-0": Replica(None), "replica-1": Replica(None, lag=4)},
        killed_after=killed_after,
    )


WRITES = 22


@pytest.mark.parametrize("write", range(1, WRITES + 1))
def test_killed_after_any_write_it_ends_alike(write: int) -> None:
    world = _fresh(killed_after=write)
    _scenario(world)

    assert world.is_well()
    assert world.refusals == []
    assert len(world.authorities) == 3
    assert world.killed_after is None


def test_the_writes_of_that_scenario_are_counted() -> None:
    world = _fresh()
    _scenario(world)

    assert world.writes == WRITES
    assert len(world.authorities) == 3
