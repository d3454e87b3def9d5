"""A controller that is kept to two namespaces and has no right to Secrets, on a real API server."""

from tests.e2e.controller.control import Control, grant
from tests.e2e.controller.objects import CONFIG, SERVICE, made, policies, rolled_out, secret, server
from tests.e2e.controller_rights.narrow import allowed, kept_to
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tools.chart.helm import Helm

VERBS = ("get", "list", "watch", "create", "patch", "delete")
INSTEAD = {"mcp-admission.dev/env-from": "crm"}


def test_a_controller_without_secrets_works_in_the_listed_namespaces_alone(
    product: Product, helm: Helm, namespace: Namespace, managed: Namespace
) -> None:
    cluster = product.cluster
    grant(cluster)
    listed = [namespace, Namespace(product, cluster.namespace("also-listed"))]
    name, kept = "kept-to-two", [each.name for each in listed]
    copies = {"secrets": {"copy": False}}
    user = kept_to(cluster, helm, name, {"scope": {"namespaces": kept}, **copies})
    cluster.wait_for("rights", lambda: allowed(cluster, user, kept[1], "list", "services"))
    for verb in VERBS:
        for each in (*kept, managed.name):
            assert not allowed(cluster, user, each, verb)
            assert allowed(cluster, user, each, verb, "services") is (each in kept)
    settings = {"isolation": {"controllerUser": user.name}, **copies}
    options = [part for each in kept for part in ("--namespace", each)]
    with product.settings(settings):
        refused = (
            listed[0].apply(server(**{"mcp-admission.dev/config-from": "crm"}), check=False).stderr
        )
        assert "the setting secrets.copy is false" in refused
        with Control(
            product, *options, "--lease", name,
            name="narrow", kubeconfig=user.kubeconfig, settings=settings,
        ) as control:  # fmt: skip
            cluster.wait_for("leader", control.leads)
            for one in listed:
                one.apply(secret("crm", CONFIG))
                one.apply(server(**INSTEAD))
                (pod,) = rolled_out(one)
                assert "schedulingGates" not in pod["spec"]
                assert "mcp-admission-baseline" in policies(one)
                assert SERVICE in made(one, "services")
            assert control.metric("watch_restarts_total") == 0
            for reconciler in ("namespace", "server", "pod", "settings", "events"):
                assert control.metric("reconcile_errors_total", reconciler=reconciler) == 0
    assert made(managed, "services") == {}
