"""A cluster in memory: the engine between the steps of an API server, and a store."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.e2e.namespace import MERGE_PATCH
from tests.e2e.product import merged
from tests.e2e.system import SETTINGS
from tests.in_memory.api_server import ApiServer, Client, Outcome
from tests.in_memory.controllers import job_of, pod_of
from tests.in_memory.defaults import copied, with_defaults
from tests.in_memory.patches import patched
from tests.in_memory.requests import NAMESPACE
from tests.scenarios.cluster import SERVER_NAME, Json, Result
from tests.scenarios.cluster import Settings as Changes
from webhook.admission.workload import Scope
from webhook.settings.model import Settings

ADMINISTRATOR = Client("kubernetes-admin", ("system:masters", "system:authenticated"))
POD = f"pods/{SERVER_NAME}"


@dataclass(frozen=True)
class MemoryBackend:
    """Makes clusters that share nothing, with API servers of this class."""

    server: type[ApiServer] = ApiServer

    def cluster(self, name: str, settings: Changes, *, managed: bool) -> "MemoryCluster":
        scope = Scope.MANAGED if managed else Scope.OPTED_IN
        return MemoryCluster(self.server(_settings(settings), scope, client=ADMINISTRATOR))


@dataclass
class MemoryCluster:
    """Implements `Cluster`."""

    server: ApiServer
    store: dict[str, Json] = field(default_factory=dict)

    namespace = NAMESPACE

    def acting_as(self, user: str) -> "MemoryCluster":
        return replace(self, server=replace(self.server, client=Client(user)))

    def create(self, manifest: Json) -> Result:
        return self._kept(_resource(manifest), self.server.create(manifest))

    def create_unreviewed(self, manifest: Json) -> Json:
        stored = with_defaults(manifest)
        self.store[_resource(manifest)] = stored
        return copied(stored)

    def update(self, changed: Json, subresource: str = "") -> Result:
        resource = _resource(changed)
        outcome = self.server.update(self.store[resource], changed, subresource)
        return self._kept(resource, outcome)

    def patch(
        self,
        resource: str,
        body: Json | Sequence[Json],
        form: str = MERGE_PATCH,
        subresource: str = "",
    ) -> Result:
        return self.update(patched(self.store[resource], body, form), subresource)

    def bind(self, resource: str, **metadata: Any) -> Result:
        result = _result(self.server.bind({"name": SERVER_NAME, **metadata}, resource))
        if result.allowed:
            pod = self.store[POD]
            pod["spec"]["nodeName"] = "node-1"
            for part in ("labels", "annotations"):
                pod["metadata"].setdefault(part, {}).update(metadata.get(part, {}))
        return result

    def scale(self, replicas: int) -> Result:
        deployment = self.store[f"deployments/{SERVER_NAME}"]
        result = _result(self.server.scale(deployment, replicas))
        if result.allowed:
            deployment["spec"]["replicas"] = replicas
        return result

    def get(self, resource: str) -> Json:
        return copied(self.store[resource])

    def posted_pod(self, workload: Json) -> Result:
        return self.create(pod_of(workload))

    def made_pod(self, workload: Json) -> Result:
        if workload["kind"] == "CronJob":
            run = f"{workload['metadata']['name']}-29310915"
            workload = self.create(job_of(workload, run)).stored
        return self.create(pod_of(workload))

    def run(self, resources: Json) -> Json:
        pod = self.store[POD]
        pod["spec"].pop("schedulingGates", None)
        pod["spec"]["nodeName"] = "node-1"
        return copied(pod)

    def runtime_class(self, name: str) -> None:
        pass

    def change_settings(self, settings: Changes) -> None:
        self.server = replace(self.server, settings=_settings(settings))

    def carries_labels_of_bindings(self) -> bool:
        return True

    def _kept(self, resource: str, outcome: Outcome) -> Result:
        result = _result(outcome)
        if result.allowed:
            self.store[resource] = copied(result.stored)
        return result


def _settings(changes: Changes) -> Settings:
    return Settings.model_validate(merged(SETTINGS, changes))


def _resource(document: Json) -> str:
    metadata = document["metadata"]
    return f"{document['kind'].lower()}s/{metadata.get('name') or metadata.get('generateName')}"


def _result(outcome: Outcome) -> Result:
    refused_by = frozenset(outcome.refused_by)
    assert outcome.allowed == (not refused_by), outcome.message
    stored = with_defaults(outcome.stored) if outcome.allowed else {}
    return Result(stored, refused_by, outcome.message, tuple(outcome.warnings))
