"""Size gets nobody in: what is too large to be reviewed is not admitted.

Bytes and rollouts need a control plane; tests/scenarios/test_large_pods.py has the rest.
"""

import json

import pytest

from tests.builders import INJECTED, NOT_LABELLED, bare_pod, container, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product

MANY = 120


def many(count: int = MANY) -> list[dict[str, object]]:
    """So many containers that what was filled in does not fit into its annotation."""
    return [container(name=f"c{number}") for number in range(count)]


# What no replica reads is what `failurePolicy` says: Ignore below enforce, in the chart.
@pytest.mark.parametrize("mode", ["enforce"], indirect=True)
def test_a_review_above_the_limit_is_refused_whoever_asks(
    product: Product, managed: Namespace
) -> None:
    before = product.metric("rejected_requests_total", status="413")
    # Each sign is one byte for the API server and six in the review that it sends.
    pod = bare_pod(labels=NOT_LABELLED, containers=[container(args=["<" * 1_300_000])])

    answer = managed.raw("POST", "pods", pod)

    assert answer.status == 500
    assert "failed calling webhook" in answer.json()["message"]
    assert product.metric("rejected_requests_total", status="413") == before + 1
    assert managed.pods() == []


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
