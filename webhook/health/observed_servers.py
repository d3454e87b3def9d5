"""What is kept of many servers that are followed, so that their causes are known at any time.

Of a Deployment that is little: how many pods it wants and has, what its status says, and which
Secrets it asks for. Of a pod nothing is kept unless its status shows why it does not run. Each
change costs what the changed object is large, whatever else is there.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

from webhook.health import missing_parts, pod_counts
from webhook.health.deployment_causes import deployment_causes
from webhook.health.pod_causes import pod_causes
from webhook.health.server_state import Cause, in_one_line, weighed

Json = dict[str, Any]
Place = tuple[str, str]
# Each pod of a server may say something else, and each container of a pod.
MOST_CAUSES, MOST_OF_POD = 20, 5
# More Secrets of one server are not looked at.
MOST_ASKED = 100
NOTHING: tuple[Cause, ...] = ()


class _Observed(NamedTuple):
    """What is kept of a server."""

    counts: pod_counts.PodCounts
    causes: tuple[Cause, ...]
    asked: tuple[missing_parts.AskedSecret, ...]


class ObservedServers:
    """Servers by namespace and name; `changed` is called with those whose causes may be others."""

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._changed = changed
        self._servers: dict[Place, _Observed] = {}
        self._pods: dict[Place, dict[str, tuple[Cause, ...]]] = {}
        self._owners: dict[Place, str] = {}
        self._asking: dict[Place, set[str]] = {}
        # Since when a Secret is missing, by the server and what is said of it.
        self._missing: dict[Place, dict[str, str]] = {}

    def put(self, found: Json) -> None:
        """Keep what matters of a Deployment that is a server."""
        namespace, name = found["metadata"]["namespace"], found["metadata"]["name"]
        asked = missing_parts.secrets_asked_for(found["spec"]["template"]["spec"])
        kept = {each.name: in_one_line(each.place) for each in islice(asked, MOST_ASKED)}
        now = _Observed(
            pod_counts.pod_counts(found, "Deployment"),
            deployment_causes(found),
            tuple(missing_parts.AskedSecret(*each) for each in kept.items()),
        )
        was = self._servers.get((namespace, name))
        if was != now:
            self._ask(namespace, name, was, now)
            self._servers[namespace, name] = now
            self._changed(namespace, name)

    def forget(self, namespace: str, name: str) -> None:
        """It is no server any more."""
        was = self._servers.pop((namespace, name), None)
        self._missing.pop((namespace, name), None)
        if was is not None:
            self._ask(namespace, name, was, None)
            self._changed(namespace, name)

    def put_pod(self, found: Json) -> None:
        """Keep why a pod of a Deployment does not run, if it says so."""
        namespace, name = found["metadata"]["namespace"], found["metadata"]["name"]
        owner = pod_counts.deployment_name(found)
        causes = pod_causes(found)[:MOST_OF_POD] if owner else NOTHING
        if not (owner and causes):
            self.forget_pod(namespace, name)
        elif self._pods.get((namespace, owner), {}).get(name) != causes:
            self._owners[namespace, name] = owner
            self._pods.setdefault((namespace, owner), {})[name] = causes
            self._changed(namespace, owner)

    def forget_pod(self, namespace: str, name: str) -> None:
        """A pod is gone, or nothing keeps it from running."""
        owner = self._owners.pop((namespace, name), None)
        if owner is not None:
            pods = self._pods[namespace, owner]
            del pods[name]
            if not pods:
                del self._pods[namespace, owner]
            self._changed(namespace, owner)

    def secret_changed(self, namespace: str, secret: str) -> None:
        """A Secret of this name has come or gone."""
        for name in self._asking.get((namespace, secret), ()):
            self._changed(namespace, name)

    def causes(
        self, namespace: str, name: str, exists: missing_parts.Exists, now: str
    ) -> tuple[Cause, ...]:
        """The causes that hold now, those of pods while they matter.

        `exists` knows the Secrets of the namespace. One is missing since it was first asked here.
        """
        place = namespace, name
        server = self._servers.get(place)
        if server is None:
            return NOTHING
        had = self._missing.pop(place, {})
        missing = [
            each._replace(since=had.get(each.message, now))
            for each in missing_parts.missing_secrets(server.asked, exists)
        ]
        if missing:
            self._missing[place] = {each.message: each.since for each in missing}
        pods = (each for causes in self._pods.get(place, {}).values() for each in causes)
        found = [*server.causes, *missing, *islice(pods, MOST_CAUSES)]
        return weighed(found, server.counts) if found else NOTHING

    def _ask(self, namespace: str, name: str, was: _Observed | None, now: _Observed | None) -> None:
        """Keep who asks for which Secret."""
        before, after = (
            {each.name for each in kept.asked} if kept else set() for kept in (was, now)
        )
        for secret in before - after:
            left = self._asking[namespace, secret]
            left.discard(name)
            if not left:
                del self._asking[namespace, secret]
        for secret in after - before:
            self._asking.setdefault((namespace, secret), set()).add(name)
