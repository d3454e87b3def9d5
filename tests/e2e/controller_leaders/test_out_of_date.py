"""Servers that the settings would change if they rolled now are counted."""

from tests.e2e.controller.control import Control, grant
from tests.e2e.controller.objects import (
    ASKED,
    CONFIG,
    NAME,
    deployed,
    events,
    made,
    revision,
    secret,
    server,
)
from tests.e2e.namespace import MERGE_PATCH, Namespace, Object
from tests.e2e.product import Changes, Product

SECRET = f"{NAME}-mcp-config"
BY_PODS: Changes = {"fillIn": "pods"}


def by_pods() -> Object:
    """The server as its author writes it where nobody else writes its template."""
    found = server()
    template = found["spec"]["template"]["metadata"]
    template["labels"]["mcp-admission.dev/server"] = "true"
    template["annotations"] = ASKED
    return found


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


def test_where_pods_alone_are_filled_in_they_are_judged_and_no_template_gets_a_revision(
    product: Product, namespace: Namespace
) -> None:
    cluster = product.cluster
    grant(cluster)
    options = ("--namespace", namespace.name)
    more = {"mcpServerDefaults": {"resources": {"requests": {"memory": "800Mi"}}}}
    with product.settings(BY_PODS):
        namespace.apply(secret("crm", CONFIG))
        namespace.apply(by_pods())
        with Control(product, *options, name="pods", settings=BY_PODS) as control:
            cluster.wait_for("current", lambda: control.metric("servers", state="current") == 1)
            namespace.wait_until_rolled_out()
            generation = namespace.deployment()["metadata"]["generation"]
            before = made(namespace, "secrets")[SECRET]["data"]
            source = {"stringData": {"ANOTHER": "value"}}
            namespace.raw("PATCH", "secrets/crm", source, MERGE_PATCH)

            def told() -> list[str]:
                return [each["reason"] for each in events(cluster, namespace.name)]

            cluster.wait_for("Event", lambda: told() == ["RestartNeeded"], 15)
            assert made(namespace, "secrets")[SECRET]["data"] != before
        with Control(product, *options, name="more", settings={**BY_PODS, **more}) as control:
            cluster.wait_for(
                "out of date", lambda: control.metric("servers", state="out-of-date") == 1, 30
            )
    assert revision(namespace) is None
    assert namespace.deployment()["metadata"]["generation"] == generation
