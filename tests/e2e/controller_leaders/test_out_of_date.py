"""Servers that the settings would change if they rolled now are counted."""

from tests.e2e.controller.control import Control, grant
from tests.e2e.controller.objects import deployed
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product


def test_servers_that_are_older_than_the_settings_are_counted(
    product: Product, namespace: Namespace
) -> None:
    cluster = product.cluster
    grant(cluster)
    options = ("--namespace", namespace.name)

    def counted(control: Control) -> dict[str, float]:
        states = ("all", "current", "out-of-date", "refused", "incomplete")
        return {state: control.metric("servers", state=state) for state in states}

    nothing = dict.fromkeys(("out-of-date", "refused", "incomplete"), 0)
    with Control(product, *options, name="same") as control:
        cluster.wait_for("leader", control.leads)
        deployed(namespace)
        current = {**nothing, "all": 1, "current": 1}
        cluster.wait_for("count", lambda: counted(control) == current)

    changed = {"mcpServerDefaults": {"resources": {"requests": {"memory": "800Mi"}}}}
    with Control(product, *options, name="changed", settings=changed) as control:
        older = {**nothing, "all": 1, "current": 0, "out-of-date": 1}
        cluster.wait_for("count", lambda: counted(control) == older)
