"""The servers to restart, and the restart of each by the update of `kubectl rollout restart`.

The webhook fills in the template of this update again. A filled-in template in the update would
not work: the webhook takes its own values out of a template that is applied again. Each update is
tried as a dry run first. A server that would be refused, or would not change, is not touched.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

from webhook import kube
from webhook.admission import CURRENT, DEPLOYMENTS, REFUSED, Drift, drift_of
from webhook.controller.installation import WEBHOOK_CONFIGURATION
from webhook.fleet.surroundings import Surroundings
from webhook.fleet.workloads import changed_finding, refused_finding, rollout_progress
from webhook.settings import Settings

Json = dict[str, Any]
APPS = "apps/v1"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
POLL_SECONDS = 1.0
TRIES = 10
SECONDS_WITHOUT_ANSWER = 120.0
TOO_OFTEN = "it is written too often to be changed, or the API server is overloaded: try again"
OTHER_SETTINGS = (
    "the API server would store it as it is: its webhook is not registered, works with other "
    "settings than these, or another webhook undoes what it fills in; see `kubectl get "
    f"mutatingwebhookconfiguration {WEBHOOK_CONFIGURATION}`; after a changed setting wait a minute "
    "and run it again"
)


class Target(NamedTuple):
    """A Deployment that is a server."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"Deployment {self.namespace}/{self.name}"


class NotServers(Exception):  # noqa: N818 - it is about what was asked for
    """Names that are not those of servers, in one sentence."""


class RestartResult(Enum):
    """The result for one server: a word that programs read, and the words for people."""

    def __init__(self, word: str, said: str) -> None:
        self.word, self.said = word, said

    ROLLED = "rolled", "rolled"
    WOULD_ROLL = "would-roll", "would roll"
    CURRENT = "current", "is current"
    GONE = "gone", "is gone"
    REFUSED = "refused", "would be refused, and was not touched"
    PAUSED = "paused", "is paused, and was not touched"
    FAILED = "failed", "failed"
    INTERRUPTED = "interrupted", "continues rolling by itself"


class Restarted(NamedTuple):
    """One server with its result, and the lines that explain it."""

    target: Target
    result: RestartResult
    lines: tuple[str, ...] = ()


class Targets:
    """The servers of a cluster, judged by these settings."""

    def __init__(self, api: kube.Api, settings: Settings, release_namespace: str) -> None:
        self._api, self._settings = api, settings
        self._around = Surroundings(settings, release_namespace)
        self._asked: set[str] = set()

    async def named(self, namespace: str, names: Iterable[str]) -> list[Target]:
        """The servers of these names; raises NotServers unless each is one."""
        found: dict[Target, None] = {}
        others: list[str] = []
        await self._read_namespace(namespace)
        for name in names:
            try:
                server = await self._api.get(kube.namespaced(APPS, "deployments", namespace, name))
            except kube.NotFound:
                others.append(f"Deployment {namespace}/{name} does not exist")
                continue
            if self._is_server(server):
                found[Target(namespace, name)] = None
            else:
                others.append(f"Deployment {namespace}/{name} is no MCP server")
        if others:
            raise NotServers(f"{'; '.join(others)}: nothing was touched")
        return list(found)

    async def outdated(self, namespace: str | None) -> tuple[list[Target], int]:
        """All that are not current, in a namespace or in all, and how many are."""
        targets: list[Target] = []
        current = 0

        def take(server: Json) -> None:
            nonlocal current
            metadata = server["metadata"]
            if self._is_server(server) and "deletionTimestamp" not in metadata:
                if self._drift(server).state == CURRENT:
                    current += 1
                else:
                    targets.append(Target(metadata["namespace"], metadata["name"]))

        if namespace is None:
            await self._api.list_each(
                kube.cluster_wide("v1", "namespaces"), self._around.add_namespace
            )
            path = kube.cluster_wide(APPS, "deployments")
        else:
            await self._read_namespace(namespace)
            path = kube.namespaced(APPS, "deployments", namespace)
        await self._api.list_each(path, take)
        return targets, current

    async def drift(self, server: Json) -> Drift:
        """What a restart would change or refuse now."""
        await self._read_namespace(server["metadata"]["namespace"])
        return self._drift(server)

    def _drift(self, server: Json) -> Drift:
        scope = self._around.scope(server["metadata"]["namespace"])
        return drift_of(server, self._settings, scope)

    def _is_server(self, found: Json) -> bool:
        excluded = self._around.excluded(found["metadata"]["namespace"])
        return self._around.server(found, DEPLOYMENTS) is not None and not excluded

    async def _read_namespace(self, namespace: str) -> None:
        """Learn whether it is managed; without the right to read it, only labels count."""
        if namespace in self._asked or self._around.knows(namespace):
            return
        self._asked.add(namespace)
        path = kube.cluster_wide("v1", "namespaces", namespace)
        try:
            self._around.add_namespace(await self._api.get(path))
        except kube.Forbidden:
            return


