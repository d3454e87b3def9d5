"""What the controller follows: the one settings resource, and the ConfigMap that it writes.

A cluster without the definition of the resource has none, until the definition comes.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from webhook.controller.installation import SETTINGS_CONFIG_MAP
from webhook.kube.api import Api
from webhook.kube.api_request import cluster_wide, namespaced
from webhook.kube.cache import Cache
from webhook.kube.errors import AlreadyExists, ApiError, NotFound
from webhook.kube.informer import Informer, ListWatch, Restarted
from webhook.settings.load import GROUP, NAME, PLURAL, VERSION

SECONDS_WITHOUT_DEFINITION = 10.0
RESOURCES = ListWatch(
    PLURAL, cluster_wide(f"{GROUP}/{VERSION}", PLURAL), field_selector=f"metadata.name={NAME}"
)

LOG = logging.getLogger(__name__)

Json = dict[str, Any]
Files = Mapping[str, str]


class SettingsResource(NamedTuple):
    """What is kept of the settings resource."""

    uid: str
    generation: int
    spec: Json
    status: Json


class SettingsStore:
    """Both as they were last seen; `changed` is called when one of them changes or is known.

    Without `resource`, the settings resource is not followed.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        restarted: Restarted,
        changed: Callable[[], None],
        *,
        resource: bool = True,
    ) -> None:
        self._changed = changed
        self._api, self._namespace = api, namespace
        self._resources: Cache[SettingsResource] = Cache(_resource, self._put)
        self._config_maps: Cache[Files] = Cache(_files, self._put)
        config_maps = ListWatch(
            "configmaps",
            namespaced("v1", "configmaps", namespace),
            field_selector=f"metadata.name={SETTINGS_CONFIG_MAP}",
        )
        self._files = Informer(api, config_maps, self._config_maps, restarted)
        self._resource = Informer(api, RESOURCES, self._resources, restarted)
        self._follows_resource = resource
        self._resource_known = not resource

    @property
    def resource(self) -> SettingsResource | None:
        """The settings resource, if there is one."""
        return self._resources.get("", NAME)

    @property
    def files(self) -> Files | None:
        """What the ConfigMap holds, if there is one."""
        return self._config_maps.get(self._namespace, SETTINGS_CONFIG_MAP)

    async def run(self) -> None:
        """Follow both until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._files.run())
            if self._follows_resource:
                group.create_task(self._follow_resource())
            await self._files.synced.wait()
            self._changed()

    @property
    def known(self) -> bool:
        """Whether both have been seen, or are known not to be there."""
        return self._files.synced.is_set() and self._resource_known

    async def write(self, files: Files, labels: Mapping[str, str]) -> None:
        """Let the ConfigMap hold these files, whatever it held before."""
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": SETTINGS_CONFIG_MAP,
                "namespace": self._namespace,
                "labels": dict(labels),
            },
            "data": dict(files),
        }
        if self.files is None:
            with suppress(AlreadyExists):
                folder = namespaced("v1", "configmaps", self._namespace)
                self._config_maps.put(await self._api.create(folder, body))
                return
        path = namespaced("v1", "configmaps", self._namespace, SETTINGS_CONFIG_MAP)
        self._config_maps.put(await self._api.apply(path, body))

    async def write_status(self, uid: str, status: Json) -> None:
        """Let the very resource that was seen have this status."""
        body = {"metadata": {"uid": uid}, "status": status}
        self._resources.put(
            await self._api.patch(f"{RESOURCES.path}/{NAME}/status", body, kind="merge")
        )

    async def _follow_resource(self) -> None:
        while not await self._is_defined():
            self._set_known()
            await asyncio.sleep(SECONDS_WITHOUT_DEFINITION)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._resource.run())
            await self._resource.synced.wait()
            self._set_known()

    def _set_known(self) -> None:
        self._resource_known = True
        self._changed()

    async def _is_defined(self) -> bool:
        """Whether the API server knows the resource; the watch reports any other problem."""
        try:
            await self._api.list(RESOURCES.path, field_selector=RESOURCES.field_selector)
        except NotFound:
            if not self._resource_known:
                LOG.warning(
                    "settings resource not defined: until its definition is applied, the "
                    "settings are those of chart and environment"
                )
            return False
        except ApiError:
            return True
        return True

    def _put(self, *_: object) -> None:
        self._changed()


def _resource(found: Json) -> SettingsResource:
    metadata = found["metadata"]
    spec, status = found.get("spec") or {}, found.get("status") or {}
    return SettingsResource(metadata["uid"], metadata.get("generation", 0), spec, status)


def _files(found: Json) -> Files:
    return found.get("data") or {}
