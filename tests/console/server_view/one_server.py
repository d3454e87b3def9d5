"""A cluster with one server and what belongs to it, as the API server has it."""

from typing import Any

from tests import builders
from tests.controller.servers.live import filled_in
from tests.fleet.listed_cluster import RELEASE, Cluster
from webhook import names
from webhook.admission import Scope
from webhook.controller.installation import Installation
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.kube.errors import NotFound
from webhook.objects.deployed_server import server_of
from webhook.objects.made import namespace_objects, server_objects
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

Json = dict[str, Any]
DEFAULTS = Settings()
PLACES = Installation("mcp-admission", RELEASE)
CREATED = "2026-02-01T12:00:00Z"
IDENTITY = {names.SERVER: "true", names.NAME: "crm"}


def judging(settings: Settings = DEFAULTS, **more: Any) -> JudgingSettings:
    return JudgingSettings(SettingsByNamespace(settings, more), "ConfigMap x/settings")


def deployment(under: Settings = DEFAULTS, **spec: Any) -> Json:
    container = builders.container(ports=[{"containerPort": 8000}])
    given = {"containers": [container], **spec}
    found = filled_in(builders.server("crm", replicas=1, **given), under)
    found["metadata"]["creationTimestamp"] = CREATED
    found["status"] = {"observedGeneration": 1, "replicas": 1, "readyReplicas": 1}
    found["status"] |= {"updatedReplicas": 1, "availableReplicas": 1}
    return found


def replica_set(of: Json, number: int, **annotations: str) -> Json:
    revision = {"deployment.kubernetes.io/revision": str(number), **annotations}
    return {
        "metadata": {
            "name": f"crm-{number}",
            "namespace": "team",
            "uid": f"uid-of-set-{number}",
            "creationTimestamp": f"2026-02-{number:02}T12:00:00Z",
            "annotations": revision,
            "ownerReferences": [{"controller": True, "uid": of["metadata"]["uid"]}],
        },
        "spec": {"template": of["spec"]["template"]},
        "status": {"replicas": 1},
    }


def pod(of: Json, name: str = "crm-7d4f-x1", *, ready: bool = True, **status: Any) -> Json:
    template = of["spec"]["template"]
    labels = {**template["metadata"]["labels"], "pod-template-hash": "7d4f"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **template["metadata"],
            "labels": labels,
            "name": name,
            "namespace": "team",
            "uid": f"uid-of-{name}",
            "creationTimestamp": CREATED,
            "ownerReferences": [
                {"controller": True, "kind": "ReplicaSet", "name": "crm-7d4f", "uid": "x"}
            ],
        },
        "spec": {**template["spec"], "nodeName": "node-1"},
        "status": {
            "phase": "Running" if ready else "Pending",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            **status,
        },
    }


def event(note: str, uid: str = "uid-of-crm", **fields: Any) -> Json:
    return {
        "metadata": {"name": "crm.1", "creationTimestamp": CREATED},
        "type": "Warning",
        "reason": "Refused",
        "note": note,
        "regarding": {"kind": "Deployment", "name": "crm", "uid": uid},
        **fields,
    }


def secret(*keys: str, name: str = "crm-mcp-config", owner: str = "uid-of-crm") -> Json:
    written: Json = {"f:data": {".": {}, **{f"f:{key}": {} for key in keys}}}
    return {
        "metadata": {
            "name": name,
            "namespace": "team",
            "ownerReferences": [{"uid": owner}],
            "managedFields": [{"manager": names.PRODUCT, "fieldsV1": written}],
        }
    }


def made_of(found: Json, under: Settings = DEFAULTS) -> list[Json]:
    """Service and policies of a Deployment and its namespace, as the controller makes them."""
    around = namespace_objects("team", under, RELEASE, Scope.OPTED_IN)
    return [*server_objects(server_of(found), under, None).objects, *around]


class ServerCluster(Cluster):
    """Has objects by path, too; what is not there is not found."""

    def __init__(self, *found: Json, **objects: Any) -> None:
        of_kind: dict[str, list[Json]] = {}
        for each in found:
            of_kind.setdefault(
                f"{each['kind'].lower()}s".replace("policys", "policies"), []
            ).append(each)
        super().__init__(**{**of_kind, **objects})
        self.calls: list[str] = []
        self.namespace: Json = {"metadata": {"name": "team"}}

    async def get(self, path: str) -> Json:
        self.calls.append(path)
        resource, name = path.split("/")[-2:]
        for error in self.failures.get(resource, []):
            raise error
        if "configurations" in path:
            return {}
        if resource == "namespaces":
            return self.namespace
        for each in self.objects.get(resource, []):  # type: ignore[union-attr]
            if each["metadata"]["name"] == name:
                return dict(each)
        raise NotFound(404, "NotFound", f"{path} not found")


def whole(*more: Json, under: Settings = DEFAULTS, **objects: Any) -> ServerCluster:
    """A server that is current, its pod and all that is made for it."""
    found = deployment(under)
    given = {"pods": [pod(found)], "replicasets": [replica_set(found, 1)], **objects}
    return ServerCluster(found, *made_of(found, under), *more, **given)
