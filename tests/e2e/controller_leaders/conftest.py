"""Controllers with a Lease and a namespace of their own, beside whatever else runs."""

import pytest

from tests.e2e.controller.control import grant
from tests.e2e.controller.objects import CONFIG, secret, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tests.e2e.system import NAMESPACE as RELEASE

LEASE = "two-leaders"


@pytest.fixture
def options(product: Product, namespace: Namespace) -> tuple[str, ...]:
    """Two processes with these are two replicas, for one namespace and beside all others."""
    cluster = product.cluster
    grant(cluster)
    here = ("-n", RELEASE)
    given = ("role", LEASE, *here, "--resource=leases", "--verb=get,update")
    rights = ("--role", LEASE, f"--serviceaccount={RELEASE}:mcp-admission")
    for command in (("create", *given), ("create", "rolebinding", LEASE, *here, *rights)):
        cluster.kubectl(*command, "--save-config", check=False)
    cluster.raw("DELETE", f"/apis/coordination.k8s.io/v1/namespaces/{RELEASE}/leases/{LEASE}")
    namespace.apply(secret("crm", CONFIG))
    namespace.apply(server())
    return ("--lease", LEASE, "--namespace", namespace.name)
