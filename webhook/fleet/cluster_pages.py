"""Reads the objects of a cluster, or of one namespace, page by page.

Nothing is written. What may not be read is kept as skipped: an answer that hides it would look like
one without findings.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from webhook.fleet.report import Skipped
from webhook.kube import Api, Forbidden, Gone, NotFound, TooManyRequests, cluster_wide, namespaced

Json = dict[str, Any]
OnObject = Callable[[str], object]
PAGE = 200
TRIES = 3


class ClusterPages:
    """The objects of all namespaces, or of one; `skipped` is what could not be read.

    `on_object` is called with the resource of each object that is handed over.
    """

    def __init__(
        self, api: Api, namespace: str | None, on_object: OnObject = lambda _resource: None
    ) -> None:
        self._api, self.only, self._on_object = api, namespace, on_object
        self.skipped: list[Skipped] = []

    async def namespaces(self, take: Callable[[Json], object]) -> None:
        """Hand over each namespace; raises NotFound where the one that was named does not exist."""
        if self.only is None:
            await self.each("namespaces", take)
            return
        try:
            take(await self._api.get(cluster_wide("v1", "namespaces", self.only)))
        except Forbidden as error:
            why = f"{error.message}: the namespace counts as not managed"
            self.skipped.append(Skipped("namespaces", why))
        except NotFound as error:
            why = f"there is no namespace {self.only}: see kubectl get namespaces"
            raise NotFound(error.status, error.reason, why) from error

    async def each(
        self,
        resource: str,
        take: Callable[[Json], object],
        labels: str = "",
        namespace: str | None = None,
    ) -> bool:
        """Hand over each object, some twice in a long list; false where it may not be read.

        Raises ApiError where the API server does not answer.
        """
        why = await self.read(self.path(resource, namespace), take, labels)
        if why:
            self.skipped.append(Skipped(resource.partition(".")[0], why))
        return not why

    def path(self, resource: str, namespace: str | None = None) -> str:
        """Where the objects of `resource.group` are: in this namespace, or in what is read.

        With an empty namespace, in the whole cluster.
        """
        plural, _, group = resource.partition(".")
        version = f"{group}/v1" if group else "v1"
        inside = self.only if namespace is None else namespace
        return namespaced(version, plural, inside) if inside else cluster_wide(version, plural)

    async def read(
        self,
        path: str,
        take: Callable[[Json], object],
        labels: str = "",
        fields: str = "",
        *,
        metadata_only: bool = False,
    ) -> str:
        """Hand over each object of a path; returns why it may not be read, empty where it may."""
        resource = path.rpartition("/")[2]

        def hand_over(found: Json) -> None:
            take(found)
            self._on_object(resource)

        selected: Json = {"label_selector": labels, "field_selector": fields, "page": PAGE}
        tries = 0
        while True:
            try:
                await self._api.list_each(path, hand_over, **selected, metadata_only=metadata_only)
            except (Forbidden, NotFound) as error:
                return error.message
            except (Gone, TooManyRequests) as error:
                tries += 1
                if tries == TRIES:
                    raise
                await asyncio.sleep(getattr(error, "retry_after", 0.0))
            else:
                return ""
