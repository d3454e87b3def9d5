"""Where the verdict of the probe is told: a condition, metrics, one Event and one log line.

Nothing is told twice: while status and reason stay, the condition keeps its words, whatever the API
server says differently this time, and whoever leads. Until this leader has probed, the condition of
the leader before stands, unless nobody led for a while.
"""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from math import nan
from typing import Any, NamedTuple

from webhook.admission import Scope
from webhook.controller.event_recorder import EventRecorder, Regarding
from webhook.controller.installation import SAID_ENFORCING, SERVE_DEPLOYMENT
from webhook.controller.probe.verdict import (
    ENFORCING,
    FALSE,
    NOT_PROBED,
    TRUE,
    UNKNOWN,
    ProbeVerdict,
    together,
)
from webhook.controller.settings.distribution import condition_of, said
from webhook.controller.settings.settings_store import SettingsResource
from webhook.kube import time_text
from webhook.observe.metrics import ControllerMetrics

CONDITION = "Enforcing"
# What is said in the Lease for the next leader, which may see other details of the same.
WITHOUT_DETAILS = "withoutDetails"

LOG = logging.getLogger(__name__)

Json = dict[str, Any]


class Leadership(NamedTuple):
    """Where this leader tells of what; `was_away` is whether nobody led before it did.

    `says` are the annotations of the Lease: not every installation has the settings resource.
    `identity` is who leads.
    """

    namespace: str
    was_away: Callable[[], bool]
    clock: Callable[[], datetime]
    says: dict[str, str]
    identity: str


class EnforcingReport:
    """Tells the last verdict; `changed` is called when the condition has to be written."""

    def __init__(
        self,
        leadership: Leadership,
        metrics: ControllerMetrics,
        recorder: EventRecorder,
        resource: Callable[[], SettingsResource | None],
        changed: Callable[[], None],
    ) -> None:
        self._leadership, self._metrics, self._recorder = leadership, metrics, recorder
        self._resource, self._changed = resource, changed
        self._verdict: ProbeVerdict | None = None
        self._generation = 0
        self._reasons: dict[Scope, str] = {}
        self._regarding = Regarding(
            "apps/v1", "Deployment", leadership.namespace, SERVE_DEPLOYMENT, ""
        )
        self._notes: dict[str, str] = {}

    def is_news(self, verdicts: Mapping[Scope, ProbeVerdict | None]) -> bool:
        """Whether these say something else than what was told last."""
        return self._verdict is None or together(verdicts).same_as != self._verdict.same_as

    def stale(self, generation: int) -> bool:
        """Whether the last verdict is older than this generation of the settings."""
        return self._verdict is not None and self._generation != generation

    async def tell(self, verdicts: Mapping[Scope, ProbeVerdict | None], generation: int) -> None:
        """Tell what these verdicts come to; `generation` is that of the settings asked about."""
        for scope, each in verdicts.items():
            self._metrics.enforcing.labels(scope.value).set(_number(each))
        self._show({scope: each.reason for scope, each in verdicts.items() if each})
        self._metrics.enforcing_at.set(self._leadership.clock().timestamp())
        found = together(verdicts)
        before = self._verdict or self._of_the_leader_before()
        if before.same_as == found.same_as:
            found = before
        news, other = self.is_news(verdicts), self._generation != generation
        self._generation = generation
        if news:
            self._verdict = found
            self._say(found)
        if news or other:
            self._changed()
        if (found.status, found.reason) != (before.status, before.reason):
            self._announce(found)
        if self._notes:
            # What was left out of too many Events is written once there is room.
            await self._recorder.record(self._regarding, self._notes)

    def conditions(self, resource: SettingsResource) -> dict[str, Json]:
        """The condition for the status of this resource, of the generation that was asked about."""
        if self._verdict is not None:
            found = said(self._verdict.status, self._verdict.reason, self._verdict.text)
            return {CONDITION: found | {"observedGeneration": self._generation}}
        stored = condition_of(resource.status, CONDITION)
        if stored and not self._leadership.was_away():
            kept = ("status", "reason", "message", "observedGeneration")
            return {CONDITION: {key: stored[key] for key in kept if key in stored}}
        return {CONDITION: said(UNKNOWN, NOT_PROBED, "the leading controller has not asked yet")}

    def _show(self, reasons: Mapping[Scope, str]) -> None:
        """Show the reason of each scope, and none that it had before."""
        if reasons != self._reasons:
            self._metrics.enforcing_info.clear()
            self._reasons = dict(reasons)
        for scope, reason in reasons.items():
            self._metrics.enforcing_info.labels(scope.value, reason).set(1)

    def forget(self) -> None:
        """Show no metrics any more: another process may lead."""
        self._metrics.enforcing.clear()
        self._metrics.enforcing_info.clear()

    def _of_the_leader_before(self) -> ProbeVerdict:
        """What was told before this process led; that it enforces, where that is not known."""
        resource, told = self._resource(), self._said()
        stored = condition_of(resource.status, CONDITION) if resource else told
        if not stored or stored["reason"] == NOT_PROBED:
            return ProbeVerdict(TRUE, ENFORCING, "")
        words = stored["message"]
        same = told.get("message") == words
        message = str(told.get(WITHOUT_DETAILS, words)) if same else words
        return ProbeVerdict(stored["status"], stored["reason"], message, words)

    def _say(self, found: ProbeVerdict) -> None:
        """Say it in the Lease, with the time since when it is so."""
        before, told = self._said(), said(found.status, found.reason, found.text)
        since = time_text(self._leadership.clock())
        if before.get("status") == found.status:
            since = before.get("lastTransitionTime", since)
        own = {"by": self._leadership.identity, "lastTransitionTime": since}
        own[WITHOUT_DETAILS] = found.message
        self._leadership.says[SAID_ENFORCING] = json.dumps(told | own)

    def _said(self) -> Json:
        """What is said in the Lease, by this leader or the one before; empty where nothing is."""
        try:
            found = json.loads(self._leadership.says.get(SAID_ENFORCING, "{}"))
        except ValueError:
            # Somebody has edited the Lease of the leader before.
            return {}
        return found if isinstance(found, dict) and "reason" in found else {}

    def _announce(self, found: ProbeVerdict) -> None:
        fields = {"status": found.status, "reason": found.reason, "said": found.text}
        level = logging.INFO if found.status == TRUE else logging.WARNING
        LOG.log(level, "enforcing changed", extra={"fields": fields})
        since = f"{self._leadership.clock():%Y-%m-%d %H:%M:%S}"
        self._notes = {found.reason: f"since {since} UTC: {found.text}"}


def _number(verdict: ProbeVerdict | None) -> float:
    if verdict is None or verdict.status == UNKNOWN:
        return nan
    return float(verdict.status != FALSE)
