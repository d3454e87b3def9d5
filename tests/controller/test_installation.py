"""What the objects of an installation are called, and which namespaces it leaves alone."""

from typing import Any

import pytest

from webhook.admission import Scope
from webhook.controller.installation import (
    Installation,
    NamespaceRules,
    is_managed,
    is_own,
    kept_to,
)
from webhook.settings.model import Settings

MANAGED = {"mcp-admission.dev/managed": "true"}
OWN = {"app.kubernetes.io/managed-by": "mcp-admission"}


def test_an_installation_has_one_host_and_one_configuration_of_each_kind() -> None:
    here = Installation("hook", "mcp", "mine")
    admission = "/apis/admissionregistration.k8s.io/v1"

    assert here.host == "hook.mcp.svc"
    assert here.secret("mcp-admission-tls") == "/api/v1/namespaces/mcp/secrets/mcp-admission-tls"
    assert here.configurations() == {
        "MutatingWebhookConfiguration": f"{admission}/mutatingwebhookconfigurations/mine",
        "ValidatingWebhookConfiguration": f"{admission}/validatingwebhookconfigurations/mine",
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, frozenset()),
        ({"args": ["control", "--workers=4"]}, frozenset()),
        ({"args": ["control", "--namespace=a", "--namespace=b"]}, {"a", "b"}),
    ],
)
def test_a_deployment_says_to_which_namespaces_its_controller_is_kept(
    given: dict[str, Any], expected: frozenset[str]
) -> None:
    assert kept_to({"spec": {"template": {"spec": {"containers": [given]}}}}) == expected


@pytest.mark.parametrize(
    ("namespace", "labels", "left_alone", "managed"),
    [
        ("team", {}, False, False),
        ("team", MANAGED, False, True),
        ("team", {"mcp-admission.dev/managed": "True"}, False, False),
        ("release", MANAGED, True, False),
        ("kube-system", MANAGED, True, False),
        ("excluded", MANAGED, True, False),
    ],
)
def test_a_label_manages_every_namespace_that_is_not_left_alone(
    namespace: str, labels: dict[str, str], left_alone: bool, managed: bool
) -> None:
    settings = Settings.model_validate({"excludedNamespaces": ["excluded"]})
    rules = NamespaceRules(settings, "release")

    assert rules.leaves_alone(namespace) is left_alone
    scope = Scope.MANAGED if managed else Scope.OPTED_IN
    assert rules.scope(namespace, managed=is_managed(labels)) is scope
    assert is_managed(labels) is (labels == MANAGED)


@pytest.mark.parametrize(
    ("metadata", "own"),
    [
        ({}, False),
        ({"labels": None}, False),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, False),
        ({"labels": OWN}, True),
        ({"labels": {**OWN, "a": "b"}}, True),
    ],
)
def test_an_object_of_ours_carries_our_label(metadata: dict[str, Any], own: bool) -> None:
    assert is_own(metadata) is own
