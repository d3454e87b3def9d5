"""The webhook configurations and the ConfigMap that says how they were installed, followed.

A controller that is kept to some namespaces may not read webhook configurations: no Role can allow
that. There they are not compared.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from webhook import kube
from webhook.controller.installation import (
    REGISTRATIONS_CONFIG_MAP,
    WEBHOOK_CONFIGURATIONS,
    Installation,
)
from webhook.controller.probe.registrations import (
    Entries,
    Registrations,
    entries_of,
    installed_entries,
)

API_VERSION = "admissionregistration.k8s.io/v1"

LOG = logging.getLogger(__name__)

Json = dict[str, Any]


class FollowedRegistrations:
    """Both as they were last seen; `changed` is called when one of them changes.

    With `readable` false, the configurations are not followed.
    """

    def __init__(
        self,
        api: kube.Api,
        installation: Installation,
        restarted: kube.Restarted,
        changed: Callable[[], None],
        *,
        readable: bool,
    ) -> None:
        self._changed, self._name = changed, installation.configuration
        self._namespace = installation.namespace
        self._present: dict[str, tuple[kube.Cache[Entries], kube.Informer[Entries]]] = {}
        for kind, resource in WEBHOOK_CONFIGURATIONS.items() if readable else ():
            path = kube.cluster_wide(API_VERSION, resource)
            field = f"metadata.name={self._name}"
            cache = kube.Cache(_entries, self._put)
            source = kube.ListWatch(resource, path, field_selector=field)
            self._present[kind] = cache, kube.Informer(api, source, cache, restarted)
        self._config_maps: kube.Cache[Json] = kube.Cache(_data, self._put)
        config_maps = kube.ListWatch(
            "configmaps",
            kube.namespaced("v1", "configmaps", self._namespace),
            field_selector=f"metadata.name={REGISTRATIONS_CONFIG_MAP}",
        )
        self._installed = kube.Informer(api, config_maps, self._config_maps, restarted)

    async def run(self) -> None:
        """Follow them until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._installed.run())
            for _, informer in self._present.values():
                group.create_task(informer.run())

    @property
    def known(self) -> Registrations:
        """What is known of them now."""
        return Registrations(self._as_installed(), self._as_present())

    def _as_present(self) -> dict[str, Entries] | None:
        followed = self._present
        if not followed or not all(each.synced.is_set() for _, each in followed.values()):
            return None
        found = {kind: cache.get("", self._name) for kind, (cache, _) in followed.items()}
        return {kind: entries for kind, entries in found.items() if entries is not None}

    def _as_installed(self) -> Mapping[str, Entries] | None:
        data = self._config_maps.get(self._namespace, REGISTRATIONS_CONFIG_MAP)
        if data is None:
            return None
        try:
            return installed_entries(data)
        except ValueError as error:
            fields = {"name": REGISTRATIONS_CONFIG_MAP, "reason": str(error)}
            LOG.warning("config map not read", extra={"fields": fields})
            return None

    def _put(self, *_: object) -> None:
        self._changed()


def _entries(found: Json) -> Entries:
    return entries_of(found.get("webhooks"))


def _data(found: Json) -> Json:
    return dict(found.get("data") or {})
