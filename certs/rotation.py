"""Rotation as a pure state machine: from what is stored, published and served to the next step.

Each step is stored before the next one is requested, and the next one depends on what is observed
alone. So a controller that dies anywhere continues where it was. The order keeps one promise: no
replica serves a leaf that a published bundle does not verify.

    a new authority is stored -> every configuration trusts old and new -> the new one issues
    -> every replica serves its leaf -> the old one is no longer trusted
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from certs import bundle
from certs.authority import SKEW, Pair, fingerprint, general_names, issued_by


@dataclass(frozen=True, kw_only=True)
class RotationPlan:
    """The settings of an administrator; raises ValueError where they cannot work.

    A certificate is renewed at `renew_after` of its life. What is published or served has to be
    unchanged for `settle` before the next step relies on it: other API servers learn of a new
    bundle, and kubelets of a new Secret, a moment later.
    """

    names: tuple[str, ...]
    authority_lifetime: timedelta = timedelta(days=3650)
    leaf_lifetime: timedelta = timedelta(days=90)
    renew_after: float = 2 / 3
    settle: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        if not self.names:
            raise ValueError("a leaf needs at least one name")
        general_names(self.names)
        if not 0 < self.renew_after < 1:
            raise ValueError(f"renewal after {self.renew_after} of a life: write a part of 1")
        lives = {"an authority": self.authority_lifetime, "a leaf": self.leaf_lifetime}
        for what, lifetime in lives.items():
            if lifetime * (1 - self.renew_after) < SKEW:
                raise ValueError(
                    f"{what} that lives for {lifetime} is renewed less than an hour before its "
                    "end, when some clocks are past it: let it live longer"
                )


@dataclass(frozen=True, kw_only=True)
class State:
    """What is observed at one moment.

    `authority` issues, `successor` will, `retired` did and are still trusted. `published` are the
    bundles of the webhook configurations by name (None: none), `serving` the leaves of the
    replicas by name (None: it does not answer); both have been as they are for `steady_for`.
    `replace` are fingerprints of certificates to renew now. It has no effect once these are gone,
    so that the request need not be withdrawn.
    """

    authority: Pair | None = None
    successor: Pair | None = None
    retired: tuple[x509.Certificate, ...] = ()
    leaf: Pair | None = None
    published: Mapping[str, bytes | None]
    serving: Mapping[str, x509.Certificate | None]
    steady_for: timedelta
    replace: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CreateAuthority:
    """Make and store the first authority, and these as retired.

    They are published although nothing is stored: the Secret was deleted, and the replicas still
    serve what they verify.
    """

    retired: tuple[x509.Certificate, ...]


@dataclass(frozen=True)
class CreateSuccessor:
    """Make and store the authority that will follow."""


@dataclass(frozen=True)
class Publish:
    """Give these configurations this bundle."""

    configurations: tuple[str, ...]
    bundle: bytes


@dataclass(frozen=True)
class Promote:
    """Store, in one write, the successor as the authority and the previous one as retired."""


@dataclass(frozen=True)
class IssueLeaf:
    """Issue and store a leaf of the authority."""


@dataclass(frozen=True)
class Retire:
    """Forget the retired authorities; publishing without them is the next step."""


@dataclass(frozen=True)
class Wait:
    """Nothing to do before an observation; one sentence says which."""

    reason: str


@dataclass(frozen=True)
class Rest:
    """Nothing to do until this moment."""

    until: datetime


Step = CreateAuthority | CreateSuccessor | Publish | Promote | IssueLeaf | Retire | Wait | Rest


def next_step(state: State, now: datetime, plan: RotationPlan) -> Step:
    """The one step that is next."""
    if state.authority is None:
        return CreateAuthority(tuple(_published(state)))
    if state.successor is None and _is_due(state.authority.certificate, state, now, plan):
        return CreateSuccessor()
    due, settled = _leaf_is_due(state, now, plan), _is_settled(state, plan)
    # Before anything is published: a configuration that cannot be written must not let it expire.
    if due and settled and state.successor is None and _is_trusted(state.authority, state):
        return IssueLeaf()
    wanted = trusted(state, now)
    differing = tuple(name for name, held in sorted(state.published.items()) if held != wanted)
    if differing:
        return Publish(differing, wanted)
    if state.successor is not None:
        return Promote()
    return _finish(state, plan, due=due, settled=settled)


def trusted(state: State, now: datetime) -> bytes:
    """The bundle that every configuration has to hold; raises BundleError before any authority."""
    pairs = (state.successor, state.authority)
    certificates = [pair.certificate for pair in pairs if pair is not None]
    return bundle.render_bundle(bundle.prune([*certificates, *state.retired], now))


def _finish(state: State, plan: RotationPlan, *, due: bool, settled: bool) -> Wait | Retire | Rest:
    """The step once every bundle is right and no successor waits for promotion."""
    if due:
        return Wait("every API server learns of the new bundle")
    current = [pair.certificate for pair in (state.leaf, state.authority) if pair is not None]
    for name, served in sorted(state.serving.items()):
        if served is None:
            return Wait(f"{name} does not answer")
        if served != current[0]:
            return Wait(f"{name} does not serve the new certificate yet")
    if state.retired:
        return Retire() if settled else Wait("every kubelet learns of the new certificate")
    return Rest(min(renewal(certificate, plan) for certificate in current))


def _published(state: State) -> Iterator[x509.Certificate]:
    """What the configurations trust, as far as it can be read."""
    for name, held in sorted(state.published.items()):
        try:
            yield from bundle.parse_certificates(held or b"", name)
        except bundle.BundleError:
            continue


def _is_trusted(authority: Pair, state: State) -> bool:
    """Whether every configuration holds the authority, whatever else it holds."""
    pem = authority.certificate_pem
    return all(held is not None and pem in held for held in state.published.values())


def _is_settled(state: State, plan: RotationPlan) -> bool:
    """Whether the observed state is old enough, or no replica serves yet."""
    first = state.leaf is None and not any(state.serving.values())
    return first or state.steady_for >= plan.settle


def _leaf_is_due(state: State, now: datetime, plan: RotationPlan) -> bool:
    """Whether the stored leaf is missing, foreign, for other names, old or requested anew."""
    if state.leaf is None or state.authority is None:
        return True
    leaf = state.leaf.certificate
    return (
        not issued_by(leaf, state.authority.certificate)
        or _names(leaf) != set(general_names(plan.names))
        or _is_due(leaf, state, now, plan)
    )


def _is_due(certificate: x509.Certificate, state: State, now: datetime, plan: RotationPlan) -> bool:
    """Whether a certificate is old, from a future that a wrong clock made, or requested anew."""
    return (
        renewal(certificate, plan) <= now
        or certificate.not_valid_before_utc > now
        or fingerprint(certificate) in state.replace
    )


def renewal(certificate: x509.Certificate, plan: RotationPlan) -> datetime:
    """When a certificate is old enough to be renewed."""
    issued = certificate.not_valid_before_utc + SKEW
    return issued + (certificate.not_valid_after_utc - issued) * plan.renew_after


def _names(leaf: x509.Certificate) -> set[x509.GeneralName]:
    try:
        return set(leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return set()
