"""What the controller follows: the one settings resource, and the ConfigMap that it writes."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from webhook import kube
from webhook.controller.installation import SETTINGS_CONFIG_MAP
from webhook.controller.settings.followed import FollowedResource
from webhook.settings import API_VERSION, NAME, PLURAL

RESOURCES = kube.ListWatch(
    PLURAL, kube.cluster_wide(API_VERSION, PLURAL), field_selector=f"metadata.name={NAME}"
)

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
        api: kube.Api,
        namespace: str,
        restarted: kube.Restarted,
        changed: Callable[[], None],
        *,
        resource: bool = True,
    ) -> None:
        self._changed = changed
        self._api, self._namespace = api, namespace
        self._resources: kube.Cache[SettingsResource] = kube.Cache(_resource, self._put)
        self._config_maps: kube.Cache[Files] = kube.Cache(_files, self._put)
        config_maps = kube.ListWatch(
            "configmaps",
            kube.namespaced("v1", "configmaps", namespace),
            field_selector=f"metadata.name={SETTINGS_CONFIG_MAP}",
        )
        self._files = kube.Informer(api, config_maps, self._config_maps, restarted)
        self._resource = None
        if resource:
            self._resource = FollowedResource(api, RESOURCES, self._resources, restarted, changed)

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
            if self._resource is not None:
                group.create_task(self._resource.run())
            await self._files.synced.wait()
            self._changed()

    @property
    def known(self) -> bool:
        """Whether both have been seen, or are known not to be there."""
        return self._files.synced.is_set() and (self._resource is None or self._resource.known)

    async def write(self, files: Files, binary: Files, labels: Mapping[str, str]) -> None:
        """Let the ConfigMap hold these files, whatever it held before; binary ones in base64."""
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": SETTINGS_CONFIG_MAP,
                "namespace": self._namespace,
                "labels": dict(labels),
            },
            "data": dict(files),
            "binaryData": {name: content for name, content in binary.items() if content},
        }
        if self.files is None:
            with suppress(kube.AlreadyExists):
                folder = kube.namespaced("v1", "configmaps", self._namespace)
                self._config_maps.put(await self._api.create(folder, body))
                return
        path = kube.namespaced("v1", "configmaps", self._namespace, SETTINGS_CONFIG_MAP)
        self._config_maps.put(await self._api.apply(path, body))

    async def write_status(self, uid: str, status: Json) -> None:
        """Let the very resource that was seen have this status."""
        body = {"metadata": {"uid": uid}, "status": status}
        self._resources.put(
            await self._api.patch(f"{RESOURCES.path}/{NAME}/status", body, kind="merge")
        )

    def _put(self, *_: object) -> None:
        self._changed()


def _resource(found: Json) -> SettingsResource:
    metadata = found["metadata"]
    spec, status = found.get("spec") or {}, found.get("status") or {}
    return SettingsResource(metadata["uid"], metadata.get("generation", 0), spec, status)


def _files(found: Json) -> Files:
    return {**(found.get("data") or {}), **(found.get("binaryData") or {})}
