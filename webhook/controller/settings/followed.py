"""A resource of ours that is followed, in clusters that know its definition and in others.

A cluster without the definition has none of its objects, until the definition comes. Whoever asks
knows either way, so that nobody waits for a list that cannot be.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from webhook import kube
from webhook.settings import NAME

SECONDS_WITHOUT_DEFINITION = 10.0

LOG = logging.getLogger(__name__)


class FollowedResource:
    """An informer that begins once the resource is defined.

    `known`: its objects have been seen, or are known not to be there. `changed` is called when that
    becomes so.
    """

    def __init__(
        self,
        api: kube.Api,
        source: kube.ListWatch,
        cache: kube.Cache[Any],
        restarted: kube.Restarted,
        changed: Callable[[], None],
    ) -> None:
        self.known = False
        self._api, self._source, self._changed = api, source, changed
        self._informer = kube.Informer(api, source, cache, restarted)

    async def run(self) -> None:
        """Follow it until cancelled."""
        while not await self.is_defined():
            self._set_known()
            await asyncio.sleep(SECONDS_WITHOUT_DEFINITION)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._informer.run())
            await self._informer.synced.wait()
            self._set_known()

    async def is_defined(self) -> bool:
        """Whether the API server knows the resource; the watch reports any other problem."""
        try:
            # Whichever objects there are: one by its name is read in any case.
            await self._api.list(self._source.path, field_selector=f"metadata.name={NAME}")
        except kube.NotFound:
            if not self.known:
                fields = {"resource": self._source.resource}
                LOG.warning(
                    "resource not defined: there is none of it until its definition is applied",
                    extra={"fields": fields},
                )
            return False
        except kube.ApiError:
            return True
        return True

    def _set_known(self) -> None:
        self.known = True
        self._changed()
