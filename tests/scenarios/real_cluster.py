"""A cluster with a control plane, on which the product is installed."""

from collections.abc import Sequence
from typing import Any

from tests.e2e.conftest import MANAGED
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import refusing_rules, rules_in
from tests.in_memory.controllers import pod_of
from tests.scenarios.cluster import SERVER_NAME, Json, Result, Settings
from tools.cluster.clients import Response
from tools.cluster.users import User

JSON = "application/json"
BY_HAND = "by-hand"
POD = f"pods/{SERVER_NAME}"
RUNTIME_CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"


class RealBackend:
    """Makes namespaces. Settings stay in force until another scenario wants others: it is slow."""

    def __init__(self, product: Product) -> None:
        self._product = product

    def cluster(self, name: str, settings: Settings, *, managed: bool) -> "RealCluster":
        self._product.configure(settings)
        labels = MANAGED if managed else {}
        namespace = self._product.cluster.namespace(name, labels)
        return RealCluster(self._product, Namespace(self._product, namespace))


class RealCluster:
    """Implements `Cluster`."""

    def __init__(self, product: Product, namespace: Namespace, user: User | None = None) -> None:
        self._product = product
        self._here = namespace
        self._user = user
        self.namespace = namespace.name

    def acting_as(self, user: str) -> "RealCluster":
        if user == self._here.controller.name:
            return RealCluster(self._product, self._here, self._here.controller)
        return RealCluster(self._product, self._here, self._editor(user))

    def create(self, manifest: Json) -> Result:
        return self._asked("POST", f"{manifest['kind'].lower()}s", manifest)

    def create_unreviewed(self, manifest: Json) -> Json:
        with self._product.uninstalled():
            stored: Json = self._here.create(manifest)
        return stored

    def update(self, changed: Json, subresource: str = "") -> Result:
        metadata = {**changed["metadata"]}
        metadata.pop("resourceVersion", None)
        resource = f"{changed['kind'].lower()}s/{metadata['name']}/{subresource}".rstrip("/")
        return self._asked("PUT", resource, {**changed, "metadata": metadata})

    def patch(
        self,
        resource: str,
        body: Json | Sequence[Json],
        form: str = MERGE_PATCH,
        subresource: str = "",
    ) -> Result:
        path = f"{resource}/{subresource}".rstrip("/")
        return self._asked("PATCH", path, body, form)

    def bind(self, resource: str, **metadata: Any) -> Result:
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": SERVER_NAME, **metadata},
            "target": {"apiVersion": "v1", "kind": "Node", "name": "node-1"},
        }
        return self._asked("POST", resource, body)

    def scale(self, replicas: int) -> Result:
        body = {"spec": {"replicas": replicas}}
        return self._asked("PATCH", f"deployments/{SERVER_NAME}/scale", body, MERGE_PATCH)

    def get(self, resource: str) -> Json:
        stored: Json = self._here.get(resource)
        return stored

    def posted_pod(self, workload: Json) -> Result:
        return self.create(pod_of(workload))

    def made_pod(self, workload: Json) -> Result:
        if workload["kind"] == "CronJob":
            source = f"cronjob/{workload['metadata']['name']}"
            self._here.kubectl("create", "job", BY_HAND, f"--from={source}")
        made = self._here.cluster.wait_for("made or refused pod", self._made)
        assert made is not None
        return made

    def run(self, resources: Json) -> Json:
        (pod,) = self._here.wait_until_running()
        (status,) = pod["status"]["containerStatuses"]
        # kwok does not say what a container has, and without that nothing is resized.
        body = {"status": {"containerStatuses": [{**status, "resources": resources}]}}
        answer = self._here.raw("PATCH", f"{POD}/status", body, MERGE_PATCH)
        assert answer.status == 200, answer.body
        return self.get(POD)

    def runtime_class(self, name: str) -> None:
        made = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": name}
        body = {**made, "metadata": {"name": name}}
        answer = self._here.cluster.raw("POST", RUNTIME_CLASSES, body)
        assert answer.status in {201, 409}, answer.body

    def change_settings(self, settings: Settings) -> None:
        self._product.configure(settings)

    def carries_labels_of_bindings(self) -> bool:
        version = self._here.cluster.versions["kube-apiserver"]
        return int(version.split(".")[1]) >= 35

    def _editor(self, name: str) -> User:
        user = self._here.cluster.user(name)
        role = ("--clusterrole=edit", f"--user={name}")
        self._here.kubectl("create", "rolebinding", "editor", *role)
        self._here.cluster.wait_for(
            f"rights of {name}",
            # What nobody but an editor may: the scheduler reads pods anyhow.
            lambda: self._here.raw("GET", "secrets", as_user=user).status == 200,
        )
        return user

    def _asked(self, method: str, resource: str, body: Any, form: str = JSON) -> Result:
        return _result(self._here.raw(method, resource, body, form, as_user=self._user))

    def _made(self) -> Result | None:
        for pod in self._here.pods():
            return Result({"apiVersion": "v1", "kind": "Pod", **pod})
        for event in self._here.get("events")["items"]:
            if event["reason"] == "FailedCreate":
                said = event["message"]
                return Result(refused_by=frozenset(rules_in(said)), message=said)
        return None


def _result(answer: Response) -> Result:
    warnings = tuple(answer.warnings)
    if answer.status in {200, 201}:
        return Result(answer.json(), warnings=warnings)
    rules = frozenset(refusing_rules(answer))
    return Result(refused_by=rules, message=answer.json()["message"], warnings=warnings)
