"""A played cluster whose Deployments roll, and whose replicas count."""

from dataclasses import dataclass, field

from aiohttp import web

from tests.console.played_cluster import PlayedCluster
from tests.console.rolling_fleet import CONFIG_MAP, RollingFleet
from webhook.kube.errors import ApiError


@dataclass
class RollingCluster(PlayedCluster):
    """Settings and Deployments are those of the fleet, which rolls at the first look."""

    fleet: RollingFleet = field(default_factory=lambda: RollingFleet("crm", "search", looks=0))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        known = path.endswith(("/namespaces", "/team", "/replicasets", "/team/pods"))
        of_fleet = known or "/deployments" in path or path == CONFIG_MAP
        if not of_fleet or path in self.failures or request.method not in {"GET", "PATCH"}:
            return await super()._answer(request)
        self.calls.append((request.method, path, ""))
        try:
            if request.method == "PATCH":
                kind = request.content_type.partition("+")[0].removeprefix("application/")
                body, dry_run = await request.json(), "dryRun" in request.query
                named = "merge" if kind == "merge-patch" else "json"
                found = await self.fleet.patch(path, body, kind=named, dry_run=dry_run)
                return web.json_response(found)
            if "limit" in request.query:
                items: list[dict[str, object]] = []
                await self.fleet.list_each(path, items.append)
                return web.json_response({"items": items, "metadata": {"resourceVersion": "1"}})
            return web.json_response(await self.fleet.get(path))
        except ApiError as error:
            body = {"kind": "Status", "reason": error.reason, "message": error.message}
            return web.json_response(body, status=error.status)
