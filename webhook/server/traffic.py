"""The requests in flight, and whether the process is about to leave."""

import asyncio
from types import TracebackType

from webhook.observe.metrics import Metrics


class Traffic:
    """Entered by each request, so that the end of the process can wait for the last one.

    While `draining`, the process still answers, but asks its clients to go elsewhere.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.draining = False
        self._metrics = metrics
        self._in_flight = 0
        self._none = asyncio.Event()
        self._none.set()

    async def ended(self) -> None:
        """Return when no request is in flight."""
        await self._none.wait()

    def __enter__(self) -> None:
        self._in_flight += 1
        self._metrics.in_flight.inc()
        self._none.clear()

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._in_flight -= 1
        self._metrics.in_flight.dec()
        if not self._in_flight:
            self._none.set()
