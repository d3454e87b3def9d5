"""Something that is done again and again: at once, later, or later still after a failure."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from webhook.kube.errors import ApiError
from webhook.kube.queue import Backoff

LOG = logging.getLogger(__name__)

Turn = Callable[[], Awaitable[timedelta]]


async def repeat(turn: Turn, stop: asyncio.Event, failed: Callable[[], None]) -> None:
    """Take turns until told to stop; a turn that has begun is finished.

    A turn says when the next one is due. One that fails is followed by the next after a pause
    that may be longer each time; `failed` is told.
    """
    backoff = Backoff()
    while not stop.is_set():
        try:
            due = (await turn()).total_seconds()
            backoff.forget()
        except ApiError as error:
            LOG.warning(
                "a step failed and is tried again", extra={"fields": {"reason": error.message}}
            )
            failed()
            due = backoff.next()
        except Exception:
            LOG.exception("a step failed and is tried again")
            failed()
            due = backoff.next()
        await _wait(stop, due)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
