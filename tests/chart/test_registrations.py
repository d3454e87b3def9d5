"""The registrations that the chart renders: the shipped ones, and what values change of them.

`tests/manifests` proves what the shipped conditions let through.
"""

import copy

import pytest

from tests.chart.value_sets import VALUE_SETS
from tests.manifests.apiserver import (
    MUTATING,
    OF_SETTINGS,
    VALIDATING,
    Request,
    compiled,
    conditions_hold,
    registrations,
)
from tests.manifests.objects import body
from tools.chart.helm import NAMESPACE, Helm, Json

KINDS = (MUTATING, VALIDATING)


def rendered(helm: Helm, values: Json | None = None, **names: str) -> dict[str, Json]:
    return {found["kind"]: found for found in helm.objects(values, **names)
            if found["kind"] in KINDS}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_registrations_of_another_namespace_differ_in_nothing_else(helm: Helm, kind: str) -> None:
    expected = copy.deepcopy(registrations()[kind]["webhooks"])
    for entry in expected:
        entry["clientConfig"]["service"]["namespace"] = "platform"
        excluded = entry["namespaceSelector"]["matchExpressions"][-1]
        excluded["values"] = ["kube-system", "platform"]

    assert rendered(helm, namespace="platform")[kind]["webhooks"] == expected


@pytest.mark.parametrize("kind", KINDS)
def test_excluded_namespaces_are_never_called_for(helm: Helm, kind: str) -> None:
    for entry in rendered(helm, VALUE_SETS["selectors"])[kind]["webhooks"]:
        assert entry["namespaceSelector"]["matchExpressions"][-1] == {
            "key": "kubernetes.io/metadata.name",
            "operator": "NotIn",
            "values": ["kube-system", NAMESPACE, "kube-public", "team-a"],
        }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("labels", "called"),
    [
        ({"app.kubernetes.io/part-of": "toolhive"}, True),
        ({"app.kubernetes.io/part-of": "else"}, False),
        ({"kmcp.dev/server": "yes", "tier": ""}, True),
        ({"kmcp.dev/server": "yes"}, False),
        ({"mcp-admission.dev/server": "true"}, True),
        ({}, False),
    ],
)
def test_selectors_cover_workloads_without_our_label(
    helm: Helm, kind: str, labels: Json, called: bool
) -> None:
    entry = rendered(helm, VALUE_SETS["selectors"])[kind]["webhooks"][1]

    for at in ({"own": labels}, {"template": labels}):
        request = Request(
            "apps", "deployments", "CREATE", "Deployment", {}, body("Deployment", **at)
        )

        assert conditions_hold(entry, request) is called
    for condition in entry["matchConditions"]:
        assert compiled(condition["expression"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_namespace_scoped_installation_is_called_for_one_namespace(helm: Helm, kind: str) -> None:
    (entry,) = rendered(helm, VALUE_SETS["namespace-scoped"])[kind]["webhooks"]

    assert entry["name"] == "managed-namespace.mcp-admission.dev"
    assert entry["namespaceSelector"]["matchExpressions"][2] == {
        "key": "kubernetes.io/metadata.name",
        "operator": "In",
        "values": ["mcp-admission-mcp"],
    }


def test_registrations_tell_cert_manager_where_to_inject_the_ca(helm: Helm) -> None:
    for found in rendered(helm, VALUE_SETS["cert-manager"]).values():
        assert found["metadata"]["annotations"] == {
            "cert-manager.io/inject-ca-from": f"{NAMESPACE}/mcp-admission-serving"
        }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("mode", "policy"),
    [(None, "Fail"), ("enforce", "Fail"), ("warn", "Ignore"), ("observe", "Ignore")],
)
def test_below_enforce_an_outage_refuses_nothing(
    helm: Helm, kind: str, mode: str | None, policy: str
) -> None:
    """The entry of settings documents, which only warns, refuses nothing in any mode."""
    called = rendered(helm, {"mode": mode})[kind]["webhooks"]
    policies = {entry["name"]: entry["failurePolicy"] for entry in called}
    assert policies.pop(OF_SETTINGS, "Ignore") == "Ignore"
    assert set(policies.values()) == {policy}
