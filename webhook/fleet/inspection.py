"""Reads a cluster, or one namespace, page by page, and collects the findings of its servers.

Nothing is written, and no value of a Secret is read. What may not be read is reported as skipped:
an audit that hides it would look like one without findings. `unknown` is what only administrators
may read, such as whether a Secret exists.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from webhook import health, names
from webhook.admission import DEPLOYMENTS, KINDS, PODS, REFUSED, Workload
from webhook.controller.installation import CONTROL_DEPLOYMENT, Installation, kept_to
from webhook.controller.owned import POLICY
from webhook.controller.settings.namespace_store import EXCEPTIONS
from webhook.fleet import report, workloads
from webhook.fleet.cluster_pages import ClusterPages
from webhook.fleet.exception_use import ExceptionStatus, ExceptionUse
from webhook.fleet.judged_mode import ENFORCE, WARN, JudgedMode
from webhook.fleet.server_causes import ServerCauses, asked_config
from webhook.fleet.server_facts import FactsByWorkload
from webhook.fleet.surroundings import Policies, Surroundings, not_registered
from webhook.kube import Api, Forbidden, NotFound, namespaced
from webhook.objects import server_objects, server_of
from webhook.settings import Level, Settings

Json = dict[str, Any]
POLICIES = "networkpolicies.networking.k8s.io"
REPLICA_SETS = "replicasets.apps"
NOT_OF_DEPLOYMENTS = f"!{health.POD_HASH}"
# PodTemplates run nothing, and the ClusterRole `view` does not hold them.
OTHERS = [each for each in KINDS if each not in (PODS, DEPLOYMENTS, "podtemplates")]


class Audit:
    """One audit of what these pages hold; `skipped` is what it could not read.

    `registered` is whether API servers call the webhook, None where that is not known.
    `exceptions_unread` is why the resources of exceptions may not be read, empty where they may.
    """

    def __init__(
        self, api: Api, mode: JudgedMode, places: Installation, pages: ClusterPages
    ) -> None:
        self._api, self._mode, self._places = api, mode, places
        # Whatever becomes of it, servers are judged as enforce judges them.
        self._settings = mode.enforced
        self._pages = pages
        self._around = Surroundings(self._settings, places.namespace)
        self.registered: bool | None = None
        self._findings = report.FindingsByWorkload()
        self._own: dict[report.WorkloadKey, list[Json]] = {}
        self._use = ExceptionUse(self._settings, self._label)
        self._causes, self._facts = ServerCauses(), FactsByWorkload()
        self.exceptions_unread = ""
        self.unknown: list[report.Skipped] = []
        self.skipped = self._pages.skipped

    async def run(self) -> list[report.ServerStatus]:
        """Every server with its findings; raises ApiError where the API server does not answer."""
        await self._read_kept_to()
        await self._pages.namespaces(self._around.add_namespace)
        policies = Policies()
        if self._policies_count() and await self._pages.each(POLICIES, policies.add):
            self._around.policies = policies
        await self._pages.each(DEPLOYMENTS, self._deployment)
        for resource in OTHERS:
            # Those of Deployments are judged with them, and there are many of each.
            labels = NOT_OF_DEPLOYMENTS if resource == REPLICA_SETS else ""
            await self._pages.each(resource, partial(self._other, resource), labels)
        await self._read_pods()
        await self._read_registrations()
        await self._read_causes()
        if not self._around.kept_to:
            self.exceptions_unread = await self._pages.read(EXCEPTIONS.path, self._use.add_document)
        return self._findings.statuses(self._facts)

    def modes(self) -> dict[str, str]:
        """The modes of the namespaces with servers that are below enforce."""
        found = {key.namespace: self._mode.now(key.namespace) for key in self._findings}
        return {name: mode for name, mode in found.items() if mode != ENFORCE}

    def exceptions(self, now: float) -> list[ExceptionStatus]:
        """The exceptions of what was audited, at this time; those not read are not among them."""
        return self._use.statuses(now, self._pages.only, all_seen=not self.skipped)

    def _label(self, namespace: str) -> Level | None:
        """The Pod Security level that the namespace has, or gets by the mode it is judged by."""
        return self._around.level(namespace, enforced=self._mode.of(namespace) == ENFORCE)

    def _policies_count(self) -> bool:
        """Whether policies are made in a namespace that is judged by enforce."""
        namespaces = {*self._around.namespaces(), self._pages.only or ""}
        return any(
            self._mode.of(each) == ENFORCE
            and self._settings.of(each).mcp_namespace.network_policy.enabled
            for each in namespaces
        )

    async def _read_pods(self) -> None:
        if not await self._pages.each(PODS, self._pod, names.SERVER):
            return
        others = f"!{names.SERVER}"
        for namespace in self._around.managed_namespaces():
            await self._pages.each(PODS, self._pod, others, namespace)
        for selector in filter(None, self._settings.cluster.selectors):
            chosen = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
            await self._pages.each(PODS, self._pod, f"{chosen},{others}")

    async def _read_kept_to(self) -> None:
        """See which namespaces count; all do where that may not be read."""
        path = namespaced("apps/v1", "deployments", self._places.namespace, CONTROL_DEPLOYMENT)
        with suppress(Forbidden, NotFound):
            self._around.kept_to = kept_to(await self._api.get(path))

    async def _read_registrations(self) -> None:
        missing = []
        for kind, path in self._places.configurations().items():
            try:
                await self._api.get(path)
            except NotFound:
                missing.append(kind)
            except Forbidden:
                return
        self.registered = not missing
        for key in self._findings:
            if not self._around.excluded(key.namespace):
                enforced = self._mode.of(key.namespace) == ENFORCE
                name = self._places.configuration
                findings = [not_registered(kind, name, enforced=enforced) for kind in missing]
                self._findings.add(key, findings)

    async def _read_causes(self) -> None:
        """Say why servers do not run, except where another mode than theirs is asked about."""
        parts = await self._causes.read_rest(self._pages)
        self.unknown = parts.unknown
        for key, causes in self._causes.causes(parts, self._api.server_time()):
            if self._mode.tells_what_is(key.namespace):
                told = self._findings.reasons(key)
                self._findings.add(key, workloads.cause_findings(causes, told))

    def _deployment(self, found: Json) -> None:
        key = _itself("Deployment", found["metadata"])
        if self._server(found, DEPLOYMENTS, key) is None:
            return
        scope, settings = self._around.scope(key.namespace), self._settings.of(key.namespace)
        findings = workloads.deployment_findings(found, settings, scope)
        labels = found["spec"]["template"].get("metadata", {}).get("labels") or {}
        made = server_objects(server_of(found), settings, None)
        policies = [each for each in made.objects if each["kind"] == POLICY.kind]
        refusals = made.refusals if self._mode.now(key.namespace) == ENFORCE else ()
        config = asked_config(server_of(found), refusals)
        spec = found["spec"]["template"]["spec"]
        self._causes.add_workload(key, found, spec, refusals, config)
        around = self._around.findings(key.namespace, labels, policies)
        self._add(key, findings, around, self._warned(found, DEPLOYMENTS))
        if policies:
            self._own[key] = policies

    def _other(self, resource: str, found: Json) -> None:
        key = _itself(KINDS[resource][0], found["metadata"])
        workload = self._server(found, resource, key)
        if workload is not None:
            scope, settings = self._around.scope(key.namespace), self._settings.of(key.namespace)
            findings = workloads.workload_findings(found, workload, resource, settings, scope)
            self._add(key, findings, warned=self._warned(found, resource))
            self._causes.add_workload(key, found, workloads.pod_spec(found, resource))

    def _pod(self, found: Json) -> None:
        metadata = found["metadata"]
        labels = metadata.get("labels") or {}
        key = self._workload_of(found)
        if workloads.is_mirror(metadata) or self._server(found, PODS, key) is None:
            return
        scope, settings = self._around.scope(key.namespace), self._settings.of(key.namespace)
        findings = workloads.pod_findings(found, settings, scope)
        findings = self._beyond_its_template(key, findings, settings)
        # Policies may select labels that the template does not have, such as its hash.
        around = self._around.findings(key.namespace, labels, self._own.get(key, ()))
        warned = () if key.kind == "Deployment" else self._warned(found, PODS)
        self._add(key, findings, around, warned)
        self._causes.add_pod(key, found)

    def _add(
        self,
        key: report.WorkloadKey,
        findings: Sequence[report.ServerFinding],
        around: Iterable[report.ServerFinding] = (),
        warned: Iterable[report.ServerFinding] = (),
    ) -> None:
        self._findings.add(key, *self._mode.judged(key.namespace, findings, around, warned))

    def _warned(self, found: Json, resource: str) -> Iterator[report.ServerFinding]:
        """What the author would read in the mode `warn`, if that is asked about."""
        if self._mode.asked == WARN:
            namespace = found["metadata"]["namespace"]
            settings, scope = self._mode.warned.of(namespace), self._around.scope(namespace)
            yield from workloads.warned_findings(found, resource, settings, scope)

    def _server(self, found: Json, resource: str, key: report.WorkloadKey) -> Workload | None:
        """The object where it is a server that can be reviewed."""
        if "deletionTimestamp" in found["metadata"]:
            return None
        workload = self._around.server(found, resource)
        if workload is None:
            return None
        excluded = self._around.excluded(key.namespace)
        granted: list[str] = []
        if not excluded and not health.has_ended(found):
            granted = self._use.look(found, resource, workload, self._around.scope(key.namespace))
        self._facts.add(key, found, workload, granted)
        findings = workloads.unreviewed_findings(workload) if excluded else []
        if findings:
            self._findings.add(key, findings)
        return None if excluded else workload

    def _workload_of(self, pod: Json) -> report.WorkloadKey:
        """The workload that people applied, as far as the pod shows it."""
        deployment = workloads.deployment_of(pod)
        if deployment is not None and deployment in self._findings:
            return deployment
        return workloads.owner_of(pod)

    def _beyond_its_template(
        self, key: report.WorkloadKey, findings: list[report.ServerFinding], settings: Settings
    ) -> list[report.ServerFinding]:
        """What a pod is told for, and the template of its workload is not.

        What would change is said of a Deployment's template alone, unless pods are filled in
        instead.
        """
        if key.kind != "Deployment":
            told = self._findings.refusals(key)
            return [each for each in findings if each.message not in told]
        refused = self._findings.refused(key)
        return [
            each
            for each in findings
            if (not refused if each.state == REFUSED else not settings.fills_templates)
        ]


def _itself(kind: str, metadata: Json) -> report.WorkloadKey:
    return report.WorkloadKey(metadata["namespace"], kind, metadata["name"])
