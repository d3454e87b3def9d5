"""A cluster in memory that a rotation acts on: stored Secrets, configurations, replicas, clocks.

API servers see a bundle, and replicas a Secret, some seconds after it was written, as with
informers and kubelets. After every second, each API server verifies what each replica serves, with
the bundles that it knows and its own clock: `refusals` are the admissions that would have failed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from certs import bundle, rotation
from certs.authority import Pair, issue_leaf, make_authority, service_names
from certs.rotation import RotationPlan, State, Step, next_step

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (
    timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days")
)
PLAN = RotationPlan(names=service_names("webhook", "mcp"))
# API servers and new pods lag by less than the time that a rotation waits.
LAG = 3


class KilledError(Exception):
    """The controller died right after a write."""


@dataclass(frozen=True)
class Stored:
    """What the two Secrets hold."""

    authority: Pair | None = None
    successor: Pair | None = None
    retired: tuple[x509.Certificate, ...] = ()
    leaf: Pair | None = None


@dataclass(frozen=True)
class Held:
    """What a configuration holds, and whether it was the rotation that wrote it."""

    pem: bytes | None
    ours: bool = False


@dataclass
class Replica:
    """A serving process: it takes a stored leaf up after `lag` seconds, unless it is stuck."""

    serves: x509.Certificate | None
    lag: int = 1
    answers: bool = True
    stuck: bool = False
    waited: int = 0


@dataclass
class World:
    """The cluster; `skew` is that of the controller's clock, `api_skew` that of the API servers."""

    plan: RotationPlan = PLAN
    now: datetime = START
    skew: timedelta = timedelta(0)
    api_skew: timedelta = timedelta(0)
    stored: Stored = Stored()
    configurations: dict[str, Held] = field(default_factory=dict)
    replicas: dict[str, Replica] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    authorities: list[x509.Certificate] = field(default_factory=list)
    unwritable: set[str] = field(default_factory=set)
    forgives_ended: bool = False
    writes: int = 0
    killed_after: int | None = None

    def __post_init__(self) -> None:
        self._known = [dict(self.configurations)] * (LAG + 1)
        self._leaves = [self.stored.leaf] * (LAG + 1)
        self._seen: object = None
        self._steady_since = self.now

    # What the controller does.

    def state(self) -> State:
        """What the controller sees."""
        published = {name: held.pem for name, held in self.configurations.items()}
        serving = {
            name: replica.serves if replica.answers else None
            for name, replica in self.replicas.items()
        }
        if (published, serving) != self._seen:
            self._seen, self._steady_since = (published, serving), self.now
        return State(
            authority=self.stored.authority,
            successor=self.stored.successor,
            retired=self.stored.retired,
            leaf=self.stored.leaf,
            published=published,
            serving=serving,
            steady_for=self.now - self._steady_since,
            replace=frozenset(self.asked),
        )

    def act(self) -> Step:
        """One turn of the controller: see, decide, write; then a second passes.

        It may die after a write; the next turn is that of a new one.
        """
        clock = self.now + self.skew
        step = next_step(self.state(), clock, self.plan)
        self.steps.append(step)
        try:
            self._do(step, clock)
        except KilledError:
            self.killed_after = None
            self.restart()
        self.tick()
        return step

    def _do(self, step: Step, clock: datetime) -> None:
        stored = self.stored
        match step:
            case rotation.CreateAuthority(retired):
                self._store(authority=self._authority(clock), retired=retired)
            case rotation.CreateSuccessor():
                self._store(successor=self._authority(clock))
            case rotation.Promote():
                assert stored.authority
                retired = (*stored.retired, stored.authority.certificate)
                self._store(authority=stored.successor, successor=None, retired=retired)
            case rotation.IssueLeaf():
                assert stored.authority
                names, lifetime = self.plan.names, self.plan.leaf_lifetime
                self._store(leaf=issue_leaf(stored.authority, names, clock, lifetime))
            case rotation.Retire():
                self._store(retired=())
            case rotation.Publish(names, pem):
                assert bundle.parse_certificates(pem, "published")
                for name in names:
                    if name not in self.unwritable:
                        self.configurations[name] = Held(pem, ours=True)
                        self._wrote()

    def _authority(self, clock: datetime) -> Pair:
        pair = make_authority(clock, self.plan.authority_lifetime)
        self.authorities.append(pair.certificate)
        return pair

    def _store(self, **changes: object) -> None:
        self.stored = replace(self.stored, **changes)  # type: ignore[arg-type]
        self._wrote()

    def _wrote(self) -> None:
        self.writes += 1
        if self.writes == self.killed_after:
            raise KilledError

    def restart(self) -> None:
        """A new controller: it has seen nothing yet."""
        self._seen = None

    def run(self, until: Callable[[Step], bool] | None = None, most: int = 300) -> list[Step]:
        """Act until a step is this, or all is well; raises AssertionError when it does not end."""
        done = until or (lambda step: isinstance(step, rotation.Rest))
        first = len(self.steps)
        for _ in range(most):
            if done(self.act()):
                return self.steps[first:]
        raise AssertionError(f"no end after {most} steps: {self.steps[-5:]}")

    # What the rest of the cluster does.

    def tick(self) -> None:
        """A second passes: API servers and replicas learn, and reviews are sent."""
        self.now += SECOND
        self._known = [*self._known[1:], dict(self.configurations)]
        self._leaves = [*self._leaves[1:], self.stored.leaf]
        for replica in self.replicas.values():
            self._take_up(replica)
        self.refusals += self._refused()

    def _take_up(self, replica: Replica) -> None:
        leaf = self.stored.leaf.certificate if self.stored.leaf else None
        if leaf is None or leaf == replica.serves or replica.stuck:
            replica.waited = 0
            return
        replica.waited += 1
        if replica.waited >= replica.lag:
            replica.serves, replica.waited = leaf, 0

    def sleep(self, time: timedelta) -> None:
        """The controller is away for this long; everybody else goes on."""
        self.now += time
        for _ in range(LAG + 1):
            self.tick()

    def add_replica(self, name: str, lag: int = 1) -> None:
        """A new pod: the Secret that it mounts may be some seconds old."""
        leaf = self._leaves[0]
        self.replicas[name] = Replica(leaf.certificate if leaf else None, lag)

    def _refused(self) -> Iterator[str]:
        clock = self.now + self.api_skew
        for known in (self._known[0], self._known[-1]):
            for name, held in known.items():
                if not held.ours or name not in self.configurations:
                    continue
                for replica, served in self.replicas.items():
                    if not served.serves or (
                        self.forgives_ended and served.serves.not_valid_after_utc < clock
                    ):
                        continue
                    if not accepts(held.pem, served.serves, clock):
                        yield f"{name} does not verify {replica} at {self.now}"

    def is_well(self) -> bool:
        """Whether one authority is trusted everywhere, and its valid leaf served by everybody."""
        assert self.stored.authority
        assert self.stored.leaf
        wanted = self.stored.authority.certificate_pem
        leaf = self.stored.leaf.certificate
        return (
            (self.stored.successor, self.stored.retired) == (None, ())
            and all(held.pem == wanted for held in self.configurations.values())
            and all(replica.serves == leaf for replica in self.replicas.values())
            and accepts(wanted, leaf, self.now + self.api_skew)
        )


