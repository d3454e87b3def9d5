"""A cluster of several Deployments that roll, for the tests of rolls that a page begins."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.controller.servers.live import Json, memory
from tests.fleet.rolling import PATH, Cluster
from webhook.controller.installation import Installation
from webhook.fleet.targets import Target
from webhook.kube.errors import ApiError, NotFound

PLACES = Installation()
CONFIG_MAP = "/api/v1/namespaces/mcp-admission-system/configmaps/mcp-admission-settings"
GVISOR = {"mcpServerDefaults": {"runtimeClassName": "gvisor"}}


class RollingFleet:
    """Servers of the namespace `team`, which were filled in before the settings asked for more.

    Each is one of `tests.fleet.rolling` below its own name.
    """

    def __init__(self, *names: str, looks: int = 3) -> None:
        self.clusters = {name: Cluster(looks) for name in names}
        self.settings: Json | Exception = memory("800Mi")
        self.lists: list[ApiError] = []
        self.before_patch: Callable[[str], None] = lambda _: None

    @property
    def targets(self) -> list[Target]:
        return [Target("team", name) for name in self.clusters]

    @property
    def rolled(self) -> list[str]:
        """Those that an update was stored of, each as often as that was done."""
        return [
            name
            for name, cluster in self.clusters.items()
            for dry_run, body in cluster.patches
            if not dry_run and isinstance(body, dict)
        ]

    async def get(self, path: str, **_: Any) -> Json:
        if path == CONFIG_MAP:
            if isinstance(self.settings, Exception):
                raise self.settings
            return {"data": {"settings.yaml": json.dumps(self.settings)}}
        if "/configmaps/" in path or "mcp-admission.dev" in path:
            raise NotFound(404, "NotFound", path)
        if "/deployments/" not in path:
            return await next(iter(self.clusters.values())).get(path)
        return await self._of(path).get(PATH)

    async def list_each(self, path: str, take: Callable[[Json], Any], **given: Any) -> None:
        if self.lists:
            raise self.lists[0]
        if path.endswith("/namespaces"):
            take({"metadata": {"name": "team"}})
        elif path.endswith("/deployments"):
            for name, cluster in self.clusters.items():
                found = deepcopy(cluster.found)
                found["metadata"]["name"] = name
                take(found)
        elif len(self.clusters) == 1:
            (cluster,) = self.clusters.values()
            await cluster.list_each(path, take)

    async def patch(self, path: str, body: Any, *, kind: str, dry_run: bool = False) -> Json:
        if not dry_run:
            self.before_patch(path.rpartition("/")[2])
        return await self._of(path).patch(PATH, body, kind=kind, dry_run=dry_run)

    def _of(self, path: str) -> Cluster:
        name = path.rpartition("/")[2]
        if name not in self.clusters:
            raise NotFound(404, "NotFound", f"{name} not found")
        return self.clusters[name]
