"""What is installed for the bench: policies for two namespaces, and the pods that they promise."""

import pytest

from tools.bench import admissions
from tools.bench.admissions import ADMISSIONS, FILLED_IN, KINDS, fault, policies
from tools.bench.created_pods import pod


def test_each_policy_is_bound_to_one_namespace() -> None:
    found = {(each["kind"], each["metadata"]["name"]): each["spec"] for each in policies()}
    bound = {
        (kind, spec["policyName"]): spec["matchResources"]["namespaceSelector"]["matchLabels"]
        for (kind, _), spec in found.items()
        if kind.endswith("Binding")
    }

    assert {kind for kind, _ in found} == KINDS.keys()
    assert bound == {
        ("MutatingAdmissionPolicyBinding", "bench-fills-in"): {"bench": "in-tree"},
        ("ValidatingAdmissionPolicyBinding", "bench-checks"): {"bench": "in-tree"},
        ("MutatingAdmissionPolicyBinding", "bench-once-fills-in"): {"bench": "once"},
        ("ValidatingAdmissionPolicyBinding", "bench-once-checks"): {"bench": "once"},
    }
    assert all((kind.removesuffix("Binding"), name) in found for kind, name in bound)


def test_the_policies_differ_in_how_often_they_are_evaluated() -> None:
    found = {
        each["metadata"]["name"]: each["spec"]
        for each in policies()
        if each["kind"] == "MutatingAdmissionPolicy"
    }

    assert found["bench-fills-in"]["reinvocationPolicy"] == "IfNeeded"
    assert found["bench-once-fills-in"]["reinvocationPolicy"] == "Never"


@pytest.mark.parametrize("admission", ADMISSIONS)
def test_only_what_is_filled_in_may_differ_from_what_was_sent(admission: str) -> None:
    assert (fault(admission, stored()) is None) is (admission not in FILLED_IN)


def stored() -> admissions.Json:
    """A pod that nobody has touched."""
    found = pod(1)
    found["spec"] |= {"securityContext": {}}
    for each in found["spec"]["containers"]:
        each |= {"imagePullPolicy": "IfNotPresent", "resources": {}}
    return found
