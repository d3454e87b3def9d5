"""The rotation in the cluster: look at everything, take the one next step, and look again.

Nothing is remembered but since when everything has looked the same, so a controller that dies
anywhere is followed by one that goes on.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from certs import rotation
from certs.authority import fingerprint, issue_leaf, make_authority
from certs.rotation import RotationPlan, State, Step, next_step
from webhook.controller import kubelet
from webhook.controller.certificates import published, served, stored
from webhook.controller.certificates.problems import Seen, faults
from webhook.controller.certificates.published import Configuration
from webhook.controller.certificates.served import FindReplicas, Replica
from webhook.controller.certificates.stored import Stored
from webhook.controller.installation import Places
from webhook.kube.api import Api
from webhook.observe.control_metrics import ControlMetrics

STEPS = ("CreateAuthority", "CreateSuccessor", "Publish", "Promote", "IssueLeaf", "Retire")
# A bundle that somebody has changed is put back within half a minute.
WAITING, RESTING = timedelta(seconds=2), timedelta(seconds=30)

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """Everything that a step is decided on and acts on."""

    stored: Stored
    configurations: list[Configuration]
    replicas: list[Replica]
    state: State

    @property
    def seen(self) -> Seen:
        """What whoever issues nothing would see."""
        return Seen(self.stored.serving, self.state.published, self.state.serving)


@dataclass
class Driver:
    """Takes the steps of one installation; `clock` is that of the API server."""

    api: Api
    places: Places
    plan: RotationPlan
    find_replicas: FindReplicas
    metrics: ControlMetrics
    clock: Callable[[], datetime]
    waiting: timedelta = WAITING
    resting: timedelta = RESTING
    _same: object = field(default=None, init=False)
    _since: float = field(default=0.0, init=False)
    _told: object = field(default=None, init=False)
    _touched: set[tuple[str, str]] = field(default_factory=set, init=False)

    async def turn(self) -> timedelta:
        """Take one step; returns when to come again. Raises ApiError, and may be tried again."""
        step = await self.step()
        if isinstance(step, rotation.Rest):
            return max(timedelta(0), min(self.resting, step.until - self.clock()))
        return self.waiting if isinstance(step, rotation.Wait) else timedelta(0)

    async def step(self) -> Step:
        """Take one step, and return it."""
        look = await self.look()
        now = self.clock().replace(microsecond=0)
        step = next_step(look.state, now, self.plan)
        await self._let_kubelets_sync(look)
        self.metrics.found(len(faults(look.seen, self.places, now)))
        self._tell(look, step)
        await self._do(step, look, now)
        if not isinstance(step, rotation.Rest | rotation.Wait):
            self.metrics.took(type(step).__name__)
        return step

    async def look(self) -> Look:
        """See everything as it is now."""
        started = time.monotonic()
        held = await stored.read(self.api, self.places)
        configurations = await published.read(self.api, self.places)
        replicas = list(await self.find_replicas())
        bundles = published.bundles(configurations)
        shown = await served.ask(replicas, self.places.host)
        if self._same != (same := (bundles, shown)):
            self._same, self._since = same, time.monotonic()
        state = State(
            authority=held.authority,
            successor=held.successor,
            retired=held.retired,
            leaf=held.leaf,
            published=bundles,
            serving=shown,
            steady_for=timedelta(seconds=max(0.0, started - self._since)),
            replace=held.asked_to_replace,
        )
        return Look(held, configurations, replicas, state)

    async def _do(self, step: Step, look: Look, now: datetime) -> None:
        api, held, plan = self.api, look.stored, self.plan
        authority = held.authority
        match step:
            case rotation.CreateAuthority(retired):
                pair = make_authority(now, plan.authority_lifetime)
                await stored.write_authorities(api, held, pair, None, retired)
            case rotation.CreateSuccessor() if authority:
                pair = make_authority(now, plan.authority_lifetime)
                await stored.write_authorities(api, held, authority, pair, held.retired)
            case rotation.Promote() if authority and held.successor:
                retired = (*held.retired, authority.certificate)
                await stored.write_authorities(api, held, held.successor, None, retired)
            case rotation.IssueLeaf() if authority:
                leaf = issue_leaf(authority, plan.names, now, plan.leaf_lifetime)
                await stored.write_leaf(api, held, leaf, authority)
            case rotation.Retire() if authority:
                await stored.write_authorities(api, held, authority, held.successor, ())
            case rotation.Publish(names, pem):
                await published.publish(api, look.configurations, names, pem)

    async def _let_kubelets_sync(self, look: Look) -> None:
        """Touch the pods that do not show the stored leaf yet, each once."""
        if look.state.leaf is None:
            return
        wanted = look.state.leaf.certificate
        for replica in look.replicas:
            if not replica.pod or look.state.serving[replica.name] == wanted:
                continue
            touch = (replica.pod, fingerprint(wanted))
            if touch in self._touched:
                continue
            self._touched.add(touch)
            await kubelet.touch(self.api, self.places, replica.pod, "certificate", touch[1])

    def _tell(self, look: Look, step: Step) -> None:
        """Log what has changed since the last turn, and show when certificates end."""
        pairs = {"authority": look.stored.authority, "leaf": look.stored.leaf}
        self.metrics.stored(
            {name: pair.certificate.not_valid_after_utc for name, pair in pairs.items() if pair}
        )
        told = (look.stored.problems, *described(step))
        if told == self._told:
            return
        self._told = told
        for problem in look.stored.problems:
            LOG.error("stored certificates are unusable", extra={"fields": {"reason": problem}})
        LOG.info("rotation", extra={"fields": described(step)})


def described(step: Step) -> dict[str, object]:
    """The fields of a log line about a step; no certificate, and certainly no key."""
    fields: dict[str, object] = {"step": type(step).__name__}
    match step:
        case rotation.Publish(names, _):
            fields["configurations"] = list(names)
        case rotation.Wait(reason):
            fields["reason"] = reason
        case rotation.Rest(until):
            fields["until"] = f"{until:%Y-%m-%dT%H:%M:%SZ}"
    return fields
