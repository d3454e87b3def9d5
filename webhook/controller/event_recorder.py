"""Events on the objects of users: why something was not made, written where the owner looks.

An Event is named after what it says, so that a controller that starts again does not repeat what
can still be read. `drift_notes` are those about a server whose pods are not as new ones would be.
"""

import asyncio
import logging
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from webhook.admission import OUT_OF_DATE, REFUSED, UNPROTECTED
from webhook.controller.drift_judge import TOO_LARGE
from webhook.controller.installation import EVENT_CONTROLLER
from webhook.kube import AlreadyExists, Api, ApiError, Invalid, NotFound, Queue, namespaced
from webhook.objects import LONGEST_NOTE

VERSION = "events.k8s.io/v1"
# The deletion of an object is not noticed here: of the oldest, an Event may be written once more.
MOST = 10_000
UNWRITTEN = "unwritten"
GOOD_NEWS = frozenset({"Enforcing", "ConfigChanged"})
# What has happened holds for ever: it is told once, though the next look finds nothing of it.
HAPPENED = frozenset({"ConfigChanged"})
# Of one object so many at once, and then one in five minutes.
AT_ONCE, SECONDS_EACH = 10, 300.0

_REASONS = {
    OUT_OF_DATE: "OutOfDate",
    UNPROTECTED: "Unprotected",
    REFUSED: "Refused",
    TOO_LARGE: "TooLarge",
}
_NOTES = {
    OUT_OF_DATE: "the settings have changed since it rolled: `mcp-admission audit -n {0}` names "
    "the fields, `mcp-admission apply -n {0} {1}` rolls it",
    UNPROTECTED: "nothing was ever filled in, it is older than the webhook or than its label: "
    "`mcp-admission audit -n {0}` names the fields, `mcp-admission apply -n {0} {1}` rolls it",
    REFUSED: "its pods run on, but new ones would be refused: `mcp-admission audit -n {0}` names "
    "the reasons; mend them before it must restart",
    TOO_LARGE: "its template is too large to be judged, whether its pods are as new ones would be "
    "is not known: give it less than 10,000 objects and lists",
}

LOG = logging.getLogger(__name__)

Json = dict[str, Any]


class Regarding(NamedTuple):
    """The object that an Event is about; notes about another `aspect` of it are told apart."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    aspect: str = ""


def regarding_deployment(namespace: str, name: str, uid: str) -> Regarding:
    """An Event about a server."""
    return Regarding("apps/v1", "Deployment", namespace, name, uid)


class Sparing:
    """How many Events an object gets.

    Who edits what a thousand servers share could else have a thousand written by each edit.
    """

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}

    def allows(self, uid: str) -> bool:
        """Whether it gets one more, which is counted."""
        now = asyncio.get_running_loop().time()
        spent = max(now, self._spent.pop(uid, now))
        allowed = spent - now <= (AT_ONCE - 1) * SECONDS_EACH
        self._spent[uid] = spent + SECONDS_EACH if allowed else spent
        if len(self._spent) > MOST:
            del self._spent[next(iter(self._spent))]
        return allowed


class EventRecorder:
    """Writes Events; a note about an object is not written again until it has changed.

    An Event that cannot be written stops no reconciler: it goes into the queue, one at a time and
    later each time, until it is written or does not hold any more. One about an object that has had
    too many is left out; a reconcile that finds the same later asks again.
    """

    def __init__(self, api: Api, instance: str, queue: Queue[str]) -> None:
        self._api, self._instance, self._queue = api, instance, queue
        self._written: dict[Regarding, dict[str, str]] = {}
        self._unwritten: dict[Regarding, dict[str, str]] = {}
        self._retrying = False
        self._sparing = Sparing()

    async def record(self, regarding: Regarding, notes: dict[str, str]) -> None:
        """Write these notes by their reasons, and forget what does not hold any more."""
        told, untold = self._written.get(regarding, {}), self._unwritten.get(regarding, {})
        for reason in told.keys() - notes.keys():
            del told[reason]
        for reason in untold.keys() - notes.keys() - HAPPENED:
            del untold[reason]
        for reason, note in notes.items():
            written = self._written.get(regarding, {}).get(reason)
            known = written, self._unwritten.get(regarding, {}).get(reason)
            if note not in known and self._sparing.allows(regarding.uid):
                about = {"namespace": regarding.namespace, "name": regarding.name}
                fields = {**about, "kind": regarding.kind, "reason": reason}
                LOG.warning("event recorded", extra={"fields": fields})
                self._unwritten.setdefault(regarding, {})[reason] = note
                if len(self._unwritten) > MOST:
                    del self._unwritten[next(iter(self._unwritten))]
                await self._write_or_retry(regarding)
        if not self._written.get(regarding):
            self._written.pop(regarding, None)

    async def reconcile(self, _key: str = UNWRITTEN) -> float | None:
        """Write about the object that has waited longest; raises ApiError where it fails again."""
        if self._unwritten:
            await self._write(next(iter(self._unwritten)))
        if self._unwritten:
            return 0.0
        self._retrying = False
        return None

    async def _write_or_retry(self, regarding: Regarding) -> None:
        try:
            await self._write(regarding)
        except ApiError as error:
            LOG.warning("event not written", extra={"fields": {"reason": error.message}})
            if not self._retrying:
                self._retrying = True
                self._queue.retry(UNWRITTEN)

    async def _write(self, regarding: Regarding) -> None:
        """Write what is unwritten about an object; where that fails, others come before it."""
        for reason, note in list(self._unwritten.get(regarding, {}).items()):
            try:
                path = namespaced(VERSION, "events", regarding.namespace)
                await self._api.create(path, self._event(regarding, reason, note))
            except (AlreadyExists, Invalid, NotFound):
                # It was written before this process began, its object is deleted, or it never can
                # be written.
                pass
            except ApiError:
                if regarding in self._unwritten:
                    self._unwritten[regarding] = self._unwritten.pop(regarding)
                raise
            left = self._unwritten.get(regarding, {})
            if left.get(reason) == note:
                del left[reason]
                self._written.setdefault(regarding, {})[reason] = note
                if len(self._written) > MOST:
                    del self._written[next(iter(self._written))]
        if not self._unwritten.get(regarding):
            self._unwritten.pop(regarding, None)

    def _event(self, regarding: Regarding, reason: str, note: str) -> Json:
        content = f"{regarding.uid}\n{reason}\n{note}".encode()
        name = f"{regarding.name[:200].rstrip('-.')}.{sha256(content).hexdigest()[:12]}"
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        return {
            "apiVersion": VERSION,
            "kind": "Event",
            "metadata": {"name": name, "namespace": regarding.namespace},
            "eventTime": now,
            "reportingController": EVENT_CONTROLLER,
            "reportingInstance": self._instance[:128],
            "action": "Reconcile",
            "type": "Normal" if reason in GOOD_NEWS else "Warning",
            "reason": reason,
            # The API server counts bytes, and managers have names of any script.
            "note": note.encode()[:LONGEST_NOTE].decode(errors="ignore"),
            "regarding": {
                "apiVersion": regarding.api_version,
                "kind": regarding.kind,
                "namespace": regarding.namespace,
                "name": regarding.name,
                "uid": regarding.uid,
            },
        }


def drift_notes(namespace: str, name: str, state: str) -> dict[str, str]:
    """The note about a server in this state of drift, by its reason; none where it is current."""
    if state not in _NOTES:
        return {}
    return {_REASONS[state]: _NOTES[state].format(namespace, name)}
