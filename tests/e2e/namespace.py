"""One namespace, where one scenario happens: its tenant, its objects, its pods."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from tests.builders import GATE, KINDS
from tests.e2e.product import Product
from tools.cluster.clients import Body, Input, JsonObject, Output, Response
from tools.cluster.users import User

API = {
    **{f"{kind.lower()}s": version for kind, version in KINDS.items()},
    **dict.fromkeys(("bindings", "events", "limitranges", "pods", "resourcequotas"), "v1"),
    **dict.fromkeys(("secrets", "serviceaccounts", "services"), "v1"),
    **dict.fromkeys(("roles", "rolebindings"), "rbac.authorization.k8s.io/v1"),
    "horizontalpodautoscalers": "autoscaling/v2",
    "networkpolicies": "networking.k8s.io/v1",
}
HARDENED = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

Object = dict[str, Any]


def path_in(namespace: str, resource: str) -> str:
    """The path of `pods`, `pods/name` or `pods/name/status`, with a query if need be."""
    version = API[resource.partition("/")[0].partition("?")[0]]
    group = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{group}/namespaces/{namespace}/{resource}"


class Namespace:
    """A namespace of its own, with the product at work on it."""

    def __init__(self, product: Product, name: str) -> None:
        self.name = name
        self.cluster = product.cluster
        self.controller = product.controller

    @cached_property
    def tenant(self) -> User:
        """Somebody who has the ClusterRole `edit` here and nothing else."""
        tenant = self.cluster.user(f"tenant-of-{self.name}")
        role = ["--clusterrole=edit", f"--user={tenant.name}"]
        self.kubectl("create", "rolebinding", "tenant", *role)
        self.cluster.wait_for(
            "rights of the tenant",
            lambda: self.raw("GET", "pods", as_user=tenant).status == 200,
        )
        return tenant

    def kubectl(
        self,
        *arguments: str,
        sent: Input | None = None,
        as_user: User | None = None,
        check: bool = True,
    ) -> Output:
        """Run kubectl in this namespace."""
        named = ("--namespace", self.name, *arguments)
        return self.cluster.kubectl(*named, sent=sent, as_user=as_user, check=check)

    def apply(self, sent: Input, *options: str, check: bool = True) -> Output:
        """`kubectl apply` by the tenant, as everybody deploys."""
        arguments = ("apply", "-f", "-", *options)
        return self.kubectl(*arguments, sent=sent, as_user=self.tenant, check=check)

    def path(self, resource: str) -> str:
        """The path of `pods`, `pods/name` or `pods/name/status`, with a query if need be."""
        return path_in(self.name, resource)

    def raw(
        self,
        method: str,
        resource: str,
        body: Body | None = None,
        content_type: str = "application/json",
        *,
        as_user: User | None = None,
    ) -> Response:
        """One HTTP request about a resource here; any status is an answer."""
        return self.cluster.raw(method, self.path(resource), body, content_type, as_user=as_user)

    def get(self, resource: str) -> Any:
        """An object as it is stored, read by the administrator."""
        return self.cluster.get(self.path(resource))

    def create(self, manifest: JsonObject) -> Any:
        """POST as administrator, and return what was stored."""
        return self.cluster.create(self.path(f"{manifest['kind'].lower()}s"), manifest)

    def label(self, labels: Mapping[str, str | None]) -> None:
        """Change labels of the namespace itself."""
        path, body = f"/api/v1/namespaces/{self.name}", {"metadata": {"labels": labels}}
        answer = self.cluster.raw("PATCH", path, body, MERGE_PATCH)
        assert answer.status == 200, answer.body

    def objects_to(self, manifest: JsonObject) -> bool:
        """Whether the product objects to such an object here: asked under dry-run."""
        resource = f"{manifest['kind'].lower()}s?dryRun=All"
        answer = self.raw("POST", resource, manifest)
        return answer.status == 403 or bool(answer.warnings)

    def deployment(self, name: str = "github-tools") -> Object:
        """A stored Deployment."""
        found: Object = self.get(f"deployments/{name}")
        return found

    def template(self, name: str = "github-tools") -> Object:
        """The pod template of a stored Deployment that is a server: it is hardened."""
        found: Object = self.deployment(name)["spec"]["template"]
        assert_hardened(found)
        return found

    def replica_sets(self, name: str = "github-tools") -> list[str]:
        """The names of a Deployment's ReplicaSets, once its latest template has one.

        There is one for each template that the Deployment ever had: a rollout loop would show.
        """

        def seen() -> bool:
            found = self.deployment(name)
            observed = found.get("status", {}).get("observedGeneration")
            return bool(observed == found["metadata"]["generation"])

        self.cluster.wait_for(f"the controller's look at {name}", seen)
        return sorted(
            found["metadata"]["name"]
            for found in self.get("replicasets")["items"]
            if found["metadata"]["ownerReferences"][0]["name"] == name
        )

    def pods(self, app: str | None = None) -> list[Object]:
        """Every pod here, or of this workload, that is not being deleted."""
        query = "" if app is None else f"?labelSelector=app%3D{app}"
        found = self.get(f"pods{query}")["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def wait_for_pods(self, count: int = 1) -> list[Object]:
        """Wait until there are so many pods, whatever their state."""
        self.cluster.wait_for(f"{count} pods", lambda: len(self.pods()) == count)
        return self.pods()

    def wait_until_running(self, count: int = 1) -> list[Object]:
        """Act as the controller: remove the gate from every pod until so many, and all, run."""

        def running() -> bool:
            self.release_all()
            phases = [pod["status"].get("phase") for pod in self.pods()]
            return phases == ["Running"] * count

        self.cluster.wait_for(f"{count} running pods", running)
        return self.pods()

    def wait_until_rolled_out(self, name: str = "github-tools") -> list[Object]:
        """Act as the controller until all pods are of the Deployment's latest template."""

        def rolled_out() -> bool:
            self.release_all()
            found = self.deployment(name)
            status, count = found.get("status", {}), found["spec"]["replicas"]
            counted = [
                status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")
            ]
            seen = status.get("observedGeneration") == found["metadata"]["generation"]
            return seen and counted == [count] * 3 and len(self.pods(name)) == count

        self.cluster.wait_for(f"rollout of {name}", rolled_out)
        return self.pods(name)

    def release_all(self) -> None:
        """Remove the gate from every pod, as the controller."""
        for pod in self.pods():
            self.release(pod)

    def release(self, pod: Object, *, as_user: User | None = None) -> Response | None:
        """Remove the gate from a pod that has it, as the controller or as somebody else."""
        gates = pod["spec"].get("schedulingGates", [])
        left = [gate for gate in gates if gate["name"] != GATE]
        if left == gates:
            return None
        body = {"spec": {"schedulingGates": left}}
        path = f"pods/{pod['metadata']['name']}"
        return self.raw("PATCH", path, body, MERGE_PATCH, as_user=as_user or self.controller)


def assert_hardened(pod: Object) -> None:
    """What only the product does has been done to this pod or template."""
    contexts = [found.get("securityContext") for found in pod["spec"]["containers"]]
    assert contexts == [HARDENED] * len(contexts)
    assert pod["spec"]["automountServiceAccountToken"] is False
