"""The API server is really stopped, for longer than a Lease lasts, and started again."""

import time

from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import SERVICE, service_of
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tools.bench.fleet import cost

# Some twenty watches, each of which tries again later each time.
REQUESTS_A_SECOND = 30
# At least one of each kind that is made, of servers and of pods.
WATCHES = 5


def test_a_controller_waits_for_the_api_server_without_haste_and_goes_on(
    product: Product, namespace: Namespace, options: tuple[str, ...]
) -> None:
    cluster = product.cluster
    with Control(product, *options, name="patient") as control:
        cluster.wait_for("leader", control.leads)
        before = service_of(namespace)
        process = control.process.pid
        asked, since = sum(cost(control).requests.values()), time.monotonic()
        with cluster.without_api_server():
            control.process.wait_until(lambda: control.metric("leader") == 0, 60)
            rate = (sum(cost(control).requests.values()) - asked) / (time.monotonic() - since)
        cluster.wait_for("leader again", lambda: control.metric("leader") == 1, 60)
        namespace.raw("DELETE", f"services/{SERVICE}")
        assert service_of(namespace) != before

        assert control.process.pid == process
        assert 0 < rate < REQUESTS_A_SECOND
        assert control.metric("watch_restarts_total") >= WATCHES
