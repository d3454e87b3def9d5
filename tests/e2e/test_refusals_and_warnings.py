"""What people read: refusals that name every place, warnings that are warnings, also in dry-run."""

from typing import Any

import pytest

from tests.builders import bare_pod, container, server
from tests.e2e.namespace import Namespace, Object
from tests.e2e.product import Product
from tools.cluster.clients import Output

CONTRADICTING: dict[str, Any] = {
    "hostNetwork": True,
    "volumes": [{"name": "node", "hostPath": {"path": "/"}}],
    "initContainers": [container(name="prepare", securityContext={"privileged": True})],
    "containers": [
        container(
            imagePullPolicy="Never",
            securityContext={"runAsUser": 0, "capabilities": {"add": ["NET_ADMIN"]}},
        )
    ],
}
REASONS = (
    "hostNetwork must be false (host-namespaces)",
    "initContainers[prepare].securityContext.privileged must be false (privileged)",
    "containers[mcp].securityContext.runAsUser must be a UID other than 0 (run-as-user)",
    "containers[mcp].securityContext.capabilities.add: NET_ADMIN is not allowed (capabilities)",
    "containers[mcp].imagePullPolicy must be Always (image-pull-policy)",
    "volumes[node].hostPath is not allowed (host-path)",
)
WAY_OUT = "for an exception to the rule in brackets: mcp-admission exception draft "
NO_EXCEPTION = "correct these fields: there is no exception to the rule in brackets"
STORED_OR_NOT = pytest.mark.parametrize("options", [(), ("--dry-run=server",)], ids=["", "dry-run"])


def reasons(refused: Output, way_out: str = WAY_OUT) -> list[str]:
    """The reasons that kubectl prints, one line each, between the head and the way out."""
    assert refused.returncode == 1
    _, head, said = refused.stderr.rstrip().partition('MCP server "github-tools" refused:\n')
    assert head
    *lines, last = said.split("\n")
    assert way_out in last
    return [line.strip() for line in lines]


@STORED_OR_NOT
@pytest.mark.parametrize(
    "manifest", [server(**CONTRADICTING), bare_pod(**CONTRADICTING)], ids=["Deployment", "Pod"]
)
def test_a_refusal_names_every_path_and_rule_at_once(
    namespace: Namespace, manifest: Object, options: tuple[str, ...]
) -> None:
    refused = namespace.apply(manifest, *options, check=False)

    assert set(REASONS) <= set(reasons(refused))
    assert namespace.pods() == []
    assert namespace.get("deployments")["items"] == []


def test_an_update_is_refused_like_a_create(namespace: Namespace) -> None:
    namespace.apply(server())

    refused = namespace.apply(server(**CONTRADICTING), check=False)

    assert set(REASONS) <= set(reasons(refused))
    assert namespace.deployment()["metadata"]["generation"] == 1


def test_a_refusal_has_the_status_forbidden_and_names_the_webhook(namespace: Namespace) -> None:
    answer = namespace.raw("POST", "deployments", server(hostNetwork=True))

    assert answer.status == 403
    status = answer.json()
    assert status["reason"] == "Forbidden"
    assert status["message"].startswith(
        'admission webhook "opted-in.mcp-admission.dev" denied the request: MCP server '
    )


def test_a_refusal_under_dry_run_says_the_same(namespace: Namespace) -> None:
    stored, dry = (
        namespace.apply(server(**CONTRADICTING), *options, check=False)
        for options in ((), ("--dry-run=server",))
    )

    assert reasons(stored) == reasons(dry)


@STORED_OR_NOT
def test_a_conflict_that_only_warns_is_admitted_with_a_warning(
    product: Product, namespace: Namespace, options: tuple[str, ...]
) -> None:
    with product.settings({"rules": {"capabilities": "warn"}}):
        adding = {"capabilities": {"add": ["NET_ADMIN"]}}
        said = namespace.apply(server(containers=[container(securityContext=adding)]), *options)

    place = "containers[mcp].securityContext.capabilities.add: NET_ADMIN is not allowed"
    assert said.stderr == f"Warning: {place} (capabilities)\n"
    assert "deployment.apps/github-tools created" in said.stdout


@STORED_OR_NOT
def test_a_conflict_that_is_overridden_says_so(
    product: Product, namespace: Namespace, options: tuple[str, ...]
) -> None:
    with product.settings({"onConflict": "override"}):
        root = container(securityContext={"runAsUser": 0})
        said = namespace.apply(server(containers=[root]), "-o", "json", *options)

    assert said.stderr.startswith("Warning: containers[mcp].securityContext.runAsUser overridden")
    assert said.stderr.rstrip().endswith("(run-as-user)")
    (found,) = said.json()["spec"]["template"]["spec"]["containers"]
    assert found["securityContext"]["runAsUser"] == 1000


@STORED_OR_NOT
def test_the_fleets_values_replace_a_servers_own_with_a_warning_each(
    product: Product, namespace: Namespace, options: tuple[str, ...]
) -> None:
    own = {"requests": {"memory": "2Gi"}, "limits": {"memory": "4Gi"}}
    with product.settings({"mcpServerDefaults": {"perServer": "forbid"}}):
        said = namespace.apply(server(containers=[container(resources=own)]), "-o=json", *options)

    assert sorted(said.stderr.splitlines()) == [
        "Warning: containers[mcp].resources.limits.memory replaced by the fleet's (resources)",
        "Warning: containers[mcp].resources.requests.memory replaced by the fleet's (resources)",
    ]
    (found,) = said.json()["spec"]["template"]["spec"]["containers"]
    assert {part: values for part, values in found["resources"].items() if values} == {}


def test_a_limit_above_a_ceiling_is_refused(product: Product, namespace: Namespace) -> None:
    own = {"limits": {"memory": "4Gi"}}
    with product.settings({"mcpServerMaximums": {"limits": {"memory": "2Gi"}}}):
        refused = namespace.apply(server(containers=[container(resources=own)]), check=False)

    (reason,) = reasons(refused)
    assert reason.startswith("containers[mcp].resources.limits.memory")
    assert reason.endswith("(resource-ceilings)")


def test_a_misspelt_label_is_refused_and_not_overlooked(namespace: Namespace) -> None:
    refused = namespace.apply(
        server(labels={"mcp-admission.dev/server": "yes"}), "--dry-run=server", check=False
    )

    assert 'metadata.labels[mcp-admission.dev/server] must be "true" or "false" (identity)' in (
        reasons(refused, NO_EXCEPTION)
    )


def test_the_log_names_the_object_and_the_rules_of_a_refusal(
    product: Product, namespace: Namespace
) -> None:
    namespace.apply(server(hostNetwork=True), check=False)

    reviews = [line for line in product.logged() if line.get("namespace") == namespace.name]
    (told,) = [line for line in reviews if line.get("decision") == "refused"]
    assert (told["kind"], told["name"]) == ("Deployment", "github-tools")
    assert told["rules"] == ["host-namespaces"]
