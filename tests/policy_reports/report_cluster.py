"""A cluster in memory that has APIs of reports, and tells of changes as an API server does."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, Self

from tests.controller.servers.live import stored
from webhook.admission import Scope
from webhook.controller.drift_judge import DriftJudge, drift_now
from webhook.kube.errors import AlreadyExists, ApiError, Conflict, NotFound
from webhook.observe.metrics import ControllerMetrics
from webhook.policy_reports.report_reconciler import KnownServers, ReportReconciler
from webhook.settings.model import Settings

Json = dict[str, Any]
OPEN, OLDER = "openreports.io/v1alpha1", "wgpolicyk8s.io/v1alpha2"
RESOURCES = {OPEN: "reports", OLDER: "policyreports"}
OURS = {"app.kubernetes.io/managed-by": "mcp-admission"}
SOON = 60.0  # after the next look at the APIs


class ReportCluster:
    """Stores reports and Deployments; `offered` are the APIs of reports that are installed.

    `calls` are verb and path of each request but discovery, `lost` is why discovery fails.
    """

    def __init__(self, *offered: str) -> None:
        self.offered = set(offered)
        self.calls: list[str] = []
        self.lost: ApiError | None = None
        self.reports: dict[str, Json] = {}
        self.deployments: dict[str, Json] = {}
        self._watches: list[tuple[str, asyncio.Queue[tuple[str, Json]]]] = []
        self._versions = itertools.count(1)

    def server_time(self) -> datetime:
        return datetime(2026, 11, 28, tzinfo=UTC)

    def says(self, path: str) -> list[str]:
        """Rule and result of each result of a report."""
        return [f"{each['policy']} {each['result']}" for each in self.reports[path]["results"]]

    @property
    def writes(self) -> list[str]:
        return [each for each in self.calls if not each.startswith("GET")]

    async def get(self, path: str) -> Json:
        version = path.removeprefix("/apis/")
        if version in RESOURCES:
            if self.lost is not None:
                raise self.lost
            if version not in self.offered:
                raise NotFound(404, "NotFound", path)
            return {"resources": [{"name": RESOURCES[version]}]}
        self.calls.append(f"GET {path}")
        found = self.deployments.get(path) or self.reports.get(path)
        if found is None:
            raise NotFound(404, "NotFound", path)
        return deepcopy(found)

    async def list_each(self, path: str, take: Callable[[Json], object], **given: Any) -> str:
        assert given["metadata_only"]
        assert given["label_selector"]
        for each, found in list(self.reports.items()):
            if _in(path, each) and _is_ours(found["metadata"]):
                take({"metadata": deepcopy(found["metadata"])})
        return str(next(self._versions))

    async def watch(self, path: str, **_: Any) -> AsyncIterator[tuple[str, Json]]:
        events: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
        self._watches.append((path, events))
        while True:
            yield await events.get()

    async def create(self, path: str, body: Json) -> Json:
        place = f"{path}/{body['metadata']['name']}"
        self.calls.append(f"POST {place}")
        if place in self.reports:
            raise AlreadyExists(409, "AlreadyExists", place)
        return self.put(place, body)

    async def replace(self, path: str, body: Json) -> Json:
        self.calls.append(f"PUT {path}")
        if path not in self.reports:
            raise NotFound(404, "NotFound", path)
        there = self.reports[path]["metadata"]["resourceVersion"]
        if body["metadata"]["resourceVersion"] != there:
            raise Conflict(409, "Conflict", path)
        return self.put(path, body)

    async def delete(self, path: str, **_: Any) -> None:
        self.calls.append(f"DELETE {path}")
        if path not in self.reports:
            raise NotFound(404, "NotFound", path)
        self.collect(path)

    def put(self, path: str, body: Json) -> Json:
        """Store a report, whoever writes it."""
        kind = "MODIFIED" if path in self.reports else "ADDED"
        metadata = {**body["metadata"], "resourceVersion": str(next(self._versions))}
        self.reports[path] = {**deepcopy(body), "metadata": {"uid": path, **metadata}}
        # As whoever watches objects with a label is told.
        self._tell(kind if _is_ours(metadata) else "DELETED", path, self.reports[path])
        return deepcopy(self.reports[path])

    def collect(self, path: str) -> None:
        """Delete a report, as the garbage collector does."""
        found = self.reports.pop(path)
        found["metadata"]["resourceVersion"] = str(next(self._versions))
        self._tell("DELETED", path, found)

    def _tell(self, kind: str, path: str, found: Json) -> None:
        for place, events in self._watches:
            if _in(place, path):
                events.put_nowait((kind, {"metadata": deepcopy(found["metadata"])}))


def _is_ours(metadata: Json) -> bool:
    labels: Json = metadata.get("labels", {})
    return OURS.items() <= labels.items()


def _in(collection: str, path: str) -> bool:
    """Whether an object is in a collection of a namespace, or of all namespaces."""
    head, _, resource = collection.rpartition("/")
    if "/namespaces/" in collection:
        return path.startswith(f"{collection}/")
    return path.startswith(f"{head}/namespaces/") and f"/{resource}/" in path


class Servers:
    """The servers that a controller knows, and its judge."""

    def __init__(self, cluster: ReportCluster, under: Settings | None = None) -> None:
        self.judge = DriftJudge(lambda *_: None)
        self.here_too = True
        self.opted_out: set[str] = set()
        self._cluster, self._under = cluster, under or Settings()

    def known(self) -> KnownServers:
        """What a reconciler asks."""
        synced = asyncio.Event()
        synced.set()
        return KnownServers(
            lambda _: self._under,
            lambda _: Scope.OPTED_IN,
            lambda _: self.here_too,
            lambda _, name: _path(name) in self._cluster.deployments and name not in self.opted_out,
            self.judge.verdict_of_pods,
            drift_now,
            synced,
        )

    async def see(self, manifest: Json, **metadata: Any) -> None:
        """A Deployment was created or changed, and is judged."""
        found = stored(manifest, **metadata)
        self._cluster.deployments[_path(found["metadata"]["name"])] = found
        self.judge.hand_over(found, self._under, Scope.OPTED_IN)
        await self.judge.judge_all()

    def lose(self, name: str) -> None:
        """A Deployment was deleted."""
        del self._cluster.deployments[_path(name)]
        self.judge.forget("team", name)

    def opt_out(self, name: str) -> None:
        """It is no server any more."""
        self.opted_out.add(name)
        self.judge.forget("team", name)


def _path(name: str) -> str:
    return f"/apis/apps/v1/namespaces/team/deployments/{name}"


class Reporting:
    """A controller that writes reports on what `servers` knows."""

    def __init__(self, cluster: Any, servers: Servers, watched: tuple[str, ...] = ()) -> None:
        self.reconciler = ReportReconciler(cluster, servers.known(), watched, ControllerMetrics())
        servers.judge.listener = self.reconciler
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        running = (self.reconciler.run(), self.reconciler.controller.run())
        self._tasks = [asyncio.create_task(each) for each in running]
        await asyncio.sleep(SOON)
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in self._tasks:
            each.cancel()
        await asyncio.wait(self._tasks)
