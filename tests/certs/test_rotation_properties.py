"""What holds whatever happens: no leaf that a published bundle does not verify, and an end."""

from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certs.authority import fingerprint
from certs.rotation import Rest
from tests.certs.world import DAY, PLAN, Held, Replica, World, running

NAMES = st.sampled_from(["mutating", "validating", "another"])
REPLICAS = st.sampled_from(["replica-0", "replica-1", "replica-2", "replica-3"])
# The authority is renewed several times in a long run.
SHORT = replace(PLAN, authority_lifetime=200 * DAY)

HAPPENINGS = st.one_of(
    st.tuples(st.just("act"), st.integers(1, 12)),
    st.tuples(st.just("sleep"), st.integers(0, 40)),
    st.tuples(st.sampled_from(["kill", "ask_leaf", "ask_authority", "lose_leaf"]), st.none()),
    st.tuples(st.just("lose_authority"), st.none()),
    st.tuples(st.just("drift"), st.tuples(NAMES, st.sampled_from(["none", "garbage", "first"]))),
    st.tuples(st.just("add_configuration"), NAMES),
    st.tuples(st.just("remove_configuration"), NAMES),
    st.tuples(st.just("add_replica"), st.tuples(REPLICAS, st.integers(1, 20))),
    st.tuples(st.sampled_from(["remove_replica", "mute", "stick", "heal"]), REPLICAS),
)


class Happening:
    """One thing that happens to a world, by its name."""

    def __init__(self, world: World) -> None:
        self._world = world

    def act(self, seconds: int) -> None:
        for _ in range(seconds):
            self._world.act()

    def sleep(self, days: int) -> None:
        self._world.sleep(days * DAY)

    def kill(self, _: None) -> None:
        self._world.killed_after = self._world.writes + 1

    def ask_leaf(self, _: None) -> None:
        if self._world.stored.leaf:
            self._world.asked.add(fingerprint(self._world.stored.leaf.certificate))

    def ask_authority(self, _: None) -> None:
        if self._world.stored.authority:
            self._world.asked.add(fingerprint(self._world.stored.authority.certificate))

    def lose_leaf(self, _: None) -> None:
        self._world.stored = replace(self._world.stored, leaf=None)

    def lose_authority(self, _: None) -> None:
        """The whole Secret; nobody could know what was trusted once no bundle tells either."""
        if any(held.ours for held in self._world.configurations.values()):
            self._world.stored = replace(
                self._world.stored, authority=None, successor=None, retired=()
            )
            self._world.act()

    def drift(self, change: tuple[str, str]) -> None:
        name, how = change
        first = self._world.authorities[0].public_bytes(Encoding.PEM)
        pem = {"none": None, "garbage": b"none of ours", "first": first}[how]
        if name in self._world.configurations:
            self._world.configurations[name] = Held(pem)

    def add_configuration(self, name: str) -> None:
        self._world.configurations.setdefault(name, Held(None))

    def remove_configuration(self, name: str) -> None:
        self._world.configurations.pop(name, None)

    def add_replica(self, pod: tuple[str, int]) -> None:
        name, lag = pod
        if name not in self._world.replicas:
            self._world.add_replica(name, lag)

    def remove_replica(self, name: str) -> None:
        self._world.replicas.pop(name, None)

    def mute(self, name: str) -> None:
        self._replica(name).answers = False

    def stick(self, name: str) -> None:
        self._replica(name).stuck = True

    def heal(self, name: str) -> None:
        replica = self._replica(name)
        replica.answers, replica.stuck = True, False

    def _replica(self, name: str) -> Replica:
        return self._world.replicas.get(name, Replica(None))


@given(st.lists(HAPPENINGS, max_size=40))
def test_no_admission_fails_and_all_ends_well(happenings: list[tuple[str, Any]]) -> None:
    """A leaf that has ended fails too; that is not the order's fault, so it is left out here."""
    world = running(plan=SHORT, forgives_ended=True)
    happening = Happening(world)
    for name, how in happenings:
        getattr(happening, name)(how)
    assert world.refusals == []

    for replica in world.replicas.values():
        replica.answers, replica.stuck = True, False
    steps = world.run()

    assert isinstance(steps[-1], Rest)
    assert world.is_well()
    assert world.refusals == []
