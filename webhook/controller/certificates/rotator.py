"""The rotation in the cluster: look at everything, take the one next step, and look again.

Nothing is remembered but since when everything has looked the same, so the next controller
continues where one has died.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from certs import rotation
from certs.authority import fingerprint, issue_leaf, make_authority
from certs.rotation import RotationPlan, State, Step, next_step
from webhook.controller import serving_replicas as served
from webhook.controller.certificates import ca_bundles, stored
from webhook.controller.certificates.ca_bundles import WebhookConfiguration
from webhook.controller.certificates.monitor import (
    LOOKING_AT_FAULTS,
    Observation,
    certificate_faults,
    said_certificates,
)
from webhook.controller.certificates.stored import Stored
from webhook.controller.installation import SAID_CERTIFICATES, Installation
from webhook.controller.serving_replicas import FindReplicas, Replica, sync_pod_volumes
from webhook.kube import Api, time_text
from webhook.observe.metrics import ControllerMetrics

STEPS = ("CreateAuthority", "CreateSuccessor", "Publish", "Promote", "IssueLeaf", "Retire")
# A bundle that was changed is put back within half a minute.
WAITING, RESTING = timedelta(seconds=2), timedelta(seconds=30)

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class RotatorObservation:
    """Everything that a step is decided on and acts on."""

    stored: Stored
    configurations: list[WebhookConfiguration]
    replicas: list[Replica]
    state: State

    @property
    def seen(self) -> Observation:
        """The part that can be judged without the authority's Secret."""
        return Observation(self.stored.serving, self.state.published, self.state.serving)


@dataclass
class Rotator:
    """Takes the steps of one installation; `clock` is that of the API server."""

    api: Api
    installation: Installation
    plan: RotationPlan
    find_replicas: FindReplicas
    metrics: ControllerMetrics
    clock: Callable[[], datetime]
    waiting: timedelta = WAITING
    resting: timedelta = RESTING
    says: dict[str, str] = field(default_factory=dict)
    _faulty: bool = field(default=False, init=False)
    _same: object = field(default=None, init=False)
    _since: float = field(default=0.0, init=False)
    _logged: object = field(default=None, init=False)
    _touched: set[tuple[str, str]] = field(default_factory=set, init=False)

    async def reconcile(self, _key: str = "") -> float:
        """Take one step; returns after how many seconds the next one is due. Raises ApiError."""
        step = await self.step()
        if isinstance(step, rotation.Rest):
            longest = min(self.resting, LOOKING_AT_FAULTS) if self._faulty else self.resting
            rest = min(longest, step.until - self.clock())
            return max(0.0, rest.total_seconds())
        return self.waiting.total_seconds() if isinstance(step, rotation.Wait) else 0.0

    async def step(self) -> Step:
        """Take one step, and return it."""
        look = await self.look()
        now = self.clock().replace(microsecond=0)
        step = next_step(look.state, now, self.plan)
        await self._let_kubelets_sync(look)
        faults = certificate_faults(look.seen, self.installation, now)
        self.metrics.certificate_faults.set(len(faults))
        self._faulty = bool(faults)
        self._report(look, step, faults)
        await self._do(step, look, now)
        if not isinstance(step, rotation.Rest | rotation.Wait):
            self.metrics.rotation_steps.labels(type(step).__name__).inc()
        return step

    async def look(self) -> RotatorObservation:
        """See everything as it is now."""
        started = time.monotonic()
        held = await stored.read_stored(self.api, self.installation)
        configurations = await ca_bundles.read_configurations(self.api, self.installation)
        replicas = list(await self.find_replicas())
        bundles = ca_bundles.ca_bundles(configurations)
        shown = await served.ask_certificates(replicas, self.installation.host)
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
        return RotatorObservation(held, configurations, replicas, state)

    async def _do(self, step: Step, look: RotatorObservation, now: datetime) -> None:
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
                await ca_bundles.publish_bundle(api, look.configurations, names, pem)

    async def _let_kubelets_sync(self, look: RotatorObservation) -> None:
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
            await sync_pod_volumes(
                self.api, self.installation, replica.pod, "certificate", touch[1]
            )

    def _report(self, look: RotatorObservation, step: Step, faults: list[str]) -> None:
        """Log what has changed since the last turn, and show when certificates end."""
        pairs = {"authority": look.stored.authority, "leaf": look.stored.leaf}
        certificates = {name: pair.certificate if pair else None for name, pair in pairs.items()}
        problems = [*look.stored.problems, *faults]
        says = said_certificates(certificates, problems, self.plan.renew_after)
        self.says[SAID_CERTIFICATES] = says
        for name, pair in pairs.items():
            if pair:
                ends = pair.certificate.not_valid_after_utc.timestamp()
                self.metrics.certificate_expiry.labels(name).set(ends)
        logged = (look.stored.problems, *step_fields(step))
        if logged == self._logged:
            return
        self._logged = logged
        for problem in look.stored.problems:
            LOG.error("stored certificate unusable", extra={"fields": {"reason": problem}})
        LOG.info("rotation step", extra={"fields": step_fields(step)})


def step_fields(step: Step) -> dict[str, object]:
    """The fields of a log line about a step; no certificate, and certainly no key."""
    fields: dict[str, object] = {"step": type(step).__name__}
    match step:
        case rotation.Publish(names, _):
            fields["configurations"] = list(names)
        case rotation.Wait(reason):
            fields["reason"] = reason
        case rotation.Rest(until):
            fields["until"] = time_text(until)
    return fields
