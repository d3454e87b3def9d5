"""Reads a cluster, or one namespace, page by page, and tells what is wrong with its servers.

Nothing is written, and no Secret is read. What may not be looked at is told: an audit that is
silent about it would be taken for one that has found nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from webhook import names
from webhook.admission.drift import REFUSED
from webhook.admission.workload import DEPLOYMENTS, KINDS, PODS, Workload
from webhook.controller.installation import Installation
from webhook.controller.owned.owned_objects import POLICY
from webhook.fleet import workloads
from webhook.fleet.isolation import Policies
from webhook.fleet.registrations import missing
from webhook.fleet.report import Server, Told, Unseen
from webhook.fleet.surroundings import Surroundings
from webhook.kube.api import Api
from webhook.kube.api_request import cluster_wide, namespaced
from webhook.kube.errors import Forbidden, Gone, NotFound, TooManyRequests
from webhook.objects import deployed_server as servers
from webhook.objects import made
from webhook.settings.model import Settings

Json = dict[str, Any]
Place = tuple[str, str, str]
PAGE = 200
TRIES = 3
POLICIES = "networkpolicies.networking.k8s.io"
REPLICA_SETS = "replicasets.apps"
HASH = "pod-template-hash"
NOT_OF_DEPLOYMENTS = f"!{HASH}"
MIRROR = "kubernetes.io/config.mirror"
# PodTemplates run nothing, and the ClusterRole `view` does not hold them.
OTHERS = [each for each in KINDS if each not in (PODS, DEPLOYMENTS, "podtemplates")]


class Audit:
    """One look at all namespaces, or at one; `unseen` is what it could not look at.

    `registered` is whether API servers ask the webhook, None where that is not known.
    """

    def __init__(
        self, api: Api, settings: Settings, places: Installation, namespace: str | None
    ) -> None:
        self._api, self._settings, self._places, self._only = api, settings, places, namespace
        self._around = Surroundings(settings, places.namespace)
        self.registered: bool | None = None
        self._found: dict[Place, dict[tuple[str, ...], Told]] = {}
        self._own: dict[Place, list[Json]] = {}
        self.unseen: list[Unseen] = []

    async def run(self) -> list[Server]:
        """Every server, with what is told of it; raises ApiError where nobody answers."""
        await self._read_namespaces()
        policies, made_at_all = Policies(), self._settings.mcp_namespace.network_policy.enabled
        if made_at_all and await self._each(POLICIES, policies.take):
            self._around.policies = policies
        await self._each(DEPLOYMENTS, self._deployment)
        for resource in OTHERS:
            # Those of Deployments are told with them, and there are many of each.
            labels = NOT_OF_DEPLOYMENTS if resource == REPLICA_SETS else ""
            await self._each(resource, partial(self._other, resource), labels)
        await self._read_pods()
        await self._read_registrations()
        return [
            Server(kind, namespace, name, tuple(told.values()))
            for (namespace, kind, name), told in sorted(self._found.items())
        ]

    async def _read_namespaces(self) -> None:
        if self._only is None:
            await self._each("namespaces", self._around.take)
            return
        try:
            self._around.take(await self._api.get(cluster_wide("v1", "namespaces", self._only)))
        except Forbidden as error:
            why = f"{error.message}: the namespace was taken for one that is not managed"
            self.unseen.append(Unseen("namespaces", why))
        except NotFound as error:
            why = f"there is no namespace {self._only}: see kubectl get namespaces"
            raise NotFound(error.status, error.reason, why) from error

    async def _read_pods(self) -> None:
        if not await self._each(PODS, self._pod, names.SERVER):
            return
        others = f"!{names.SERVER}"
        for namespace in self._around.managed_ones():
            await self._each(PODS, self._pod, others, namespace)
        for selector in filter(None, self._settings.selectors):
            chosen = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
            await self._each(PODS, self._pod, f"{chosen},{others}")

    async def _read_registrations(self) -> None:
        told = await missing(self._api, self._places)
        self.registered = None if told is None else not told
        for place in self._found:
            if not self._around.excluded(place[0]):
                self._put(place, told or ())

    async def _each(
        self,
        resource: str,
        take: Callable[[Json], object],
        labels: str = "",
        namespace: str | None = None,
    ) -> bool:
        """Hand over each object, some twice where a list takes long; false where it may not be."""
        plural, _, group = resource.partition(".")
        version, inside = f"{group}/v1" if group else "v1", namespace or self._only
        path = namespaced(version, plural, inside) if inside else cluster_wide(version, plural)
        tries = 0
        while True:
            try:
                await self._api.list_each(path, take, label_selector=labels, page=PAGE)
            except (Forbidden, NotFound) as error:
                self.unseen.append(Unseen(plural, error.message))
                return False
            except (Gone, TooManyRequests) as error:
                tries += 1
                if tries == TRIES:
                    raise
                await asyncio.sleep(getattr(error, "retry_after", 0.0))
            else:
                return True

    def _deployment(self, found: Json) -> None:
        metadata = found["metadata"]
        if self._server(found, DEPLOYMENTS, _itself("Deployment", metadata)) is None:
            return
        namespace = metadata["namespace"]
        managed = self._around.managed(namespace)
        told = workloads.of_deployment(found, self._settings, managed=managed)
        labels = found["spec"]["template"].get("metadata", {}).get("labels") or {}
        own = made.of_server(servers.read(found), self._settings, None).objects
        policies = [each for each in own if each["kind"] == POLICY.kind]
        around = self._around.told(namespace, labels, policies)
        place = _itself("Deployment", metadata)
        self._put(place, [*told, *around])
        if policies:
            self._own[place] = policies

    def _other(self, resource: str, found: Json) -> None:
        place = _itself(KINDS[resource][0], found["metadata"])
        workload = self._server(found, resource, place)
        if workload is not None:
            managed = self._around.managed(place[0])
            given = found, workload, resource, self._settings
            self._put(place, workloads.of_other(*given, managed=managed))

    def _pod(self, found: Json) -> None:
        metadata = found["metadata"]
        labels = metadata.get("labels") or {}
        place = self._known_by(metadata, labels)
        if _is_mirror(metadata) or self._server(found, PODS, place) is None:
            return
        managed = self._around.managed(place[0])
        told = workloads.of_pod(found, self._settings, managed=managed)
        if place[1] == "Deployment":
            told = self._beyond_its_template(place, told)
        # Policies may select what the template does not say, such as its hash.
        around = self._around.told(place[0], labels, self._own.get(place, ()))
        self._put(place, [*told, *around])

    def _server(self, found: Json, resource: str, place: Place) -> Workload | None:
        """The object where it is a server that can be reviewed."""
        namespace = place[0]
        if "deletionTimestamp" in found["metadata"]:
            return None
        managed = self._around.managed(namespace)
        workload = workloads.seen(found, resource, self._settings, managed=managed)
        if workload is not None and self._around.excluded(namespace):
            told = workloads.not_reviewed(workload)
            if told:
                self._put(place, told)
            return None
        return workload

    def _known_by(self, metadata: Json, labels: Mapping[str, str]) -> Place:
        """The workload that people applied, as far as the pod can tell; everybody can write it."""
        namespace, kind, name = place = _owner(metadata)
        own, _, ending = name.rpartition("-")
        deployment = (namespace, "Deployment", own)
        of_deployment = kind == "ReplicaSet" and ending == labels.get(HASH)
        return deployment if of_deployment and deployment in self._found else place

    def _beyond_its_template(self, place: Place, told: Iterable[Told]) -> list[Told]:
        """What a pod of a Deployment would be refused for, and its template would not."""
        known = self._found[place].values()
        if any(each.state == REFUSED for each in known):
            return []
        return [each for each in told if each.state == REFUSED]

    def _put(self, place: Place, told: Iterable[Told]) -> None:
        """What is told of each pod of a workload is told once."""
        known = self._found.setdefault(place, {})
        for each in told:
            known.setdefault((each.reason, each.message, each.path), each)


def _itself(kind: str, metadata: Json) -> Place:
    return metadata["namespace"], kind, metadata["name"]


def _is_mirror(metadata: Json) -> bool:
    """Whether this is a kubelet's picture of a static pod; nobody can add the annotation later."""
    of_node = any(each["kind"] == "Node" for each in metadata.get("ownerReferences") or [])
    return of_node and MIRROR in (metadata.get("annotations") or {})


def _owner(metadata: Json) -> Place:
    """The workload that a pod is known by: its controller, or itself."""
    owners = metadata.get("ownerReferences") or []
    owner = next((each for each in owners if each.get("controller")), None)
    kind, name = ("Pod", metadata["name"]) if owner is None else (owner["kind"], owner["name"])
    return metadata["namespace"], kind, name
