"""Overriding one rule's conflict leaves nothing behind for the others."""

import pytest

from tests.admission.case import answer_to
from tests.in_memory.requests import applied
from tests.rules.case import Json, settings_of, with_container
from webhook import names
from webhook.admission.workload import Scope

EVERYTHING = {"onConflict": "override"}
BASELINE = {"mcpNamespace": {"podSecurity": {"enforce": "baseline"}}}
PRIVILEGED = {"privileged": True}
ADDED = {"capabilities": {"add": ["SYS_ADMIN", "NET_ADMIN"]}}


def labelled(context: Json) -> Json:
    pod = with_container(securityContext=context)
    pod["metadata"]["labels"] = {names.SERVER: "true"}
    return pod


@pytest.mark.parametrize(
    ("keys", "context", "warnings"),
    [
        pytest.param(EVERYTHING, PRIVILEGED, 1, id="privileged"),
        pytest.param(EVERYTHING, ADDED, 2, id="capabilities"),
        pytest.param(EVERYTHING | BASELINE, PRIVILEGED, 1, id="privileged-at-baseline"),
        pytest.param(EVERYTHING | BASELINE, ADDED, 2, id="capabilities-at-baseline"),
        pytest.param({"rules": {"privileged": "override"}}, PRIVILEGED, 1, id="one-rule"),
    ],
)
def test_what_waited_for_the_overridden_value_is_filled_in(
    keys: Json, context: Json, warnings: int
) -> None:
    """The API refuses a privileged container that may not escalate: one waits for the other."""
    settings = settings_of(**keys)

    answer = answer_to(labelled(context), None, settings, Scope.OPTED_IN)

    assert answer.allowed
    assert len(answer.warnings) == warnings
    stored = applied(labelled(context), answer)
    assert stored["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False
    assert answer_to(stored, None, settings, Scope.OPTED_IN).operations == ()


def test_a_limit_that_is_overridden_takes_its_request_along() -> None:
    """The API server made the request equal to the limit, and refuses one above the new limit."""
    settings = settings_of(**EVERYTHING, mcpServerMaximums={"limits": {"memory": "1Gi"}})
    asked = {"limits": {"memory": "2Gi"}, "requests": {"memory": "2Gi"}}
    pod = with_container(resources=asked)
    pod["metadata"]["labels"] = {names.SERVER: "true"}

    answer = answer_to(pod, None, settings, Scope.OPTED_IN)

    assert answer.allowed
    resources = applied(pod, answer)["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"memory": "1Gi"}, "requests": {"memory": "400Mi"}}
