"""A webhook that undoes what we filled in: repaired where we are asked again, else refused."""

from typing import Any

import pytest

from tests.builders import NAME, OPTED_IN, SERVER, Manifest, bare_pod
from tests.e2e.namespace import Namespace
from tests.e2e.refusals import refusing_rules
from tests.e2e.second_webhook.other_webhook import OtherWebhook

CONTEXT = "/spec/containers/0/securityContext"
TOKEN = {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}


def put(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "add", "path": path, "value": value}]


UNDOING: dict[str, tuple[list[dict[str, Any]], set[str]]] = {
    "the container's context": (
        put(CONTEXT, {}),
        {"capabilities", "privilege-escalation"},
    ),
    "all contexts": (
        [*put(CONTEXT, {}), *put("/spec/securityContext", {})],
        {"capabilities", "privilege-escalation", "run-as-non-root", "seccomp-profile"},
    ),
    "the gate": (put("/spec/schedulingGates", []), {"isolation-gate"}),
    "the labels": (put("/metadata/labels", OPTED_IN), {"identity"}),
    "the pull policy": (
        put("/spec/containers/0/imagePullPolicy", "IfNotPresent"),
        {"image-pull-policy"},
    ),
    "the refusal of a token": (
        [*put("/spec/automountServiceAccountToken", value=True), *put("/spec/volumes", [TOKEN])],
        {"service-account-token"},
    ),
}
# What nothing that we fill in can repair is refused on the second pass.
CONTRADICTING = {"the refusal of a token"}


def is_whole(pod: Manifest) -> bool:
    """Nothing of what the cases undo is missing."""
    spec, (first,) = pod["spec"], pod["spec"]["containers"]
    return (
        first["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        and first["imagePullPolicy"] == "Always"
        and spec["securityContext"]["runAsNonRoot"] is True
        and len(spec["schedulingGates"]) == 1
        and pod["metadata"]["labels"] == {SERVER: "true", NAME: "github-tools"}
    )


@pytest.mark.parametrize("case", UNDOING)
def test_a_webhook_that_reverts_our_fields_last_gets_the_object_refused(
    namespace: Namespace, case: str
) -> None:
    operations, rules = UNDOING[case]
    with OtherWebhook(namespace, lambda _: operations, again="IfNeeded") as other:
        answer = namespace.raw("POST", "pods", bare_pod())

    assert refusing_rules(answer) == rules
    assert other.calls == (1 if case in CONTRADICTING else 2)


@pytest.mark.parametrize("case", sorted(UNDOING.keys() - CONTRADICTING))
def test_fields_that_another_webhook_reverts_once_are_filled_in_again(
    namespace: Namespace, case: str
) -> None:
    operations, _ = UNDOING[case]
    with OtherWebhook(namespace, lambda _: operations) as other:
        stored = namespace.create(bare_pod())

    assert is_whole(stored)
    assert other.calls == 1


def test_dropping_the_opt_in_label_on_the_way_leaves_an_ordinary_pod(namespace: Namespace) -> None:
    """Who may change every pod may also say that it is no server: nothing selects it then."""
    drop = put("/metadata/labels", {"app": "other"})
    with OtherWebhook(namespace, lambda _: drop, again="IfNeeded"):
        stored = namespace.create(bare_pod())

    assert stored["metadata"]["labels"] == {"app": "other"}


def test_in_a_managed_namespace_the_label_cannot_be_dropped_on_the_way(managed: Namespace) -> None:
    drop = put("/metadata/labels", {"app": "other"})
    with OtherWebhook(managed, lambda _: drop, again="IfNeeded"):
        answer = managed.raw("POST", "pods", bare_pod())

    assert refusing_rules(answer) == {"identity"}
