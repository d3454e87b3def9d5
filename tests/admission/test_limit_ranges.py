"""A namespace's LimitRange speaks on the pod, after the template was filled in.

A limit that it gives the pod may be under the request that we gave the template: the API server
would refuse such a pod, so the request goes and the API server makes it equal to the limit.
"""

from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of
from tests.in_memory.places import ABSENT, found
from tests.reference.servers import server
from webhook.settings.model import Settings

Json = dict[str, Any]

CLUSTER = ApiServer(Settings())
REQUEST = "containers[main].resources.requests.memory"


def stored_pod(manifest: Json, limits: Json) -> Json:
    """The pod of a Deployment, whose container has the limits of a LimitRange."""
    pod = pod_of(CLUSTER.create(manifest).stored)
    pod["spec"]["containers"][0].setdefault("resources", {})["limits"] = limits
    outcome = CLUSTER.create(pod)

    assert outcome.allowed, outcome.message

    return outcome.stored


@pytest.mark.parametrize(
    ("limit", "request_"),
    [
        ("200Mi", ABSENT),
        ("419430399", ABSENT),
        ("400Mi", "400Mi"),
        ("0.4Gi", "400Mi"),
        ("1Gi", "400Mi"),
    ],
)
def test_our_request_gives_way_to_a_smaller_limit(limit: str, request_: object) -> None:
    stored = stored_pod(server(), {"memory": limit, "cpu": "1"})

    assert found(stored, REQUEST) == request_
    assert found(stored, "containers[main].resources.limits") == {"memory": limit, "cpu": "1"}


def test_a_request_of_the_authors_own_stays() -> None:
    own = {"resources": {"requests": {"memory": "300Mi"}}}

    stored = stored_pod(server(container=own), {"memory": "200Mi"})

    assert found(stored, REQUEST) == "300Mi"


def test_a_ceiling_of_the_template_reserves_nothing_on_its_pods() -> None:
    ceilings = Settings.model_validate({"mcpServerMaximums": {"limits": {"cpu": "2"}}})
    cluster = ApiServer(ceilings)

    pod = cluster.create(pod_of(cluster.create(server()).stored)).stored

    assert found(pod, "containers[main].resources") == {
        "limits": {"cpu": "2"},
        "requests": {"cpu": "0", "memory": "400Mi"},
    }


def test_a_limit_that_cannot_be_read_is_left_to_the_api_server() -> None:
    assert found(stored_pod(server(), {"memory": "much"}), REQUEST) == "400Mi"


def test_a_template_of_another_container_says_nothing_about_this_one() -> None:
    sidecar = {"name": "sidecar", "image": "registry.example/sidecar:1"}
    main = {"name": "main", "image": "registry.example/mcp:1"}

    stored = stored_pod(server(containers=[sidecar, main]), {"memory": "100Mi"})

    assert found(stored, "containers[sidecar].resources.requests.memory") is ABSENT
    assert found(stored, "containers[main].resources.requests") is ABSENT
