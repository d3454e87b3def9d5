"""What tests do with watches."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from webhook.kube.watch_events import Event


async def first(watch: AsyncGenerator[Event, None]) -> Event:
    """The first event; the watch ends with it."""
    async with aclosing(watch) as events:
        return await anext(events)
