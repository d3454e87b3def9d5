"""Takes the product out of a cluster in an order in which no pod is ever refused or left waiting.

First namespaces are no longer managed: without a webhook that fills pods in, their Pod Security
labels would refuse pods that say nothing. Then the API server forgets the webhook. Then both
controllers stop, which would put back what is removed. Gates, policies and labels that it wrote in
between are removed after it. Its own settings and certificates are last, because the next
installation would start with them. Services and Secrets of servers are kept: their templates refer
to them. Each step finds what is left, so that a removal may be repeated.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from webhook import names
from webhook.controller import owned
from webhook.controller.gates.gate_reconciler import remove_gate
from webhook.controller.installation import (
    ADMISSION_POLICIES,
    AUTHORITY_SECRET,
    CONSOLE_SECRETS,
    SERVING_SECRET,
    SETTINGS_CONFIG_MAP,
    Installation,
    is_managed,
    is_own,
)
from webhook.controller.namespace_state import gate_index
from webhook.controller.stopping import CONTROLLERS, stop_controller
from webhook.kube import Api, Forbidden, NotFound, cluster_wide, namespaced
from webhook.objects import BASELINE
from webhook.policy_reports.live_reports import report_removals

Json = dict[str, Any]
Question = Callable[[], Awaitable[bool]]

ADMISSION = "admissionregistration.k8s.io/v1"
# API servers call a webhook for a moment after its configuration is deleted.
SETTLED = 2.0


class Removal(NamedTuple):
    """Something to be removed, and the lines that say so; `remove` returns whether it was there."""

    lines: tuple[str, ...]
    is_there: Question
    remove: Question


Step = Callable[[], AsyncIterator[Removal]]


@dataclass(frozen=True)
class Uninstall:
    """The removal of one installation. Both ways raise ApiError."""

    api: Api
    installation: Installation

    async def plan(self) -> AsyncIterator[str]:
        """What `run` would remove; nothing is written."""
        for step in (*self._first_steps(), self._own):
            async for each in step():
                if await each.is_there():
                    for line in each.lines:
                        yield line

    async def run(self) -> AsyncIterator[str]:
        """Remove it, and report each thing that was; raises StillRunningError, too."""
        for step in (*self._first_steps(), self._namespaces, self._own):
            async for each in step():
                if await each.remove():
                    for line in each.lines:
                        yield line

    def _first_steps(self) -> tuple[Step, ...]:
        return (
            self._namespaces,
            self._registrations,
            self._controllers,
            self._gates,
            self._admission_policies,
            self._network_policies,
            self._reports,
        )

    async def _namespaces(self) -> AsyncIterator[Removal]:
        """The label that says managed, and with it the Pod Security labels that we applied."""
        for namespace in (await self.api.list(cluster_wide("v1", "namespaces"))).items:
            name, labels = namespace["metadata"]["name"], namespace["metadata"].get("labels") or {}
            lines = []
            if owned.applied_by_us(namespace) or _labels_of_us(namespace):
                lines.append(f"Namespace {name} loses its Pod Security labels of ours")
            if names.MANAGED in labels:
                lines.append(f"Namespace {name} is managed no more")
            if lines:
                yield Removal(tuple(lines), _yes, partial(self._unlabel, namespace))

    async def _registrations(self) -> AsyncIterator[Removal]:
        """The one that checks is deleted before the one that fills in, or it would refuse."""
        name = self.installation.configuration
        for kind, path in sorted(self.installation.configurations().items(), reverse=True):
            yield self._deletion(f"{kind} {name} deleted", path, settles=SETTLED)

    async def _controllers(self) -> AsyncIterator[Removal]:
        where = self.installation.namespace
        for deployment in CONTROLLERS:
            line = f"Deployment {where}/{deployment} scaled to 0"
            stop = partial(stop_controller, self.api, where, deployment)
            yield Removal((line,), _yes, stop)

    async def _gates(self) -> AsyncIterator[Removal]:
        pending = await self.api.list(
            cluster_wide("v1", "pods"), field_selector="status.phase=Pending"
        )
        for pod in pending.items:
            at = gate_index(pod)
            if at is not None:
                line = f"Pod {_called(pod)} need not wait any more"
                yield Removal((line,), _yes, partial(self._open, pod["metadata"], at))

    async def _admission_policies(self) -> AsyncIterator[Removal]:
        kinds = {
            "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
            "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
        }
        for policy, (kind, resource) in product(ADMISSION_POLICIES, kinds.items()):
            path = cluster_wide(ADMISSION, resource, policy)
            yield self._deletion(f"{kind} {policy} deleted", path)

    async def _network_policies(self) -> AsyncIterator[Removal]:
        version = "networking.k8s.io/v1"
        # All of them: a label may have been edited away.
        found = await self.api.list(cluster_wide(version, "networkpolicies"))
        for policy in filter(owned.is_made_policy, found.items):
            metadata = policy["metadata"]
            path = namespaced(version, "networkpolicies", metadata["namespace"], metadata["name"])
            line = f"NetworkPolicy {_called(policy)} deleted"
            held = metadata["name"] == BASELINE and "finalizers" in metadata
            yield self._deletion(line, path, metadata["uid"], held=held)

    async def _reports(self) -> AsyncIterator[Removal]:
        """The reports on servers, in every API that has some."""
        async for line, remove in report_removals(self.api):
            yield Removal((line,), _yes, remove)

    async def _own(self) -> AsyncIterator[Removal]:
        """What the controllers wrote beside themselves; a certificate of another issuer is kept.

        The chart's hook may read the Secrets of the console where they are issued alone.
        """
        for kind, resource, name in (
            ("ConfigMap", "configmaps", SETTINGS_CONFIG_MAP),
            ("Secret", "secrets", SERVING_SECRET),
            ("Secret", "secrets", AUTHORITY_SECRET),
            *(("Secret", "secrets", name) for name in CONSOLE_SECRETS),
        ):
            path = namespaced("v1", resource, self.installation.namespace, name)
            try:
                metadata = (await self.api.get(path))["metadata"]
            except NotFound:
                continue
            except Forbidden:
                if name in CONSOLE_SECRETS:
                    continue
                raise
            if is_own(metadata):
                line = f"{kind} {self.installation.namespace}/{name} deleted"
                yield self._deletion(line, path, metadata["uid"])

    def _deletion(
        self,
        line: str,
        path: str,
        uid: str | None = None,
        settles: float = 0.0,
        *,
        held: bool = False,
    ) -> Removal:
        """The deletion of an object, after which nothing else happens until it has settled.

        `held`: somebody has put a finalizer on it, which would keep it for ever.
        """

        async def is_there() -> bool:
            try:
                await self.api.get(path)
            except NotFound:
                return False
            return True

        async def remove() -> bool:
            try:
                if held:
                    free = {"metadata": {"uid": uid, "finalizers": None}}
                    await self.api.patch(path, free, kind="merge")
                await self.api.delete(path, uid=uid)
            except NotFound:
                return False
            await asyncio.sleep(settles)
            return True

        return Removal((line,), is_there, remove)

    async def _open(self, metadata: Json, at: int) -> bool:
        where = metadata["namespace"], metadata["name"], metadata["uid"]
        return await remove_gate(self.api, *where, at) is not None

    async def _unlabel(self, namespace: Json) -> bool:
        name, applied = namespace["metadata"]["name"], owned.applied_by_us(namespace)
        path = cluster_wide("v1", "namespaces", name)
        ours = dict.fromkeys([names.MANAGED, *_labels_of_us(namespace)])
        theirs = owned.giving_back(owned.security_labels(namespace)) or {}
        given = {**theirs, "labels": {**ours, **theirs.get("labels", {})}}
        await self.api.patch(path, {"metadata": given}, kind="merge")
        if applied:
            # What others apply as well is theirs alone from now on.
            nothing = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            await self.api.apply(path, nothing)
        return True


async def _yes() -> bool:
    return True


def _labels_of_us(namespace: Json) -> set[str]:
    managed = is_managed(namespace["metadata"].get("labels") or {}) or owned.applied_by_us(
        namespace
    )
    return owned.pod_security_labels_of_us(namespace, managed=managed)


def _called(found: Json) -> str:
    return f"{found['metadata']['namespace']}/{found['metadata']['name']}"
