"""Which API the cluster has for reports, if it has one, and which of ours there are in it.

Their CustomResourceDefinitions belong to others, and come and go: the API server is asked now and
then. Reports are followed by their metadata alone. What a report says is known by its digest, so
that a controller that starts again writes none of them again.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from webhook import kube, names
from webhook.objects import REPORT_APIS, ReportApi
from webhook.observe.metrics import ControllerMetrics

OWN = f"{names.MANAGED_BY}={names.PRODUCT}"
LOOK_SECONDS = 30.0
PAGE = 500

LOG = logging.getLogger(__name__)

Json = dict[str, Any]


class LiveReport(NamedTuple):
    """What is kept of a report: its version, what it says, and the Deployment that it is about."""

    version: str
    digest: str
    server: str


def live_report(found: Json) -> LiveReport:
    """What is kept of the metadata of a report with our label."""
    metadata = found["metadata"]
    owners = metadata.get("ownerReferences") or [{}]
    digest = (metadata.get("annotations") or {}).get(names.REPORT_DIGEST)
    return LiveReport(
        str(metadata["resourceVersion"]), str(digest)[:64], str(owners[0].get("name"))[:253]
    )


class LiveReports:
    """The reports of servers in the namespaces that are watched, none for all.

    `changed` is called with namespace and name of a server whose report has changed, `known` once
    all reports are known: after the start, and when the API is another. `offered` is the API that
    has them; None while there is none, or while they are not known. `absent`: there is surely none.
    """

    def __init__(
        self,
        api: kube.Api,
        watched: Sequence[str],
        metrics: ControllerMetrics,
        changed: Callable[[str, str], None],
        known: Callable[[], None],
    ) -> None:
        self.offered: ReportApi | None = None
        self.absent = False
        self._api, self._watched, self._metrics = api, watched, metrics
        self._changed, self._known = changed, known
        self.cache: kube.Cache[LiveReport] = kube.Cache(live_report, self._report_changed)
        self._followed: ReportApi | None = None
        self._following: asyncio.Task[None] | None = None
        self._left: set[ReportApi] = set()
        self._look_now = asyncio.Event()

    def of(self, server: kube.NamespacedName) -> LiveReport | None:
        """The report of a server."""
        return self.cache.get(server.namespace, names.report_of(server.name))

    async def look_ahead(self) -> None:
        """Learn whether there is an API at all; where that cannot be said, `run` says it."""
        with suppress(kube.ApiError):
            self.absent = not [each async for each in offered_apis(self._api)]

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._look_now.clear()
                try:
                    await self._look(group)
                except kube.ApiError as error:
                    # Whatever there was is still there, as far as anybody knows.
                    fields = {"reason": error.message}
                    LOG.warning("APIs of reports not read", extra={"fields": fields})
                with suppress(TimeoutError):
                    pause = LOOK_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
                    await asyncio.wait_for(self._look_now.wait(), pause)

    async def _look(self, group: asyncio.TaskGroup) -> None:
        """Follow the reports of the first API that there is, and take ours out of the others."""
        found = [each async for each in offered_apis(self._api)]
        first = found[0] if found else None
        self.absent = first is None
        if first is not self._followed:
            await self._leave()
            self._followed = first
            LOG.info(
                "APIs of reports looked up", extra={"fields": {"api": first and first.version}}
            )
            if first is not None:
                self._following = group.create_task(self._follow(first))
        for other in found[1:]:
            if self.offered is not None and other not in self._left:
                async for _ in withdrawn(self._api, other, self._watched):
                    pass
                self._left.add(other)

    async def _leave(self) -> None:
        """Forget the reports of an API that is gone, or that another comes before."""
        self.offered = None
        self._left.clear()
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
            self._following = None
        for namespace, name in tuple(self.cache):
            self.cache.drop(namespace, name)

    async def _follow(self, reports: ReportApi) -> None:
        sources = [
            kube.ListWatch(reports.resource, path, covers, OWN, metadata_only=True, page=PAGE)
            for path, covers in _places(reports, self._watched)
        ]
        restarted = self._metrics.watch_restarted
        informers = [kube.Informer(self._api, each, self.cache, restarted) for each in sources]
        async with asyncio.TaskGroup() as group:
            for each in informers:
                group.create_task(each.run())
            for each in informers:
                await each.synced.wait()
            self.offered = reports
            self._known()
            # What is in another API is taken out.
            self._look_now.set()

    def _report_changed(
        self, namespace: str, _: str, was: LiveReport | None, now: LiveReport | None
    ) -> None:
        if self.offered is not None:
            for server in {each.server for each in (was, now) if each}:
                self._changed(namespace, server)


async def offered_apis(api: kube.Api) -> AsyncIterator[ReportApi]:
    """The APIs of reports that a cluster has, the one to use first."""
    for reports in REPORT_APIS:
        try:
            found = await api.get(f"/apis/{reports.version}")
        except kube.NotFound:
            continue
        if any(each.get("name") == reports.resource for each in found.get("resources") or []):
            yield reports


async def report_removals(
    api: kube.Api,
) -> AsyncIterator[tuple[str, Callable[[], Awaitable[bool]]]]:
    """For each namespace with reports of ours: a line that says so, and what deletes them."""
    async for reports in offered_apis(api):
        ours = await _ours(api, kube.cluster_wide(reports.version, reports.resource))
        for namespace, count in sorted(Counter(each[0] for each in ours).items()):
            line = f"Namespace {namespace} loses {count:,} {reports.resource} of ours"
            yield line, partial(_withdraw, api, reports, namespace)


async def withdrawn(
    api: kube.Api, reports: ReportApi, watched: Sequence[str] = ()
) -> AsyncIterator[tuple[str, str]]:
    """Delete our reports of an API; yields namespace and name of each that was there."""
    for path, _ in _places(reports, watched):
        for namespace, name, uid in await _ours(api, path):
            place = kube.namespaced(reports.version, reports.resource, namespace, name)
            try:
                await api.delete(place, uid=uid)
            except kube.NotFound:
                continue
            yield namespace, name


async def _withdraw(api: kube.Api, reports: ReportApi, namespace: str) -> bool:
    return bool([each async for each in withdrawn(api, reports, [namespace])])


async def _ours(api: kube.Api, path: str) -> list[tuple[str, str, str]]:
    """Namespace, name and uid of our reports, and nothing else of them."""
    found: list[tuple[str, str, str]] = []

    def take(item: Json) -> None:
        metadata = item["metadata"]
        found.append((metadata["namespace"], metadata["name"], metadata["uid"]))

    await api.list_each(path, take, label_selector=OWN, metadata_only=True)
    return found


def _places(
    reports: ReportApi, watched: Sequence[str]
) -> list[tuple[str, Callable[[str, str], bool]]]:
    """The paths of the reports of all namespaces, or of each of these, and what each covers."""
    version, resource = reports.version, reports.resource
    if not watched:
        return [(kube.cluster_wide(version, resource), lambda _namespace, _name: True)]
    return [(kube.namespaced(version, resource, each), partial(_is_of, each)) for each in watched]


def _is_of(wanted: str, namespace: str, _: str) -> bool:
    return namespace == wanted
