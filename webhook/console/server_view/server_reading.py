"""What is read of one server: by the audit, of which it is the only server, and what a page adds.

The audit asks for a whole namespace, page by page. Here it gets the object that was asked about,
its own pods and the policies around it, so that its findings are those of `audit` at the price of
one server. What it was given is kept for the page. No value of a Secret is read, only its metadata.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from webhook import admission, health, kube, names
from webhook.console.server_view.bounded_reads import Part, read_events, read_part
from webhook.controller.installation import Installation
from webhook.controller.settings.namespace_store import EXCEPTIONS
from webhook.fleet import cluster_pages, inspection, report, workloads
from webhook.fleet.judged_mode import JudgedMode
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.offline.unreviewed_kinds import VERSIONS

Json = dict[str, Any]
RESOURCES = {kind: resource for resource, (kind, _) in admission.KINDS.items()}
MOST_PODS = 50


class ServerReading(NamedTuple):
    """All that is known of one server; `found` is None of a kind that the product does not know.

    `status` is None where it is no MCP server. `unread` is what the audit may not read.
    """

    key: report.WorkloadKey
    found: Json | None
    status: report.ServerStatus | None
    namespace: Json
    registered: bool | None
    unread: tuple[report.Skipped, ...]
    pods: Part
    policies: Part
    exceptions: Part
    revisions: Part
    services: Part
    secrets: Part
    events: Part


class ServerPages(cluster_pages.ClusterPages):
    """The pages of an audit that has one server; what it read is kept."""

    def __init__(self, api: kube.Api, key: report.WorkloadKey, found: Json | None) -> None:
        super().__init__(api, key.namespace)
        self._key, self._found = key, found
        self._waiting: list[Json] = []
        self._ready: list[Json] = []
        self._pods = 0
        self._pods_unread: str | None = None
        self.namespace: Json = {}
        self.kept: dict[str, Part] = {}

    @property
    def pods(self) -> Part:
        """Its pods, those that wait first."""
        shown = (self._waiting + self._ready)[:MOST_PODS]
        return Part(tuple(shown), self._pods_unread or "", self._pods - len(shown))

    async def namespaces(self, take: Callable[[Json], object]) -> None:
        """Hand over its namespace, which is kept."""

        def keep(namespace: Json) -> None:
            self.namespace = namespace
            take(namespace)

        await super().namespaces(keep)

    async def read(
        self,
        path: str,
        take: Callable[[Json], object],
        labels: str = "",
        fields: str = "",
        *,
        metadata_only: bool = False,
    ) -> str:
        """Hand over what is of the server alone, or around it."""
        inside = {self.path(each): each for each in admission.KINDS}
        if path == self.path(admission.PODS):
            return await self._read_pods(path, take)
        if path in inside:
            if self._found is not None and inside[path] == RESOURCES.get(self._key.kind):
                take(self._found)
            return ""
        kept: list[Json] = []

        def keep(each: Json) -> None:
            kept.append(each)
            take(each)

        followed = path in (self.path(inspection.POLICIES), EXCEPTIONS.path)
        given = keep if followed else take
        why = await super().read(path, given, labels, fields, metadata_only=metadata_only)
        if followed:
            self.kept[path] = Part(tuple(kept), why)
        return why

    async def _read_pods(self, path: str, take: Callable[[Json], object]) -> str:
        """Its pods, once: the audit asks again for those without the label."""
        if self._pods_unread is not None:
            return ""
        if self._key.kind == "Pod" and self._found is not None:
            self._pods_unread = ""
            self._keep(self._found)
            take(self._found)
            return ""

        def own(pod: Json) -> None:
            if self._key in (workloads.deployment_of(pod), workloads.owner_of(pod)):
                self._keep(pod)
                take(pod)

        self._pods_unread = await super().read(path, own, _pod_selector(self._found))
        return self._pods_unread

    def _keep(self, pod: Json) -> None:
        self._pods += 1
        kept = self._ready if health.is_ready(pod) else self._waiting
        if len(kept) < MOST_PODS:
            kept.append(pod)


async def read_server(
    api: kube.Api, places: Installation, by: JudgingSettings, key: report.WorkloadKey
) -> ServerReading:
    """Read a server; raises NotFound where neither it nor a pod of it is there, and ApiError."""
    found = await _get(api, key)
    pages = ServerPages(api, key, found)
    audit = inspection.Audit(api, JudgedMode(by.settings, "", by.in_force), places, pages)
    identity = f"{names.NAME}={names.identity(key.name)}"
    chosen = _pod_selector(found)
    beside, made = cluster_pages.ClusterPages(api, key.namespace), key.kind == "Deployment"
    statuses, revisions, services, secrets = await asyncio.gather(
        audit.run(),
        read_part(beside, "replicasets.apps", chosen, _of(found), wanted=made),
        read_part(beside, "services", identity, wanted=made),
        read_part(beside, "secrets", identity, wanted=made, metadata_only=True),
    )
    if found is None and not pages.pods.items and not pages.pods.unread:
        message = f"there is no {key.kind} {key.namespace}/{key.name}, and no pod of one"
        raise kube.NotFound(404, "NotFound", message)
    policies = pages.kept.get(pages.path(inspection.POLICIES))
    if policies is None:
        policies = await read_part(beside, inspection.POLICIES, "")
    # A pod that belongs to another workload is told under it.
    own = [each for each in statuses if key.kind == "Pod" or _key_of(each) == key]
    return ServerReading(
        key,
        found,
        own[0] if own else None,
        pages.namespace,
        audit.registered,
        (*audit.skipped, *audit.unknown),
        pages.pods,
        policies,
        pages.kept.get(EXCEPTIONS.path, Part()),
        revisions,
        services,
        secrets,
        await read_events(beside, found, pages.pods.items, revisions.items),
    )


async def _get(api: kube.Api, key: report.WorkloadKey) -> Json | None:
    resource = RESOURCES.get(key.kind)
    if resource is None:
        return None
    plural = resource.partition(".")[0]
    path = kube.namespaced(VERSIONS[key.kind], plural, key.namespace, key.name)
    return await api.get(path)


def _key_of(status: report.ServerStatus) -> report.WorkloadKey:
    return report.WorkloadKey(status.namespace, status.kind, status.name)


def _of(found: Json | None) -> Callable[[Json], bool]:
    """Whether an object is controlled by the one that was found."""
    uid = None if found is None else found["metadata"].get("uid")

    def controlled(each: Json) -> bool:
        return (health.controller_of(each) or {}).get("uid") == uid

    return controlled


def _pod_selector(found: Json | None) -> str:
    """The labels of its pods, as a query has them; of what is not known, our label."""
    spec = {} if found is None else found.get("spec") or {}
    selector = spec.get("selector") or {}
    labels = selector.get("matchLabels", selector if "matchExpressions" not in selector else {})
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or names.SERVER
