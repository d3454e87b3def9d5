"""Size gets nobody in: what is too large to be reviewed is not admitted.

Bytes and rollouts need a control plane; tests/scenarios/test_large_pods.py has the rest.
"""

import json
from typing import Any

import pytest

from tests.builders import INJECTED, NOT_LABELLED, bare_pod, container, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product

MANY = 120


def many(count: int = MANY) -> list[dict[str, object]]:
    """So many containers that what was filled in does not fit into its annotation."""
    return [container(name=f"c{number}") for number in range(count)]


def above_the_limit() -> dict[str, Any]:
    """A pod of which each sign is one byte for the API server and six in the review."""
    return bare_pod(labels=NOT_LABELLED, containers=[container(args=["<" * 1_300_000])])


# What no replica reads is what `failurePolicy` says: Ignore below enforce, in the chart.
@pytest.mark.parametrize("mode", ["enforce"], indirect=True)
def test_a_review_above_the_limit_is_refused_whoever_asks(
    product: Product, managed: Namespace
) -> None:
    before = product.metric("rejected_requests_total", status="413")

    answer = managed.raw("POST", "pods", above_the_limit())

    assert answer.status == 500
    assert "failed calling webhook" in answer.json()["message"]
    assert product.metric("rejected_requests_total", status="413") == before + 1
    assert managed.pods() == []


@pytest.mark.parametrize("mode", ["enforce"], indirect=True)
def test_below_enforce_a_review_above_the_limit_is_stored_as_it_is(
    product: Product, managed: Namespace
) -> None:
    sent = above_the_limit()
    before = product.metric("rejected_requests_total", status="413")

    # As the chart registers it below enforce.
    with product.ignored_failures(), product.settings({"mode": "observe"}):
        answer = managed.raw("POST", "pods", sent)

    assert answer.status == 201
    stored = answer.json()
    assert stored["spec"]["containers"][0]["args"] == sent["spec"]["containers"][0]["args"]
    assert INJECTED not in stored["metadata"].get("annotations", {})
    assert "securityContext" not in stored["spec"]["containers"][0]
    assert product.metric("rejected_requests_total", status="413") == before + 2


def test_without_room_for_the_memory_all_are_hardened_and_nothing_rolls(
    managed: Namespace,
) -> None:
    manifest = server(labels=NOT_LABELLED, containers=many())
    managed.apply(manifest)
    stored = managed.deployment()

    assert managed.apply(manifest).stdout == "deployment.apps/github-tools unchanged\n"
    answer = managed.raw("PUT", "deployments/github-tools", manifest)

    template = stored["spec"]["template"]
    assert answer.json()["spec"]["template"] == template
    remembered = json.loads(template["metadata"]["annotations"][INJECTED])
    assert remembered.keys() == {"pods"}
    contexts = [each["securityContext"]["runAsNonRoot"] for each in template["spec"]["containers"]]
    assert contexts == [True] * MANY
    (pod,) = managed.wait_until_running()
    assert all(each["imagePullPolicy"] == "Always" for each in pod["spec"]["containers"])
    assert len(managed.replica_sets()) == 1
