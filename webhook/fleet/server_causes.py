"""Why servers do not run or lack a part, collected while a cluster is read page by page.

What is kept of a server is little: how many pods it wants and has, its causes, and the names that
it asks for. What exists of these is read when they are known.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from webhook import health, names, objects
from webhook.fleet.cluster_pages import ClusterPages
from webhook.fleet.existing_parts import ExistingParts
from webhook.fleet.report import WorkloadKey
from webhook.kube import time_text

Json = dict[str, Any]
MISSING, REFUSED = objects.configuration.MISSING, objects.configuration.REASON
# Times of Events have fractions, those of Secrets have none.
SECONDS = len("2026-01-01T00:00:00")
# A gate that is about to open is nothing to tell.
SHORT, LONG = timedelta(seconds=10), timedelta(minutes=10)
# Each pod of a server may say something else.
MOST_CAUSES = 20
# Their controllers say in Events alone why no pod can be created.
BY_EVENTS = ("StatefulSet", "DaemonSet", "Job")
BY_CONDITIONS = ("ReplicaSet", "ReplicationController")


class AskedConfig(NamedTuple):
    """The Secret that config-from names, and the keys of it that are to be files."""

    secret: str
    file_keys: tuple[str, ...] = ()


@dataclass(slots=True)
class _Server:
    """What is kept of a server; `began` is when it was created, `last_pod` its newest pod."""

    counts: health.PodCounts
    of_pods: bool = False
    began: str = ""
    last_pod: str = ""
    lacks_pods: bool = False
    runtime_class: str = ""
    config: AskedConfig | None = None
    config_refused: health.Cause | None = None
    refusals: tuple[objects.Refused, ...] = ()
    secrets: dict[str, health.AskedSecret] = field(default_factory=dict)
    causes: dict[tuple[str, str], health.Cause] = field(default_factory=dict)

    def add(self, causes: Iterable[health.Cause]) -> None:
        """Keep the first ones, each reason with its message once."""
        for each in causes:
            if len(self.causes) < MOST_CAUSES:
                self.causes.setdefault((each.reason, each.message), each)

    def ask(self, spec: Json) -> None:
        """Keep what a pod of this spec asks for."""
        self.runtime_class = spec.get("runtimeClassName") or self.runtime_class
        for each in health.secrets_asked_for(spec):
            self.secrets.setdefault(each.name, each)


class ServerCauses:
    """The causes of every server that was added."""

    def __init__(self) -> None:
        self._servers: dict[WorkloadKey, _Server] = {}

    def add_workload(
        self,
        key: WorkloadKey,
        found: Json,
        spec: Json,
        refusals: Iterable[objects.Refused] = (),
        config: AskedConfig | None = None,
    ) -> None:
        """Add a workload whose pods have this spec, with what cannot be made for it.

        That its config Secret does not exist may be among that: whether it does is read later.
        """
        server = self._servers.setdefault(key, _Server(health.pod_counts(found, key.kind)))
        server.began = found["metadata"].get("creationTimestamp") or ""
        server.lacks_pods = health.lacks_pods(found, key.kind)
        server.refusals, server.config = tuple(refusals), config
        server.ask(spec)
        if key.kind == "Deployment":
            server.add(health.deployment_causes(found))
        elif key.kind in BY_CONDITIONS and server.lacks_pods:
            server.add(health.refused_pods(found, key.kind))

    def add_pod(self, key: WorkloadKey, pod: Json) -> None:
        """Add a pod of a server; where its workload was not read, its pods are counted."""
        counts = health.pod_counts(pod, "Pod")
        created = pod["metadata"].get("creationTimestamp") or ""
        server = self._servers.get(key)
        if server is None:
            server = _Server(health.PodCounts(0, 0), of_pods=True, began=created)
            self._servers[key] = server
        if server.of_pods:
            wanted, ready, rolled = server.counts
            ready += counts.ready
            server.counts = health.PodCounts(wanted + counts.wanted, ready, rolled)
        if counts.wanted:
            server.last_pod = max(server.last_pod, created)
            server.add(health.pod_causes(pod))
            if key.kind == "Pod" or not counts.ready:
                server.ask(pod["spec"])

    async def read_rest(self, pages: ClusterPages) -> ExistingParts:
        """Read what Events say, and which of the parts exist that are asked for."""
        parts, servers = ExistingParts(), self._servers
        if any(each.lacks_pods and key.kind in BY_EVENTS for key, each in servers.items()):
            await parts.read_events(pages, "FailedCreate", self._add_refused_pod)
        if any(each.config for each in servers.values()):
            await parts.read_events(pages, REFUSED, self._add_refused_config)
        asked: set[tuple[str, str]] = set()
        sources: set[tuple[str, str]] = set()
        for key, each in servers.items():
            asked.update((key.namespace, name) for name in each.secrets)
            if each.config:
                asked.add((key.namespace, each.config.secret))
                sources.update([(key.namespace, each.config.secret)] * bool(each.config_refused))
        await parts.read_secrets(pages, asked, sources)
        await parts.read_classes(pages, asked=any(each.runtime_class for each in servers.values()))
        return parts

    def causes(
        self, parts: ExistingParts, now: datetime
    ) -> Iterator[tuple[WorkloadKey, tuple[health.Cause, ...]]]:
        """Each server with the causes that hold at this time of the API server."""
        before, long_before = (time_text(now - each) for each in (SHORT, LONG))
        for key, server in self._servers.items():
            config = [*_of_config(key, server, parts)]
            told: tuple[str, ...] = ()
            if {MISSING, REFUSED} & {each.reason for each in config}:
                told = names.config_secret_of(key.name), names.files_secret_of(key.name)
            all_of_it = [*config, *server.causes.values(), *_missing(key, server, parts)]
            quoted = {f'secret "{each}" not found' for each in told}
            kept = [each for each in all_of_it if each.message not in quoted]
            found = health.weighed(kept, server.counts)
            if not found and "" < server.last_pod <= long_before:
                found = tuple(_not_ready(server.counts))
            yield key, health.lasting(found, before)

    def _add_refused_pod(self, event: Json) -> None:
        """Add why a pod could not be created."""
        server = self._regarded(event)
        if server is not None and server.lacks_pods:
            first = event.get("deprecatedFirstTimestamp") or event.get("eventTime") or ""
            seen = f"Event {event['metadata']['name']}"
            server.add([health.refused_pods_cause(event.get("note") or "", seen, first)])

    def _add_refused_config(self, event: Json) -> None:
        """Add what the controller says about a config Secret; of several Events, the last one."""
        server, since = self._regarded(event), event.get("eventTime") or ""
        if server is None or server.config is None:
            return
        (cause,) = health.refusal_causes([objects.Refused(REFUSED, event.get("note") or "")])
        known = server.config_refused
        if known is None or known.since <= since:
            seen = f"Event {event['metadata']['name']}"
            server.config_refused = cause._replace(seen=seen, since=since)

    def _regarded(self, event: Json) -> _Server | None:
        about = event.get("regarding") or {}
        kind, namespace, name = (about.get(each) or "" for each in ("kind", "namespace", "name"))
        return self._servers.get(WorkloadKey(namespace, kind, name))


def asked_config(server: objects.Server, refusals: Iterable[objects.Refused]) -> AskedConfig | None:
    """What a Deployment asks for by config-from, where it would be refused without the Secret."""
    if all(each.reason != MISSING for each in refusals):
        return None
    secret = objects.configuration.source_name(server) or ""
    return AskedConfig(secret, tuple(objects.configuration.file_keys(server)))


def _of_config(key: WorkloadKey, server: _Server, parts: ExistingParts) -> Iterator[health.Cause]:
    """Why an object of it cannot be made.

    An Event about a Secret that was written since, and has the keys by now, counts no more.
    """
    missing = server.config and parts.secret(key.namespace, server.config.secret) is False
    refusals = [each for each in server.refusals if missing or each.reason != MISSING]
    for each in health.refusal_causes(refusals):
        yield each._replace(since=server.began)
    if server.config and server.config_refused and not missing:
        written = parts.written(key.namespace, server.config.secret)
        later = written and written.last[:SECONDS] > server.config_refused.since[:SECONDS]
        mended = written and later and written.keys >= {*server.config.file_keys}
        if not mended:
            yield server.config_refused


def _missing(key: WorkloadKey, server: _Server, parts: ExistingParts) -> Iterator[health.Cause]:
    """What its pods ask for and is not there, which is said to be so since it was created."""

    def exists(name: str) -> bool | None:
        return parts.secret(key.namespace, name)

    spec = {"runtimeClassName": server.runtime_class}
    yield from (
        each._replace(since=server.began)
        for each in (
            *health.missing_secrets(server.secrets.values(), exists),
            *health.missing_runtime_class(spec, parts.runtime_class),
        )
    )


def _not_ready(counts: health.PodCounts) -> Iterator[health.Cause]:
    """That no pod has become ready for long, where nothing says why."""
    if counts.wanted and not counts.ready:
        message = f"{counts.wanted} wanted, and none has become ready in ten minutes"
        yield health.Cause(health.NOT_RUNNING, "NoPodReady", message, "its pods' condition Ready")
