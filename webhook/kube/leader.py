"""Work that leads, and the thread that renews the Lease for it.

The Lease lives on an event loop of its own, the work on the one of whoever called. What passes
between the two is the start of the work, the wish that it ends, and its end.
"""

import asyncio
from contextlib import suppress
from typing import Any

from webhook.kube.lease import Lease, Work

GRACE_SECONDS = 10.0


async def lead(lease: Lease, work: Work, stop: asyncio.Event) -> None:
    """Lead again and again until `stop` is set; work that has begun may end by itself first.

    The work runs here. Raises what it raises, and what keeps the Lease from being looked at.
    """
    apart = asyncio.new_event_loop()
    leading = apart.create_task(lease.run(_Handed(work, apart).run), name="lease")
    ended = asyncio.create_task(asyncio.to_thread(_run, apart, leading), name="lease thread")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        if lease.remaining > 0:
            await asyncio.wait([ended], timeout=GRACE_SECONDS)
    finally:
        stopping.cancel()
        _call(apart, leading.cancel)
        await asyncio.wait([ended])
    if not leading.cancelled():
        leading.result()


def _run(loop: asyncio.AbstractEventLoop, leading: asyncio.Task[None]) -> None:
    """Run the loop of the thread until the task has ended, however it ends."""
    try:
        loop.run_until_complete(asyncio.wait([leading]))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _call(loop: asyncio.AbstractEventLoop, function: Any, *given: Any) -> None:
    """Let another thread's loop call something, unless it has ended."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *given)


class _Handed:
    """Work on the loop of whoever makes this, begun and cancelled from the loop `apart`."""

    def __init__(self, work: Work, apart: asyncio.AbstractEventLoop) -> None:
        self._work, self._apart = work, apart
        self._here = asyncio.get_running_loop()

    async def run(self) -> None:
        """Let it run; cancelled, let it be cancelled, and wait until it has ended."""
        ended: asyncio.Future[asyncio.Task[None]] = self._apart.create_future()
        begun: list[asyncio.Task[None]] = []
        self._here.call_soon_threadsafe(self._begin, begun, ended)
        try:
            task = await asyncio.shield(ended)
        except asyncio.CancelledError:
            self._here.call_soon_threadsafe(self._cancel, begun)
            await ended
            raise
        task.result()

    def _begin(
        self, begun: list[asyncio.Task[None]], ended: asyncio.Future[asyncio.Task[None]]
    ) -> None:
        task = self._here.create_task(self._work(), name="work")
        task.add_done_callback(lambda done: _call(self._apart, _set, ended, done))
        begun.append(task)

    def _cancel(self, begun: list[asyncio.Task[None]]) -> None:
        for task in begun:
            task.cancel()


def _set(ended: asyncio.Future[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
    if not ended.done():
        ended.set_result(task)
