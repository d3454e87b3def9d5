"""What tests do with watches."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from webhook.kube.messages import WatchEvent


async def first(watch: AsyncGenerator[WatchEvent, None]) -> WatchEvent:
    """The first event; the watch ends with it."""
    async with aclosing(watch) as events:
        return await anext(events)