def accepts(pem: bytes | None, leaf: x509.Certificate, clock: datetime) -> bool:
    """Whether an API server with this bundle takes this leaf at that moment."""
    if not _is_live(leaf, clock):
        return False
    live = [one for one in _parsed(pem or b"") if _is_live(one, clock)]
    return any(_leads_to(leaf, authority) for authority in live)


def _is_live(certificate: x509.Certificate, clock: datetime) -> bool:
    return certificate.not_valid_before_utc <= clock <= certificate.not_valid_after_utc


@lru_cache(maxsize=1000)
def _parsed(pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem) if pem else []


@lru_cache(maxsize=1000)
def _leads_to(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    """An implementation that is not ours, at a moment when both are valid."""
    at = max(leaf.not_valid_before_utc, authority.not_valid_before_utc)
    name = x509.DNSName(PLAN.names[0])
    policy = PolicyBuilder().store(Store([authority])).time(at)
    try:
        policy.build_server_verifier(name).verify(leaf, [])
    except VerificationError:
        return False
    return True


def running(**given: object) -> World:
    """A world with two configurations and two replicas, in which all is well."""
    names = ("mutating", "validating")
    world = World(configurations={name: Held(None) for name in names}, **given)  # type: ignore[arg-type]
    world.replicas = {"replica-0": Replica(None), "replica-1": Replica(None, lag=4)}
    world.run()
    assert world.is_well()
    assert world.refusals == []
    return world
