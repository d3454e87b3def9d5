"""The one reconcile machine: a reconciler, the queue of its keys, and workers of its own.

Each reconciler has a controller: one that fails, or is slow, keeps no other from working. A
reconcile that takes too long is ended, and repeated like one that failed.
"""

import asyncio
import logging
from collections.abc import Hashable
from typing import Any, Generic, Protocol, TypeVar

from webhook.kube.errors import ApiError, is_outage, is_refusal
from webhook.kube.pages import Turn
from webhook.kube.work_queue import LONGEST, LONGEST_REFUSED, NamespacedName, Queue
from webhook.observe.metrics import ControllerMetrics
from webhook.observe.traces import TRACES

Key = TypeVar("Key", bound=Hashable)

LOG = logging.getLogger(__name__)

Asked_contra = TypeVar("Asked_contra", contravariant=True)


class Reconciler(Protocol[Asked_contra]):
    """Brings one thing to the state that is wanted, from whatever state it is in."""

    async def reconcile(self, key: Asked_contra, /) -> float | None:
        """Write what differs; returns after how many seconds the key is due again.

        None means: when something asks for it. An exception means: later, after a pause that
        grows. A reconcile may be cancelled or repeated anywhere.
        """


class Controller(Generic[Key]):
    """Hands the keys of a queue to a reconciler, to as many at a time as it has workers.

    A reconcile ends after `seconds`, whatever it does.
    """

    def __init__(  # noqa: PLR0913 - what it works with, and within which bounds
        self,
        name: str,
        reconciler: Reconciler[Key],
        queue: Queue[Key],
        metrics: ControllerMetrics,
        workers: int = 1,
        *,
        seconds: float | None = None,
    ) -> None:
        self.name, self.queue = name, queue
        self._reconciler, self._workers, self._longest = reconciler, workers, seconds
        self._seconds = metrics.reconcile_seconds.labels(name)
        self._errors = metrics.reconcile_errors.labels(name)

    async def run(self) -> None:
        """Work until the queue is shut down, and finish what has begun; or until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._workers):
                group.create_task(self._work(), name=f"{self.name}-{number}")

    async def _work(self) -> None:
        # Thousands of keys may need no request, and so nothing that lets others have a turn.
        turn_of_others = Turn()
        while (key := await self.queue.get()) is not None:
            try:
                await self._reconcile(key)
            finally:
                self.queue.done(key)
            await turn_of_others.end()

    async def _reconcile(self, key: Key) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            with TRACES.reconcile(self.name, _span_attributes(key) if TRACES.on else {}):
                async with asyncio.timeout(self._longest):
                    after = await self._reconciler.reconcile(key)
        except Exception as error:  # noqa: BLE001 - it is logged, counted, and comes back later
            self._failed(key, error)
            self._again(key, error)
            return
        self._seconds.observe(clock() - began)
        self.queue.forget(key)
        if after is not None:
            self.queue.add(key, after)

    def _again(self, key: Key, error: Exception) -> None:
        """Let it come back: with its namespace, where others there would meet the same."""
        outage = isinstance(error, TimeoutError) or is_outage(error)
        if isinstance(key, NamespacedName) and (outage or is_refusal(error)):
            self.queue.refuse(key, LONGEST if outage else LONGEST_REFUSED)
        else:
            self.queue.retry(key)

    def _failed(self, key: Key, error: Exception) -> None:
        self._errors.inc()
        fields: dict[str, Any] = {"reconciler": self.name}
        fields |= key._asdict() if isinstance(key, NamespacedName) else {"name": key}
        if isinstance(error, ApiError):
            LOG.warning("reconcile failed", extra={"fields": {**fields, "reason": error.message}})
        elif isinstance(error, TimeoutError):
            reason = f"not done after {self._longest} seconds"
            LOG.warning("reconcile failed", extra={"fields": {**fields, "reason": reason}})
        else:
            LOG.error("reconcile failed", exc_info=error, extra={"fields": fields})


def _span_attributes(key: Hashable) -> dict[str, str]:
    """What a span says of a key: the object that it names, and nothing of what is there."""
    if isinstance(key, NamespacedName):
        return {"k8s.namespace.name": key.namespace, "reconcile.name": key.name}
    return {"reconcile.name": str(key)}
