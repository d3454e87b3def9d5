"""The rolls of one person: tried first, then begun, bounded in number, and never two of one server.

They are kept in memory, for as long as the person has a session. What they have done is in the
cluster.
"""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from webhook.console.rolls.roll_run import ENDED, RollAccess, RollBounds, RollRun
from webhook.fleet.checkup.checks import listing
from webhook.fleet.roll import RestartResult
from webhook.fleet.targets import Outdated, Target, Targets

MOST_KEPT, MOST_AT_ONCE, PARALLEL_DRY = 10, 3, 5
"""Rolls and dry runs of one person that are kept, those under way, and servers tried at a time."""
MOST_KEPT_TOGETHER, MOST_TOGETHER = 20, 6
"""The same of a household: a tenant makes any number of accounts, and results take memory."""
AT_ONCE = f"{MOST_AT_ONCE} rolls of yours are under way: wait for one to end, or stop it"
TOGETHER = (
    f"{MOST_TOGETHER} rolls of accounts in the namespace of yours are under way: wait for one to "
    "end"
)
NOT_TRIED = "the dry run has not ended: wait for it, or stop it to roll what it has shown by then"
NOTHING = "nothing of this dry run would roll"


class RollRefused(Exception):  # noqa: N818 - it is about what was asked for
    """A roll that is not begun, and why, in one sentence."""


class ServerChoice(NamedTuple):
    """These servers, or all that are not current: of a namespace, or without one of the cluster."""

    namespace: str = ""
    servers: tuple[Target, ...] = ()

    async def find(self, targets: Targets) -> Outdated:
        """The servers; raises NotServers, NotEnforced and ApiError."""
        if not self.servers:
            return await targets.outdated(self.namespace or None)
        found: list[Target] = []
        for namespace in dict.fromkeys(each.namespace for each in self.servers):
            names = [each.name for each in self.servers if each.namespace == namespace]
            found += await targets.named(namespace, names)
        return Outdated(found, 0, {})


class KeptRoll(NamedTuple):
    """A dry run, and the roll of what it has shown once that was begun; `number` names both."""

    number: int
    choice: ServerChoice
    bounds: RollBounds
    trial: RollRun
    roll: list[RollRun]

    @property
    def runs(self) -> list[RollRun]:
        """The dry run and the roll, the later one last."""
        return [self.trial, *self.roll]

    @property
    def ended(self) -> bool:
        """Whether nothing of it is under way."""
        return all(each.state == ENDED for each in self.runs)


class RollClaims:
    """The servers that are rolled from this console now, whoever began it, and who has rolls."""

    def __init__(self) -> None:
        self._held: dict[RollRun, frozenset[Target]] = {}
        self.people: dict[RollRuns, str] = {}
        """Whose household each is of."""

    def hold(self, run: RollRun, targets: Iterable[Target]) -> None:
        """Let nobody else roll these until the run has ended."""
        self._held[run] = frozenset(targets)

    def taken(self, targets: Iterable[Target]) -> list[Target]:
        """Which of these are held."""
        self._held = {run: held for run, held in self._held.items() if run.state != ENDED}
        return [each for each in targets if any(each in held for held in self._held.values())]


_CLAIMS: WeakKeyDictionary[object, RollClaims] = WeakKeyDictionary()


def claims_of(console: object) -> RollClaims:
    """Those of one console, which all its persons share."""
    return _CLAIMS.setdefault(console, RollClaims())


class RollRuns:
    """What one person has begun."""

    def __init__(self, access: RollAccess, claims: RollClaims, household: str = "") -> None:
        self._access, self._claims = access, claims
        self._household = claims.people[self] = household
        self._kept: dict[int, KeptRoll] = {}
        self._last = 0

    @property
    def newest_first(self) -> list[KeptRoll]:
        """All that are kept."""
        return list(reversed(self._kept.values()))

    @property
    def busy(self) -> bool:
        """Whether a roll is under way, which lasts as long as the session."""
        return self.under_way > 0

    @property
    def under_way(self) -> int:
        """How many have not ended."""
        return len(self._kept) - self.forgettable

    def numbered(self, number: int) -> KeptRoll | None:
        """The one of this number, None where it is not kept."""
        return self._kept.get(number)

    def try_out(self, choice: ServerChoice, bounds: RollBounds) -> KeptRoll:
        """Begin a dry run; raises RollRefused where too much is under way."""
        self._check_room()
        while len(self._kept) >= MOST_KEPT and self.forget_one():
            pass
        while sum(len(each.newest_first) for each in self._together()) >= MOST_KEPT_TOGETHER:
            if not max(self._together(), key=lambda each: each.forgettable).forget_one():
                break
        dry = RollBounds(PARALLEL_DRY, None)
        trial = RollRun(self._access, choice.find, dry, dry_run=True)
        self._last += 1
        kept = KeptRoll(self._last, choice, bounds, trial, [])
        self._kept[kept.number] = kept
        return kept

    def begin(self, kept: KeptRoll) -> RollRun:
        """Roll what the dry run has shown; the same roll where that was done already.

        Raises RollRefused where that cannot be done now.
        """
        if kept.roll:
            return kept.roll[0]
        if kept.trial.state != ENDED:
            raise RollRefused(NOT_TRIED)
        targets = [each.target for each in kept.trial.results(RestartResult.WOULD_ROLL)]
        if not targets:
            raise RollRefused(NOTHING)
        self._check_room()
        taken = [str(each) for each in self._claims.taken(targets)]
        if taken:
            raise RollRefused(
                f"another roll of this console is about {listing(taken)}: wait for it"
            )
        judged_by = kept.trial.judged_by
        expected = {each.namespace: judged_by[each.namespace] for each in targets}

        async def these(_: Targets) -> Outdated:
            return Outdated(targets, 0, {})

        roll = RollRun(self._access, these, kept.bounds, dry_run=False, expected=expected)
        self._claims.hold(roll, targets)
        kept.roll.append(roll)
        return roll

    @property
    def forgettable(self) -> int:
        """How many have ended."""
        return sum(each.ended for each in self._kept.values())

    def forget_one(self) -> bool:
        """Keep the oldest that has ended no longer; false where none has."""
        oldest = next((number for number, each in self._kept.items() if each.ended), None)
        return oldest is not None and self._kept.pop(oldest) is not None

    async def close(self) -> None:
        """Let no further server begin, and leave those that roll to Kubernetes."""
        self._claims.people.pop(self, None)
        runs = [run for each in self._kept.values() for run in each.runs if run.state != ENDED]
        await asyncio.gather(*(run.leave() for run in runs))

    def _together(self) -> list["RollRuns"]:
        """Those of the household, its own among them."""
        people = self._claims.people.items()
        return [each for each, household in people if household == self._household]

    def _check_room(self) -> None:
        if self.under_way >= MOST_AT_ONCE:
            raise RollRefused(AT_ONCE)
        if sum(each.under_way for each in self._together()) >= MOST_TOGETHER:
            raise RollRefused(TOGETHER)
