"""What the status of settings of a namespace says, and that of an exception.

Each is written when it changes, and not for what happens to others: one that was in force stays so
while the settings of other namespaces are on their way. That an exception comes near its end, or to
it, is announced by an Event, once: its status remembers that it was.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from webhook.admission import pod_security_refusals
from webhook.controller.event_recorder import EventRecorder, Regarding
from webhook.controller.settings.change_budget import SECONDS_FOR_EACH
from webhook.controller.settings.distribution import Progress, condition_of, said, status_with
from webhook.controller.settings.followed_classes import CLASS_CONDITION, NamedClasses
from webhook.controller.settings.namespace_store import (
    NamespaceStore,
    StoredException,
    StoredSettings,
)
from webhook.controller.settings.overlay_builder import (
    DAYS_OF_NOTICE,
    OverlayBuilder,
    ReadException,
    ReadSettings,
)
from webhook.kube import NamespacedName, Queue, time_text
from webhook.observe.metrics import ControllerMetrics
from webhook.settings import (
    API_VERSION,
    ENDED,
    ENDING,
    EXCEPTION_KIND,
    IN_FORCE,
    KIND,
    NAMESPACE_KIND,
    NO_ROOM,
    NOT_VALID,
    POD_SECURITY,
    WAITING,
    KeyFault,
    Level,
    ServerException,
    Settings,
    dotted,
    listed,
)

LONGEST = 4000
METRIC_STATES = {IN_FORCE: "in-force", ENDING: "ending", ENDED: "ended", NOT_VALID: "invalid"}
"""How the metric calls what has become of an exception."""

_NO_ROOM = "a ConfigMap has no room for what all namespaces set: shorten this, or what others set"
_CHANGING = said(
    "Unknown",
    WAITING,
    f"the settings of this namespace change often: they are read again within "
    f"{SECONDS_FOR_EACH:.0f} seconds, and those before stay in force",
)
_EVENTS = {ENDING: "ExceptionEnding", ENDED: "ExceptionEnded"}

Json = dict[str, Any]
Labelled = Callable[[str], tuple[Level, Settings] | None]
_Stored = StoredSettings | StoredException


class StatusReconciler:
    """Writes the status of one resource at a time, once it is known what became of it.

    `builder` says that; `tell` is called with how far it is distributed. `labelled` is the
    Pod Security level of a namespace by its label, and the settings there; None while nothing is
    known of namespaces.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it tells of, and by which ways
        self,
        store: NamespaceStore,
        builder: OverlayBuilder,
        recorder: EventRecorder,
        queue: Queue[NamespacedName],
        metrics: ControllerMetrics,
        release_namespace: str,
        clock: Callable[[], float],
        labelled: Labelled,
        classes: NamedClasses,
    ) -> None:
        self._store, self._builder, self._recorder, self._queue = store, builder, recorder, queue
        self._metrics, self._release_namespace, self._clock = metrics, release_namespace, clock
        self._labelled, self._labels_known, self._classes = labelled, False, classes
        self._progress: Progress | None = None
        # What has to be looked at again when the distribution comes further.
        self._waiting: dict[NamespacedName, None] = {}

    def tell(self, progress: Progress) -> None:
        """The distribution has come so far."""
        before, self._progress = self._progress, progress
        self._count(progress)
        were_known, self._labels_known = self._labels_known, self._labelled("") is not None
        known = self._labels_known and not were_known
        if known or before is None or before.news != progress.news:
            for key in self._waiting:
                self._queue.add(key)

    def look_again(self, namespace: str) -> None:
        """The namespace has another Pod Security level, or its level is known now."""
        for key in self._builder.keys_in(namespace):
            self._queue.add(key)

    def _count(self, progress: Progress) -> None:
        """Show how many resources are in force, and how many are refused."""
        for state, name in METRIC_STATES.items():
            self._metrics.exceptions.labels(name).set(self._builder.states[state])
        refused = {KIND: [progress.faults is not None]}
        refused[NAMESPACE_KIND] = [
            bool(read.faults) or not self._builder.fits(key.namespace)
            for key, read in self._builder.read.items()
            if isinstance(read, ReadSettings)
        ]
        for kind, found in refused.items():
            for state, wanted in (("valid", False), ("refused", True)):
                self._metrics.settings.labels(kind, state).set(found.count(wanted))

    async def reconcile(self, key: NamespacedName) -> None:
        """Write the status if it differs; raises ApiError."""
        self._waiting.pop(key, None)
        stored, read = self._store.stored(key), self._builder.read.get(key)
        if stored is None:
            self._classes.forget(key)
        if isinstance(stored, StoredSettings) and self._builder.waits(key):
            await self._of_changing(key, stored)
            return
        if stored is None or read is None or stored.generation != read.generation:
            return
        if self._progress is None:
            self._waiting[key] = None
        elif isinstance(stored, StoredSettings) and isinstance(read, ReadSettings):
            await self._of_settings(key, stored, read, self._progress)
        elif isinstance(stored, StoredException) and isinstance(read, ReadException):
            await self._of_exception(key, stored, read, self._progress)

    async def _of_changing(self, key: NamespacedName, stored: StoredSettings) -> None:
        had = [CLASS_CONDITION] if condition_of(stored.status, CLASS_CONDITION) else []
        told = dict.fromkeys(["Valid", "Distributed", *had], _CHANGING)
        await self._write(key, stored, {**stored.status, **self._status(stored, told)})

    async def _of_settings(
        self, key: NamespacedName, stored: StoredSettings, read: ReadSettings, progress: Progress
    ) -> None:
        faults = list(read.faults)
        if not self._builder.fits(key.namespace):
            faults.append(KeyFault((), _NO_ROOM))
        valid = said("True", "Accepted", "every key is in force, as far as it is distributed")
        if faults:
            valid = said("False", "Refused", "what is named under refused is not in force")
        distributed = self._distributed(key, stored, progress)
        found = self._classes.conditions(key, read.values, stored.status, stored.generation)
        status = self._status(stored, {"Valid": valid, "Distributed": distributed, **found})
        status["refused"] = [
            {"key": dotted(fault.key), "reason": fault.sentence[:LONGEST]} for fault in faults
        ]
        await self._write(key, stored, status)

    def _distributed(self, key: NamespacedName, stored: StoredSettings, progress: Progress) -> Json:
        if not self._builder.fits(key.namespace):
            return said("False", NO_ROOM, _NO_ROOM)
        if self._arrived(key.namespace, stored, "Distributed", progress):
            return said("True", "InForce", "every replica has them in force")
        self._waiting[key] = None
        return said("False", WAITING, progress.missing)

    async def _of_exception(
        self, key: NamespacedName, stored: StoredException, read: ReadException, progress: Progress
    ) -> None:
        if read.granted is None or read.state == NOT_VALID:
            wrong = "\n".join(f"{dotted(at)}: {sentence}" for at, sentence in read.faults)
            valid = said("False", NOT_VALID, wrong[:LONGEST])
            in_force = said("False", NOT_VALID, "mend what Valid says")
        else:
            valid = said("True", "Accepted", "the exception can be granted")
            if read.state == ENDED:
                in_force = said("False", ENDED, f"ended on {read.expires}")
            elif not self._builder.grants(read.granted):
                in_force = said("False", NO_ROOM, _NO_ROOM)
            elif self._arrived(read.granted.namespace, stored, "InForce", progress):
                labelled = self._labelled(read.granted.namespace)
                if labelled is None:
                    self._waiting[key] = None
                    return
                in_force = _counting(read.granted, read, *labelled)
            else:
                self._waiting[key] = None
                in_force = said("False", WAITING, progress.missing)
        before = condition_of(stored.status, "InForce").get("reason")
        if in_force["reason"] in _EVENTS and before != in_force["reason"]:
            await self._announce(key, stored, read)
        status = self._status(stored, {"Valid": valid, "InForce": in_force})
        await self._write(key, stored, status)

    async def _announce(
        self, key: NamespacedName, stored: StoredException, read: ReadException
    ) -> None:
        """Write the Event; it is called after what it says, so that there is one of it."""
        granted = read.granted
        if granted is None:
            return
        workload = f"{granted.namespace}/{granted.workload}"
        rules = listed(sorted(granted.rules), "and")
        note = (
            f"{key.name} has ended on {read.expires}: {workload} has to follow {rules} again"
            if read.state == ENDED
            else f"{key.name} ends on {read.expires}, in at most {DAYS_OF_NOTICE} days: mend "
            f"{workload} to follow {rules}, or grant another exception"
        )
        regarding = Regarding(
            API_VERSION, EXCEPTION_KIND, self._release_namespace, key.name, stored.uid
        )
        await self._recorder.record(regarding, {_EVENTS[read.state]: note})

    def _arrived(self, namespace: str, stored: _Stored, condition: str, progress: Progress) -> bool:
        """Whether every replica has what there is for a namespace."""
        # What was built just now may not be on its way yet.
        wanted = self._builder.fitting.get(namespace)
        if progress.overlays.get(namespace) != wanted or not progress.settled(namespace):
            return False
        before = condition_of(stored.status, condition)
        # What others change is no news of this one.
        stayed = before.get("status") == "True" or before.get("reason") == POD_SECURITY
        if stayed and before.get("observedGeneration") == stored.generation:
            return True
        return progress.reached and bool(progress.answers.digests) and not progress.lacking

    def _status(self, stored: _Stored, conditions: dict[str, Json]) -> Json:
        now = time_text(datetime.fromtimestamp(self._clock(), UTC))
        return status_with(stored.status, stored.generation, conditions, now)

    async def _write(self, key: NamespacedName, stored: _Stored, status: Json) -> None:
        if status != stored.status:
            await self._store.write_status(key, stored.uid, status)


def _counting(granted: ServerException, read: ReadException, label: Level, by: Settings) -> Json:
    """What is said of an exception that every replica has."""
    until = f"in force until {read.expires}"
    refusals = pod_security_refusals(granted.namespace, granted.rules, label, by)
    if refusals is None:
        return said("True", read.state, until)
    if refusals.wholly:
        return said("False", POD_SECURITY, refusals.told)
    return said("True", read.state, f"{until}; {refusals.told}")