@dataclass(frozen=True)
class Restarter:
    """Restarts servers; `on_progress` gets each line of progress, `stop` is set to end early."""

    api: kube.Api
    targets: Targets
    stop: asyncio.Event
    on_progress: Callable[[str], None]
    dry_run: bool = False

    async def restart(self, target: Target) -> Restarted:
        """Make one server current and wait until it is; a failure is part of the result."""
        try:
            for _ in range(TRIES):
                try:
                    return await self._try(target)
                except kube.Conflict:
                    # Another client, often its own controller, wrote first: judge it again.
                    await asyncio.sleep(POLL_SECONDS / TRIES)
                except kube.TooManyRequests as error:
                    await asyncio.sleep(error.retry_after)
            return Restarted(target, RestartResult.FAILED, (TOO_OFTEN,))
        except kube.NotFound:
            return Restarted(target, RestartResult.GONE)
        except kube.ApiError as error:
            return Restarted(target, RestartResult.FAILED, (error.message,))

    async def _try(self, target: Target) -> Restarted:
        found = await self.api.get(_path(target))
        drift = await self.targets.drift(found)
        if drift.state == CURRENT:
            return Restarted(target, RestartResult.CURRENT)
        if drift.state == REFUSED:
            reasons = tuple(refused_finding(each).line for each in drift.reasons)
            return Restarted(target, RestartResult.REFUSED, reasons)
        if found["spec"].get("paused"):
            advice = "resume it with kubectl rollout resume"
            return Restarted(target, RestartResult.PAUSED, (advice,))
        tried = await self._patch(target, found, dry_run=True)
        if (await self.targets.drift(tried)).state != CURRENT:
            return Restarted(target, RestartResult.FAILED, (OTHER_SETTINGS,))
        if self.dry_run:
            fields = tuple(changed_finding(each).line for each in drift.changes)
            return Restarted(target, RestartResult.WOULD_ROLL, fields)
        rolling = await self._patch(target, found, dry_run=False)
        return await self._wait(target, rolling)

    async def _patch(self, target: Target, found: Json, *, dry_run: bool) -> Json:
        seen = {key: found["metadata"][key] for key in ("uid", "resourceVersion")}
        annotations = {RESTARTED: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        body = {"metadata": seen, "spec": {"template": {"metadata": {"annotations": annotations}}}}
        return await self.api.patch(_path(target), body, kind="merge", dry_run=dry_run)

    async def _wait(self, target: Target, rolling: Json) -> Restarted:
        """Read it once a second until it is rolled out, is stuck, or `stop` is set."""
        clock = asyncio.get_running_loop().time
        began, found = clock(), rolling
        while True:
            now = rollout_progress(found)
            if now.done:
                line = f"{now.line}, after {clock() - began:.0f} s"
                return Restarted(target, RestartResult.ROLLED, (line,))
            if now.stuck:
                return Restarted(target, RestartResult.FAILED, (now.line,))
            self.on_progress(now.line)
            if await self._stopped_within(POLL_SECONDS):
                return Restarted(target, RestartResult.INTERRUPTED, (now.line,))
            found = await self._poll(target, found)
            if found["metadata"]["uid"] != rolling["metadata"]["uid"]:
                return Restarted(target, RestartResult.GONE)

    async def _poll(self, target: Target, found: Json) -> Json:
        """The Deployment as it is now, or as it was where `stop` is set before an answer.

        An API server that does not answer is asked again with backoff.
        """
        clock, backoff = asyncio.get_running_loop().time, kube.Backoff()
        ends = clock() + SECONDS_WITHOUT_ANSWER
        while True:
            try:
                return await self.api.get(_path(target))
            except kube.ApiError as error:
                if isinstance(error, kube.NotFound | kube.Forbidden) or clock() > ends:
                    raise
                self.on_progress(error.message)
            if await self._stopped_within(backoff.next()):
                return found

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _path(target: Target) -> str:
    return kube.namespaced(APPS, "deployments", *target)
