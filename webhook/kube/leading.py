"""Lead until told to stop, and let another one lead at once."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from webhook.kube.lease import Lease, Work

GRACE_SECONDS = 10.0


async def lead(lease: Lease, work: Work, stop: asyncio.Event) -> None:
    """Lead again and again until told to stop; work that has begun may end by itself first."""
    leading = asyncio.create_task(lease.run(work), name="lease")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([leading, stopping], return_when=asyncio.FIRST_COMPLETED)
        if lease.left > 0:
            await asyncio.wait([leading], timeout=GRACE_SECONDS)
    finally:
        stopping.cancel()
        leading.cancel()
        await asyncio.wait([leading])
    if not leading.cancelled():
        leading.result()


async def until_one_ends(*parts: Coroutine[Any, Any, None]) -> None:
    """Run all of them until the first ends; raises what it raises, when the others have ended."""
    tasks = [asyncio.create_task(each) for each in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        task.result()
