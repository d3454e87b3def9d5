"""Size gets nobody in: what is too large to be reviewed is not admitted."""

import json

from tests.builders import INJECTED, NOT_LABELLED, bare_pod, container, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import refusing_rules

MANY = 120


def many(count: int = MANY, **last: object) -> list[dict[str, object]]:
    """So many containers that what was filled in does not fit into its annotation."""
    containers = [container(name=f"c{number}") for number in range(count)]
    containers[-1] |= last
    return containers


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


def test_a_large_pod_under_the_limit_is_reviewed(managed: Namespace) -> None:
    args = ["x" * 1_000_000]
    plain = bare_pod(labels=NOT_LABELLED, containers=[container(args=args)])
    hostile = bare_pod(labels=NOT_LABELLED, hostPID=True, containers=[container(args=args)])

    assert managed.create(plain)["spec"]["securityContext"]["runAsNonRoot"] is True
    assert refusing_rules(managed.raw("POST", "pods", hostile)) == {"host-namespaces"}


def test_the_last_of_many_containers_is_checked_like_the_first(managed: Namespace) -> None:
    hostile = many(securityContext={"privileged": True})

    answer = managed.raw("POST", "pods", bare_pod(labels=NOT_LABELLED, containers=hostile))

    assert refusing_rules(answer) == {"privileged", "privilege-escalation"}
    assert f"containers[c{MANY - 1}]" in answer.json()["message"]


def test_reasons_beyond_the_fiftieth_are_counted(managed: Namespace) -> None:
    hostile = [
        container(name=f"c{number}", securityContext={"privileged": True}) for number in range(40)
    ]

    answer = managed.raw("POST", "pods", bare_pod(labels=NOT_LABELLED, containers=hostile))

    assert refusing_rules(answer) >= {"privileged"}
    assert "\n  and 30 more\n" in answer.json()["message"]


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
