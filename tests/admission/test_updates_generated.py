"""What holds for every update of a Deployment, whatever stands in its template."""

import copy

from hypothesis import assume, given

from tests.admission.case import OPTED_IN, SERVER, Json, answer_to
from tests.admission.objects import deployments
from tests.admission.policies import NAMES, POLICIES, SCOPES
from tests.in_memory.requests import applied
from webhook.admission.revert import alike
from webhook.admission.workload import Scope


def stored(document: Json, policy: str, scope: Scope) -> Json:
    """The Deployment after its creation, if it is admitted."""
    document["spec"]["template"]["spec"].pop("overhead", None)  # belongs to a class: no template's
    answer = answer_to(document, None, POLICIES[policy], scope)
    assume(answer.allowed)
    edited: Json = applied(document, answer)
    return edited


@given(deployments(), NAMES, NAMES, SCOPES)
def test_an_update_of_something_else_gets_no_patch(
    document: Json, then: str, now: str, scope: Scope
) -> None:
    old = stored(document, then, scope)
    new = copy.deepcopy(old)
    new["metadata"]["annotations"]["example.com/other"] = "y"
    answer = answer_to(new, old, POLICIES[now], scope)

    assert answer.operations == ()
    assert answer.allowed


def disagrees(document: Json) -> bool:
    """Whether the manifest says one thing about its workload and another in its template."""
    own, of_template = (
        (at.get("metadata") or {}).get("annotations") or {}
        for at in (document, document["spec"]["template"])
    )
    return any(own[key] != of_template[key] for key in own.keys() & of_template.keys())


@given(deployments(), NAMES, NAMES, SCOPES)
def test_the_original_manifest_gets_the_stored_template_back(
    document: Json, then: str, now: str, scope: Scope
) -> None:
    """But for a contradiction, which may have come with this update: it is refused, not undone."""
    assume(not disagrees(document))
    old = stored(document, then, scope)
    answer = answer_to(document, old, POLICIES[now], scope)

    assert answer.allowed, answer.message
    assert applied(document, answer)["spec"]["template"] == old["spec"]["template"]


@given(deployments(), NAMES, NAMES)
def test_opting_out_leaves_the_template_as_it_was_written(
    document: Json, then: str, now: str
) -> None:
    old = stored(document, then, OPTED_IN)
    new = copy.deepcopy(old)
    new["metadata"]["labels"][SERVER] = "false"
    answer = answer_to(new, old, POLICIES[now])

    assert answer.allowed, answer.message
    was, template = document["spec"]["template"], applied(new, answer)["spec"]["template"]
    assert alike(template["spec"], was["spec"])
