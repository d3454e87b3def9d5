"""One namespace, read by its name again and again.

A Role in a namespace can allow its holder to read that very Namespace, but not to list or watch it:
whoever is kept to some namespaces needs no ClusterRole.
"""

import asyncio
import logging
import random
from typing import Any

from webhook.kube.api import Api
from webhook.kube.api_request import cluster_wide
from webhook.kube.cache import Cache
from webhook.kube.errors import ApiError, NotFound
from webhook.kube.informer import Restarted
from webhook.kube.queue import Backoff

SECONDS_BETWEEN_LOOKS = 5.0

LOG = logging.getLogger(__name__)


class NamedNamespace:
    """Keeps a cache as the API server says of one namespace; `synced` after the first answer."""

    def __init__(self, api: Api, name: str, cache: Cache[Any], restarted: Restarted) -> None:
        self.synced = asyncio.Event()
        self._api, self._name, self._cache, self._restarted = api, name, cache, restarted
        self._backoff = Backoff(random.uniform)

    async def run(self) -> None:
        """Read it until cancelled; what goes wrong is told, and tried again."""
        while True:
            try:
                await self._look()
            except ApiError as error:
                self._restarted("namespaces", error.reason)
                fields = {"namespace": self._name, "reason": error.message}
                LOG.warning("a namespace is not read", extra={"fields": fields})
                await asyncio.sleep(self._backoff.next())
                continue
            self._backoff.forget()
            self.synced.set()
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def _look(self) -> None:
        try:
            self._cache.put(await self._api.get(cluster_wide("v1", "namespaces", self._name)))
        except NotFound:
            self._cache.drop("", self._name)
