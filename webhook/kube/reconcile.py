"""The one reconcile machine: a reconciler, the queue of its keys, and workers of its own.

Each reconciler has a controller. One that fails, or is slow, keeps no other from working.
"""

import asyncio
import logging
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from webhook.kube.errors import ApiError
from webhook.kube.queue import Key, Queue
from webhook.observe.controller_metrics import ControllerMetrics

LOG = logging.getLogger(__name__)

Asked_contra = TypeVar("Asked_contra", contravariant=True)


class NamespacedName(NamedTuple):
    """The key of an object of one kind."""

    namespace: str
    name: str


class Reconciler(Protocol[Asked_contra]):
    """Brings one thing to the state that is wanted, from whatever state it is in."""

    async def reconcile(self, key: Asked_contra, /) -> float | None:
        """Write what differs; returns after how many seconds the key is due again.

        None means: when something asks for it. An exception means: later, after a pause that
        grows. A reconcile may be cancelled or repeated anywhere.
        """


class Controller(Generic[Key]):
    """Hands the keys of a queue to a reconciler, to as many at a time as it has workers."""

    def __init__(
        self,
        name: str,
        reconciler: Reconciler[Key],
        queue: Queue[Key],
        metrics: ControllerMetrics,
        workers: int = 1,
    ) -> None:
        self.name, self.queue = name, queue
        self._reconciler, self._workers = reconciler, workers
        self._seconds = metrics.reconcile_seconds.labels(name)
        self._errors = metrics.reconcile_errors.labels(name)

    async def run(self) -> None:
        """Work until the queue is shut down, and finish what has begun; or until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._workers):
                group.create_task(self._work(), name=f"{self.name}-{number}")

    async def _work(self) -> None:
        while (key := await self.queue.get()) is not None:
            try:
                await self._reconcile(key)
            finally:
                self.queue.done(key)

    async def _reconcile(self, key: Key) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            after = await self._reconciler.reconcile(key)
        except Exception as error:  # noqa: BLE001 - it is logged, counted, and comes back later
            self._failed(key, error)
            self.queue.retry(key)
            return
        self._seconds.observe(clock() - began)
        self.queue.forget(key)
        if after is not None:
            self.queue.add(key, after)

    def _failed(self, key: Key, error: Exception) -> None:
        self._errors.inc()
        fields: dict[str, Any] = {"reconciler": self.name}
        fields |= key._asdict() if isinstance(key, NamespacedName) else {"name": key}
        if isinstance(error, ApiError):
            LOG.warning("reconcile failed", extra={"fields": {**fields, "reason": error.message}})
        else:
            LOG.error("reconcile failed", exc_info=error, extra={"fields": fields})
