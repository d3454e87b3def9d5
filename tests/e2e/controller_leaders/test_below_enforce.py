"""From enforce to observe and back, as after an upgrade of the chart: another leader each time."""

from typing import Any

import pytest

from tests import builders
from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import (
    ASKED,
    NAME,
    SERVICE,
    events,
    made,
    policies,
    revision,
    rolled_out,
    server,
)
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.product import Product

BASELINE = "mcp-admission-baseline"
GRANTING: dict[str, Any] = {"mcpNamespace": {"networkPolicy": {"egressCeilings": ["10.0.0.0/8"]}}}
ASKED_MORE = {**ASKED, "mcp-admission.dev/egress": "10.1.0.0/16"}
ACCESS = f"{NAME}-mcp-access"
CONFIG = f"{NAME}-mcp-config"


def in_mode(mode: str) -> dict[str, Any]:
    return {"mode": mode, **GRANTING}


def runs(namespace: Namespace, name: str) -> bool:
    return bool(namespace.get(f"pods/{name}")["status"].get("phase") == "Running")


def test_running_servers_keep_what_they_use_and_nothing_rolls(
    product: Product, namespace: Namespace, options: tuple[str, ...]
) -> None:
    cluster = product.cluster
    # A template that changed before the controller saw it is no first one, and may roll once.
    namespace.raw("DELETE", f"deployments/{NAME}")
    cluster.wait_for("no pods", lambda: not namespace.pods(NAME))
    with (
        product.settings(GRANTING),
        Control(product, *options, name="enforces", settings=in_mode("enforce")),
    ):
        namespace.apply(server(**ASKED_MORE))
        (pod,) = rolled_out(namespace)
        cluster.wait_for("policies", lambda: set(policies(namespace)) == {BASELINE, ACCESS})
        service, config = made(namespace, "services")[SERVICE], made(namespace, "secrets")[CONFIG]

    namespace.apply(builders.bare_pod("waits"))
    assert namespace.get("pods/waits")["spec"]["schedulingGates"]
    with Control(product, *options, name="observes", settings=in_mode("observe")) as control:
        cluster.wait_for("gate that is taken", lambda: runs(namespace, "waits"))
        cluster.wait_for("no policies", lambda: not policies(namespace))
        cluster.wait_for("leader", control.leads)
        namespace.apply(server("later"))
        cluster.wait_for("later server", lambda: control.metric("servers", state="all") == 2)
    assert set(made(namespace, "services")) == {SERVICE}
    assert made(namespace, "secrets")[CONFIG]["data"] == config["data"]
    assert made(namespace, "services")[SERVICE]["spec"] == service["spec"]
    assert events(cluster, namespace.name) == []

    with Control(product, *options, name="again", settings=in_mode("enforce")):
        cluster.wait_for("policies", lambda: set(policies(namespace)) == {BASELINE, ACCESS})
        cluster.wait_for("both Services", lambda: len(made(namespace, "services")) == 2)
    assert revision(namespace) is None
    assert [each["metadata"]["uid"] for each in namespace.pods(NAME)] == [pod["metadata"]["uid"]]


@pytest.mark.parametrize("mode", ["observe", "warn"])
def test_servers_that_were_never_filled_in_do_not_roll_when_they_get_their_objects(
    product: Product, namespace: Namespace, options: tuple[str, ...], mode: str
) -> None:
    cluster = product.cluster
    with product.uninstalled():
        namespace.raw("DELETE", f"deployments/{NAME}")
        cluster.wait_for("no pods", lambda: not namespace.pods(NAME))
        namespace.apply(server())
        (pod,) = rolled_out(namespace)
    with Control(product, *options, name="below", settings=in_mode(mode)) as control:
        cluster.wait_for("server", lambda: control.metric("servers", state="all") == 1)
    with Control(product, *options, name="enforces", settings=in_mode("enforce")):
        cluster.wait_for("Secret", lambda: CONFIG in made(namespace, "secrets"))
        cluster.wait_for("Service", lambda: SERVICE in made(namespace, "services"))
        labels = {"metadata": {"labels": {"a": "b"}}}
        namespace.raw("PATCH", f"deployments/{NAME}", labels, MERGE_PATCH)
        cluster.wait_for("policy", lambda: BASELINE in policies(namespace))
    assert revision(namespace) is None
    assert [each["metadata"]["uid"] for each in namespace.pods(NAME)] == [pod["metadata"]["uid"]]
