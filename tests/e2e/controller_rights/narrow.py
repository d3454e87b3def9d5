"""ServiceAccounts that have of the chart's rights what its values leave them."""

import yaml

from tests.e2e.system import NAMESPACE as RELEASE
from tools.chart.helm import Helm, Json
from tools.cluster.control_plane import ControlPlane
from tools.cluster.users import User

ROLE = "mcp-admission-control"


def allowed(
    cluster: ControlPlane, user: User, namespace: str, verb: str, resource: str = "secrets"
) -> bool:
    """Whether this user may do so with a resource of the core group."""
    attributes = {"namespace": namespace, "verb": verb, "resource": resource}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    return bool(cluster.raw("POST", path, body, as_user=user).json()["status"]["allowed"])


def kept_to(cluster: ControlPlane, helm: Helm, name: str, values: Json) -> User:
    """A ServiceAccount with the rights that the chart gives by these values: Roles alone."""
    cluster.create(f"/api/v1/namespaces/{RELEASE}/serviceaccounts", {"metadata": {"name": name}})
    given = {"certificates": {"mode": "bring-your-own"}, **values}
    for found in helm.objects(given, namespace=RELEASE):
        if found["kind"] in {"Role", "RoleBinding"}:
            # Beside those of the other controllers of this cluster.
            cluster.kubectl("apply", "-f", "-", sent=yaml.dump(found).replace(ROLE, name))
    return cluster.service_account(RELEASE, name)
