"""With `fillIn: pods`, whatever stands in a Deployment: it stays, and its pods are filled in."""

from hypothesis import given

from tests.admission.case import MUTATE, OPTED_IN, VALIDATE, Json, admitted, answer_to
from tests.admission.objects import deployments
from tests.admission.policies import NAMES, POLICIES, SCOPES
from tests.admission.test_written_templates import PODS, new_pod, written
from tests.in_memory.requests import applied, request
from webhook.admission.drift import (
    CURRENT,
    OUT_OF_DATE,
    REFUSED,
    UNPROTECTED,
    Drift,
    drift_of,
    drift_of_pod,
)
from webhook.admission.handler import review
from webhook.admission.workload import Scope
from webhook.settings.model import Settings

BY_PODS = {name: each.model_copy(update={"fill_in": "pods"}) for name, each in POLICIES.items()}


def drift_of_live(pod: Json, settings: Settings, scope: Scope = OPTED_IN) -> Drift:
    """What is said of the pod once it runs."""
    metadata = {**pod["metadata"], "name": "tools-7d4b9c6f5-abcde", "namespace": "tools"}
    spec = {**pod["spec"], "nodeName": "node-1"}
    return drift_of_pod({**pod, "metadata": metadata, "spec": spec}, settings, scope)


@given(deployments(), NAMES, SCOPES)
def test_no_deployment_is_ever_changed(document: Json, policy: str, scope: Scope) -> None:
    settings = BY_PODS[policy]
    for hook in (MUTATE, VALIDATE):
        asked = request(document, hook=hook)
        answer = review(asked, settings, scope)

        assert answer.operations == ()
        assert asked.object == document


@given(deployments(), NAMES, SCOPES)
def test_pods_of_what_was_checked_are_admitted_and_current(
    document: Json, policy: str, scope: Scope
) -> None:
    settings = BY_PODS[policy]
    first = answer_to(document, settings=POLICIES[policy], scope=scope)
    for found in (document, applied(document, first)):
        answer = answer_to(found, settings=settings, scope=scope, hook=VALIDATE)
        if answer.allowed and answer.covered:
            pod = admitted(new_pod(found), settings=settings, scope=scope)
            assert drift_of_live(pod, settings, scope).state == CURRENT


def test_a_live_pod_is_out_of_date_once_the_settings_are_others() -> None:
    pod = admitted(new_pod(written()), settings=PODS)

    seen = drift_of_live(pod, BY_PODS["fleet"])

    assert seen.state == OUT_OF_DATE
    assert ("runtimeClassName", None, "gvisor") in [
        (each.field, each.before, each.after) for each in seen.changes
    ]


def test_a_live_pod_that_was_never_filled_in_is_unprotected() -> None:
    assert drift_of_live(new_pod(written()), PODS).state == UNPROTECTED


def test_a_live_pod_that_would_be_refused_says_why() -> None:
    seen = drift_of_live(new_pod(written(hostNetwork=True)), PODS)

    assert (seen.state, [each.rule for each in seen.reasons]) == (REFUSED, ["host-namespaces"])


def test_the_template_of_a_deployment_is_never_out_of_date() -> None:
    filled = admitted(written(), settings=POLICIES["fleet"])

    assert drift_of(filled, PODS, OPTED_IN) == Drift(CURRENT)
    assert drift_of(written(), PODS, OPTED_IN) == Drift(CURRENT)
    assert drift_of(written(hostNetwork=True), PODS, OPTED_IN).state == REFUSED
    seen = drift_of(written(of_pods={}), PODS, OPTED_IN)
    assert (seen.state, [each.rule for each in seen.reasons]) == (UNPROTECTED, ["identity"])
    assert drift_of(written(labels={}, of_pods={}), PODS, Scope.MANAGED) == Drift(CURRENT)
    unreadable = drift_of(written(containers="none"), PODS, OPTED_IN)
    assert (unreadable.state, [each.rule for each in unreadable.reasons]) == (REFUSED, ["object"])
