"""Which settings each serving replica has in force: it says so on its port for probes."""

import asyncio
from collections.abc import Sequence

import aiohttp

from webhook.controller.replicas import Replica
from webhook.settings.effective_file import HEADER

PORT = "metrics"
ASK_SECONDS = 1.0


async def ask_digests(replicas: Sequence[Replica]) -> dict[str, str | None]:
    """The digest of the settings of each replica, by its name; None where it does not say."""
    ends = aiohttp.ClientTimeout(total=ASK_SECONDS)
    async with aiohttp.ClientSession(timeout=ends) as session:
        told = await asyncio.gather(*(_told(session, replica) for replica in replicas))
    return {replica.name: one for replica, one in zip(replicas, told, strict=True)}


async def _told(session: aiohttp.ClientSession, replica: Replica) -> str | None:
    host = f"[{replica.host}]" if ":" in replica.host else replica.host
    try:
        async with session.get(
            f"http://{host}:{replica.port}/readyz", allow_redirects=False
        ) as answer:
            return answer.headers.get(HEADER)
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None
