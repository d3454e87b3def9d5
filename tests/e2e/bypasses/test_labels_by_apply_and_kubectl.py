"""On a live pod the product's labels do not change, whatever client asks.

Server-side apply and kubectl are not in memory; tests/scenarios/test_live_labels.py has the rest.
"""

from typing import Any

import pytest

from tests.builders import NAME, NOT_LABELLED, SERVER, bare_pod
from tests.e2e.namespace import APPLY_PATCH, MERGE_PATCH, Namespace
from tests.e2e.refusals import refusing_rules

OURS = {SERVER: "true", NAME: "github-tools"}
THROUGH = pytest.mark.parametrize("subresource", ["", "/status"], ids=["pods", "pods/status"])


def labels(body: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"labels": body}}


@THROUGH
def test_another_pod_does_not_become_a_server_by_an_apply(
    namespace: Namespace, subresource: str
) -> None:
    namespace.create(bare_pod(labels=NOT_LABELLED, hostNetwork=True))

    applied = {"apiVersion": "v1", "kind": "Pod", **labels({SERVER: "true"})}
    path = f"pods/github-tools{subresource}?fieldManager=intruder&force=true"
    answer = namespace.raw("PATCH", path, applied, APPLY_PATCH)

    assert refusing_rules(answer) == {"identity"}


def test_kubectl_label_on_a_live_pod_says_what_to_do(namespace: Namespace) -> None:
    namespace.apply(bare_pod())

    arguments = ("label", "pod/github-tools", f"{SERVER}-")
    refused = namespace.kubectl(*arguments, as_user=namespace.tenant, check=False)

    assert refusing_rules(refused) == {"identity"}
    assert "cannot change on a live pod: recreate the pod" in refused.stderr


def test_the_api_server_drops_labels_that_a_debug_container_brings(namespace: Namespace) -> None:
    namespace.create(bare_pod())

    path = "pods/github-tools/ephemeralcontainers"
    answer = namespace.raw("PATCH", path, labels({SERVER: None}), MERGE_PATCH)

    assert answer.status == 200
    assert namespace.get("pods/github-tools")["metadata"]["labels"] == OURS
