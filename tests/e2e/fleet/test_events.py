"""The owner of a server is told once that it is out of date, was never filled in, or is doomed."""

from tests import builders
from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import events
from tests.e2e.fleet.commands import MORE_MEMORY, Fleet
from tests.e2e.namespace import MERGE_PATCH
from tests.e2e.product import Product

PRIVILEGED = [builders.container(securityContext={"privileged": True})]


def test_an_event_says_how_a_server_stands_once(product: Product, fleet: Fleet) -> None:
    namespace, cluster = fleet.namespace, product.cluster
    ports = [builders.container(ports=[{"name": "mcp", "containerPort": 80}])]
    namespace.create(builders.server("crm", replicas=0, containers=ports))
    with product.uninstalled():
        namespace.create(builders.server("older", replicas=0, containers=ports))
        privileged = [{**ports[0], **PRIVILEGED[0]}]
        namespace.create(builders.server("privileged", replicas=0, containers=privileged))

    def told() -> list[tuple[str, str]]:
        found = events(cluster, namespace.name)
        return sorted((each["regarding"]["name"], each["reason"]) for each in found)

    expected = [("crm", "OutOfDate"), ("older", "Unprotected"), ("privileged", "Refused")]
    scope = ("--namespace", namespace.name)
    for start in ("first", "again"):
        with Control(product, *scope, name=f"events-{start}", settings=MORE_MEMORY) as control:
            cluster.wait_for("leader", control.leads)
            cluster.wait_for("Events", lambda: told() == expected)
            before = control.rested_looks()
            edit = {"metadata": {"annotations": {"mcp-admission.dev/port": "mcp", "seen": start}}}
            assert namespace.raw("PATCH", "deployments/crm", edit, MERGE_PATCH).status == 200
            control.wait_for_look(before)
    assert told() == expected
    (note,) = {
        each["note"] for each in events(cluster, namespace.name) if each["reason"] == "OutOfDate"
    }
    assert f"mcp-admission apply -n {namespace.name} crm" in note
