"""Searches a cluster, or one namespace, for workloads that look like MCP servers without a label.

What is a server already, by its label, its namespace or a selector, is none of them. Neither is one
that opted out. A workload is found once, as the object that people or operators write.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from webhook import health, names
from webhook.admission import KINDS, covered, stored
from webhook.fleet.cluster_pages import ClusterPages
from webhook.fleet.inspection import NOT_OF_DEPLOYMENTS, REPLICA_SETS
from webhook.fleet.report import Skipped, WorkloadKey
from webhook.fleet.surroundings import Surroundings
from webhook.fleet.unlabelled.labelling import Labelling, labelling
from webhook.fleet.unlabelled.recognisers import (
    Confidence,
    Sign,
    confidence,
    operators,
    signs_in,
)
from webhook.fleet.unlabelled.traits import foreign_owners, traits
from webhook.kube import Api
from webhook.pods import Malformed
from webhook.settings import SettingsByNamespace

Json = dict[str, Any]
# PodTemplates run nothing, and the ClusterRole `view` does not hold them.
SEARCHED = [each for each in KINDS if each != "podtemplates"]
WRITTEN_BY_KUBERNETES = frozenset({"Node", *(kind for kind, _ in KINDS.values())})
"""Kinds of owners that make their objects from what is found itself."""


class Lookalike(NamedTuple):
    """A workload that looks like an MCP server: how sure it is, why, and what labels it."""

    key: WorkloadKey
    confidence: Confidence
    reasons: Sequence[Sign]
    labelling: Labelling


class UnlabelledReport(NamedTuple):
    """What was found, the surest first, how much was looked at, and what could not be."""

    found: Sequence[Lookalike]
    looked_at: int
    skipped: Sequence[Skipped]


class LookalikeSearch:
    """One search of all namespaces, or of one."""

    def __init__(
        self, api: Api, settings: SettingsByNamespace, release_namespace: str, namespace: str | None
    ) -> None:
        self._pages = ClusterPages(api, namespace)
        self._settings = settings
        self._around = Surroundings(settings, release_namespace)
        self._found: dict[WorkloadKey, Lookalike] = {}
        self._looked_at: set[WorkloadKey] = set()

    async def run(self) -> UnlabelledReport:
        """Everything that looks like a server; raises ApiError without an API server."""
        await self._pages.namespaces(self._around.add_namespace)
        for resource in SEARCHED:
            labels = NOT_OF_DEPLOYMENTS if resource == REPLICA_SETS else ""
            await self._pages.each(resource, partial(self._look, resource), labels)
        found = sorted(self._found.values(), key=lambda each: (-each.confidence, each.key))
        return UnlabelledReport(found, len(self._looked_at), self._pages.skipped)

    def _look(self, resource: str, found: Json) -> None:
        metadata = found["metadata"]
        kind, path = KINDS[resource]
        key = WorkloadKey(metadata["namespace"], kind, metadata["name"])
        if self._around.excluded(key.namespace) or _passed_over(found):
            return
        template = pod_template(found, path)
        if _labelled(metadata, template) or self._is_server(found, resource):
            return
        self._looked_at.add(key)
        similar = lookalike(key, found, template)
        if similar is not None:
            self._found[key] = similar

    def _is_server(self, found: Json, resource: str) -> bool:
        """Whether its namespace or a selector makes it one; what cannot be reviewed is none."""
        scope = self._around.scope(found["metadata"]["namespace"])
        try:
            return covered(stored(found, resource, scope), self._settings.cluster, scope)
        except Malformed:
            return False


def lookalike(key: WorkloadKey, found: Json, template: Json) -> Lookalike | None:
    """The object as one that looks like a server; None where nothing says so."""
    reasons = signs_in(traits(found, template))
    sure = confidence(reasons)
    if sure is None:
        return None
    operator = next(operators(reasons), None)
    label = labelling(key, foreign_owners(found["metadata"]), operator)
    return Lookalike(key, sure, reasons, label)


def pod_template(found: Json, path: Sequence[str]) -> Json:
    """What pods are made from; a pod is its own."""
    template = found
    for step in path:
        template = template.get(step) or {}
    return template


def _labelled(metadata: Json, template: Json) -> bool:
    own, of_pods = (
        (each or {}).get("labels") or {} for each in (metadata, template.get("metadata"))
    )
    return names.SERVER in own or names.SERVER in of_pods


def _passed_over(found: Json) -> bool:
    """Whether it is going, has ended, or is made from an object that is looked at itself."""
    made = (health.controller_of(found) or {}).get("kind") in WRITTEN_BY_KUBERNETES
    ended = health.has_ended(found) or "completionTime" in (found.get("status") or {})
    return made or ended or "deletionTimestamp" in found["metadata"]
