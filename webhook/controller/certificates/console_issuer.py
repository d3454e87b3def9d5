"""The console's certificate, by an authority of its own that a browser can be given.

No webhook configuration trusts this authority, and it vouches for the names of the console alone.
So nobody with one of its keys can stand in for the webhook, and a browser that trusts it trusts it
for no other site. Browsers learn of a new authority from people: there is a new one only where the
one before has grown old, is lost, or is for other names.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from certs import rotation
from certs.authority import is_kept_to, issue_leaf, make_authority, name_limits, service_names
from certs.rotation import RotationPlan, State, Step, next_step
from webhook.controller.certificates import stored
from webhook.controller.certificates.monitor import LOOKING_AT_FAULTS, said_certificates
from webhook.controller.certificates.rotator import RESTING, step_fields
from webhook.controller.certificates.stored import Stored
from webhook.controller.installation import CONSOLE_SECRETS, SAID_CONSOLE, Installation
from webhook.kube import Api
from webhook.observe.metrics import ControllerMetrics

AUTHORITY_NAME = "mcp-admission console"
LABELS = {"authority": "console-authority", "leaf": "console"}
"""What metrics call the certificates."""

LOG = logging.getLogger(__name__)


def check_console_names(names: Sequence[str], installation: Installation) -> None:
    """Raise ValueError for a name with which a certificate would be good for the webhook, too.

    An authority that is kept to a name vouches for everything below it. One without a DNS name
    would vouch for all of them.
    """
    for name in names:
        if "*" in name:
            raise ValueError(f"{name} is no name of one console: write the name in full")
        for called in service_names(installation.service, installation.namespace):
            if f".{called}".endswith(f".{name.lower()}"):
                raise ValueError(
                    f"{name} would be good for {called}, as API servers call the webhook: give "
                    "the console another name"
                )
    name_limits(names)


@dataclass
class ConsoleIssuer:
    """Keeps the two Secrets of one console; `clock` is that of the API server."""

    api: Api
    installation: Installation
    plan: RotationPlan
    metrics: ControllerMetrics
    clock: Callable[[], datetime]
    says: dict[str, str] = field(default_factory=dict)
    _logged: object = field(default=None, init=False)

    def __post_init__(self) -> None:
        check_console_names(self.plan.names, self.installation)

    async def reconcile(self, _key: str = "") -> float:
        """Take one step; returns after how many seconds the next one is due. Raises ApiError."""
        held = await stored.read_stored(self.api, self.installation, CONSOLE_SECRETS)
        faults = [
            f"{each.name} was not made by mcp-admission, so that it is left as it is: delete it, "
            "or name a Secret of yours in console.tls.secretName"
            for each in (held.authorities, held.serving)
            if each.found is not None and not each.is_ours
        ]
        if faults:
            self._report_faults(faults)
            return LOOKING_AT_FAULTS.total_seconds()
        now = self.clock().replace(microsecond=0)
        step = next_step(self._state(held), now, self.plan)
        self._report(held, step)
        await self._do(step, held, now)
        if isinstance(step, rotation.Rest):
            return max(0.0, min(RESTING, step.until - now).total_seconds())
        return 0.0

    def _state(self, held: Stored) -> State:
        """What is stored. Nobody has to be waited for: no caBundle holds this authority."""
        authority = held.authority
        if authority and not is_kept_to(authority.certificate, self.plan.names):
            authority = None
        return State(
            authority=authority,
            leaf=held.leaf,
            published={},
            serving={},
            steady_for=self.plan.settle,
            replace=held.asked_to_replace,
        )

    async def _do(self, step: Step, held: Stored, now: datetime) -> None:
        plan = self.plan
        match step:
            case rotation.CreateAuthority() | rotation.CreateSuccessor():
                pair = make_authority(now, plan.authority_lifetime, AUTHORITY_NAME, plan.names)
                await stored.write_authorities(self.api, held, pair, None, ())
            case rotation.IssueLeaf() if held.authority:
                leaf = issue_leaf(held.authority, plan.names, now, plan.leaf_lifetime)
                await stored.write_leaf(self.api, held, leaf, held.authority)

    def _report(self, held: Stored, step: Step) -> None:
        """Log what has changed since the last turn, and show when certificates end."""
        pairs = {"authority": held.authority, "leaf": held.leaf}
        certificates = {name: pair.certificate if pair else None for name, pair in pairs.items()}
        self.says[SAID_CONSOLE] = said_certificates(
            certificates, held.problems, self.plan.renew_after
        )
        for name, one in certificates.items():
            if one:
                ends = one.not_valid_after_utc.timestamp()
                self.metrics.certificate_expiry.labels(LABELS[name]).set(ends)
        if self._is_new((held.problems, *step_fields(step).items())):
            for problem in held.problems:
                LOG.error("stored certificate unusable", extra={"fields": {"reason": problem}})
            LOG.info("console certificate step", extra={"fields": step_fields(step)})

    def _report_faults(self, faults: list[str]) -> None:
        self.says[SAID_CONSOLE] = said_certificates({}, faults, self.plan.renew_after)
        if self._is_new(faults):
            for fault in faults:
                LOG.error("console certificate not issued", extra={"fields": {"reason": fault}})

    def _is_new(self, what: object) -> bool:
        """Whether something else was logged last."""
        before, self._logged = self._logged, what
        return before != what
