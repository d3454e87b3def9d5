"""Something that is done again and again: at once, later, or later still after a failure."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from webhook.controller.errors import ApiError

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0

LOG = logging.getLogger(__name__)

Turn = Callable[[], Awaitable[timedelta]]


async def repeat(turn: Turn, stop: asyncio.Event, failed: Callable[[], None]) -> None:
    """Take turns until told to stop; a turn that has begun is finished.

    A turn says when the next one is due. One that fails is followed by the next after a pause
    that doubles each time, up to half a minute, less a part by chance; `failed` is told.
    """
    pause = FIRST_PAUSE
    while not stop.is_set():
        try:
            due, pause = (await turn()).total_seconds(), FIRST_PAUSE
        except ApiError as error:
            LOG.warning(
                "a step failed and is tried again", extra={"fields": {"reason": error.message}}
            )
            due, pause = _failed(pause, failed)
        except Exception:
            LOG.exception("a step failed and is tried again")
            due, pause = _failed(pause, failed)
        await _wait(stop, due)


def _failed(pause: float, failed: Callable[[], None]) -> tuple[float, float]:
    """Count it; returns this pause and the next."""
    failed()
    return random.uniform(pause / 2, pause), min(2 * pause, LONGEST_PAUSE)  # noqa: S311 - no secret


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
