"""Takes the product out of a cluster in an order in which no pod is ever refused or left waiting.

First namespaces are managed no more: once nobody fills pods in, their Pod Security labels would
refuse what says nothing. Then the API server forgets the webhook, and the controller stops, which
would put back what is taken away; only then go gates, policies, and labels that it wrote meanwhile,
and last its own settings and certificates, by which the next installation would start.
Services and Secrets of servers stay, because their templates reference them. Each step finds by
itself what is left, so that it may be repeated.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from webhook import names
from webhook.controller.gates import gate
from webhook.controller.installation import AUTHORITY_SECRET, SERVING_SECRET, Places
from webhook.controller.settings.settings_store import CONFIG_MAP
from webhook.kube.api import Api
from webhook.kube.api_request import FIELD_MANAGER
from webhook.kube.errors import NotFound
from webhook.kube.paths import cluster_wide, namespaced
from webhook.objects.network_policies import BASELINE

Json = dict[str, Any]

CONTROLLER = "mcp-admission-control"
ITS_PODS = "app.kubernetes.io/name=mcp-admission,app.kubernetes.io/component=control"
POLICIES = ("mcp-admission-managed-label", "mcp-admission-locked-settings")
ADMISSION = "admissionregistration.k8s.io/v1"
SECONDS_TO_STOP = 90.0
# API servers call a webhook for a moment after its configuration is gone.
SETTLED = 2.0
PAUSE = 0.5


class StillRunningError(Exception):
    """The controller does not stop; one sentence that says what to do."""


@dataclass(frozen=True)
class Uninstall:
    """One removal; with `dry_run` nothing is written, and all the same is told."""

    api: Api
    places: Places
    dry_run: bool = False

    async def run(self) -> AsyncIterator[str]:
        """Do it; yields what was taken away, one line each. Raises ApiError, StillRunningError."""
        steps = [self._namespaces, self._registrations, self._controller, self._gates,
                 self._admission_policies, self._network_policies]  # fmt: skip
        if not self.dry_run:
            steps.append(self._namespaces)
        steps.append(self._own)
        for step in steps:
            async for line in step():
                yield line

    async def _registrations(self) -> AsyncIterator[str]:
        """The one that checks goes well before the one that fills in, or it would refuse."""
        for kind, path in sorted(self.places.configurations().items(), reverse=True):
            if await self._deleted(path):
                yield f"{kind} {self.places.configuration} deleted"
                if not self.dry_run:
                    await asyncio.sleep(SETTLED)

    async def _controller(self) -> AsyncIterator[str]:
        scale = namespaced("apps/v1", "deployments", self.places.namespace, CONTROLLER, "scale")
        pods = namespaced("v1", "pods", self.places.namespace)
        try:
            if not self.dry_run:
                await self.api.patch(scale, {"spec": {"replicas": 0}}, kind="merge")
        except NotFound:
            return
        yield f"Deployment {self.places.namespace}/{CONTROLLER} scaled to 0"
        ends = asyncio.get_running_loop().time() + SECONDS_TO_STOP
        while not self.dry_run and (await self.api.list(pods, label_selector=ITS_PODS)).items:
            if asyncio.get_running_loop().time() > ends:
                raise StillRunningError(
                    f"the pods of Deployment {self.places.namespace}/{CONTROLLER} do not end: "
                    "delete them, and run this again"
                )
            await asyncio.sleep(PAUSE)

    async def _gates(self) -> AsyncIterator[str]:
        pending = await self.api.list(
            cluster_wide("v1", "pods"), field_selector="status.phase=Pending"
        )
        for pod in pending.items:
            at = gate.place(pod)
            if at is not None and await self._open(pod["metadata"], at):
                yield f"Pod {_called(pod)} need not wait any more"

    async def _open(self, metadata: Json, at: int) -> bool:
        where = metadata["namespace"], metadata["name"], metadata["uid"]
        return self.dry_run or await gate.take(self.api, *where, at) is not None

    async def _admission_policies(self) -> AsyncIterator[str]:
        kinds = {
            "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
            "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
        }
        for policy, (kind, resource) in product(POLICIES, kinds.items()):
            if await self._deleted(cluster_wide(ADMISSION, resource, policy)):
                yield f"{kind} {policy} deleted"

    async def _network_policies(self) -> AsyncIterator[str]:
        version = "networking.k8s.io/v1"
        ours = f"{names.MANAGED_BY}={names.PRODUCT}"
        found = await self.api.list(cluster_wide(version, "networkpolicies"), label_selector=ours)
        for policy in filter(_is_made, found.items):
            metadata = policy["metadata"]
            path = namespaced(version, "networkpolicies", metadata["namespace"], metadata["name"])
            if await self._deleted(path, metadata["uid"]):
                yield f"NetworkPolicy {_called(policy)} deleted"

    async def _namespaces(self) -> AsyncIterator[str]:
        """Take the label that says managed, and with it the Pod Security labels that we applied."""
        for namespace in (await self.api.list(cluster_wide("v1", "namespaces"))).items:
            name, labels = namespace["metadata"]["name"], namespace["metadata"].get("labels") or {}
            ours = _applied(namespace)
            if ours is not None:
                yield f"Namespace {name} loses its Pod Security labels of ours"
            if names.MANAGED in labels:
                yield f"Namespace {name} is managed no more"
            if not self.dry_run and (ours is not None or names.MANAGED in labels):
                await self._unlabel(name, [names.MANAGED, *(ours or ())], applied=ours is not None)

    async def _own(self) -> AsyncIterator[str]:
        """What the controller wrote beside itself; a certificate of somebody else's stays."""
        held = [("ConfigMap", "configmaps", CONFIG_MAP), ("Secret", "secrets", SERVING_SECRET),
                ("Secret", "secrets", AUTHORITY_SECRET)]  # fmt: skip
        for kind, resource, name in held:
            path = namespaced("v1", resource, self.places.namespace, name)
            try:
                metadata = (await self.api.get(path))["metadata"]
            except NotFound:
                continue
            ours = (metadata.get("labels") or {}).get(names.MANAGED_BY) == names.PRODUCT
            if ours and await self._deleted(path, metadata["uid"]):
                yield f"{kind} {self.places.namespace}/{name} deleted"

    async def _unlabel(self, namespace: str, labels: list[str], *, applied: bool) -> None:
        path = cluster_wide("v1", "namespaces", namespace)
        without = {"metadata": {"labels": dict.fromkeys(labels)}}
        await self.api.patch(path, without, kind="merge")
        if applied:
            # What somebody else applies as well is theirs alone from now on.
            nothing = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
            await self.api.apply(path, nothing)

    async def _deleted(self, path: str, uid: str | None = None) -> bool:
        """Whether it was there."""
        try:
            if self.dry_run:
                await self.api.get(path)
            else:
                await self.api.delete(path, uid=uid)
        except NotFound:
            return False
        return True


def _called(found: Json) -> str:
    return f"{found['metadata']['namespace']}/{found['metadata']['name']}"


def _is_made(policy: Json) -> bool:
    """A label everybody can write; ours is the baseline, or belongs to a server's Deployment."""
    metadata = policy["metadata"]
    owners = {owner["kind"] for owner in metadata.get("ownerReferences") or []}
    return owners == {"Deployment"} or (not owners and metadata["name"] == BASELINE)


def _applied(found: Json) -> set[str] | None:
    """The labels that we alone have applied; None where we have applied nothing."""
    entries = found["metadata"].get("managedFields") or []
    of_us = [each for each in entries if _is_ours(each)]
    of_others = [each for each in entries if not _is_ours(each)]
    if not of_us:
        return None
    return _labels(of_us) - _labels(of_others)


def _is_ours(entry: Json) -> bool:
    manager = FIELD_MANAGER["fieldManager"]
    return entry.get("manager") == manager and entry.get("operation") == "Apply"


def _labels(entries: list[Json]) -> set[str]:
    fields = [entry.get("fieldsV1", {}).get("f:metadata", {}) for entry in entries]
    return {
        key.removeprefix("f:")
        for each in fields
        for key in each.get("f:labels", {})
        if key.startswith("f:")
    }
