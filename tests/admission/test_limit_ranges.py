"""A template that an earlier version filled in holds the request and the pull secret itself.

They go when it rolls. Until then its request gives way to a limit that a LimitRange gives the pod:
the API server makes the request equal to the limit.
"""

from typing import Any

import pytest

from tests.admission.older_templates import older
from tests.builders import server
from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of, restarted
from tests.in_memory.places import ABSENT, found
from tests.in_memory.plugins import Plugins
from webhook.settings.model import Settings

Json = dict[str, Any]

CLUSTER = ApiServer(Settings())
FLEET = ApiServer(
    Settings.model_validate({"mcpServerDefaults": {"imagePullSecrets": [{"name": "fleet"}]}})
)
OTHER = ApiServer(
    Settings.model_validate(
        {
            "mcpServerDefaults": {
                "imagePullSecrets": [{"name": "other"}],
                "resources": {"requests": {"memory": "1Gi"}},
            }
        }
    )
)
REQUEST = "containers[mcp].resources.requests.memory"
LIVE = older(CLUSTER.create(server()).stored)


def stored_pod(live: Json, limits: Json) -> Json:
    """The pod of a Deployment, whose container has limits that nobody says are a LimitRange's."""
    pod = pod_of(live)
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
def test_the_memory_request_gives_way_to_a_smaller_limit(limit: str, request_: object) -> None:
    stored = stored_pod(LIVE, {"memory": limit, "cpu": "1"})

    assert found(stored, REQUEST) == request_
    assert found(stored, "containers[mcp].resources.limits") == {"memory": limit, "cpu": "1"}


@pytest.mark.parametrize(
    "item",
    [
        {"max": {"memory": "256Mi"}},
        {"default": {"memory": "1Gi"}, "maxLimitRequestRatio": {"memory": "2"}},
        {"default": {"memory": "200Mi"}, "defaultRequest": {"memory": "100Mi"}},
    ],
)
def test_the_memory_request_gives_way_to_a_limit_of_a_limit_range(item: Json) -> None:
    plugins = Plugins(limits=(item,))

    stored = plugins.create(CLUSTER, pod_of(LIVE)).stored

    assert plugins.refuse(stored) == []
    assert found(stored, REQUEST) == found(stored, "containers[mcp].resources.limits.memory")


def test_a_request_of_the_authors_own_stays() -> None:
    own = {"resources": {"requests": {"memory": "300Mi"}}}

    stored = stored_pod(CLUSTER.create(server(container=own)).stored, {"memory": "200Mi"})

    assert found(stored, REQUEST) == "300Mi"


def test_the_memory_request_is_kept_beside_a_ceiling_that_becomes_the_limit() -> None:
    ceilings = {"mcpServerMaximums": {"limits": {"cpu": "2", "memory": "2Gi"}}}
    cluster = ApiServer(Settings.model_validate(ceilings))
    first = cluster.create(pod_of(LIVE)).stored

    stored = cluster.create(first).stored

    assert found(stored, "containers[mcp].resources") == {
        "limits": {"cpu": "2", "memory": "2Gi"},
        "requests": {"cpu": "0", "memory": "400Mi"},
    }


def test_a_limit_that_cannot_be_read_is_left_to_the_api_server() -> None:
    assert found(stored_pod(LIVE, {"memory": "much"}), REQUEST) == "400Mi"


def test_the_limit_of_another_container_says_nothing_about_this_one() -> None:
    sidecar = {"name": "sidecar", "image": "registry.example/sidecar:1"}
    main = {"name": "mcp", "image": "registry.example/mcp:1", "ports": [{"name": "mcp"}]}
    live = older(CLUSTER.create(server(containers=[sidecar, main])).stored)

    stored = stored_pod(live, {"memory": "100Mi"})

    assert found(stored, REQUEST) == "400Mi"


def test_a_rolled_deployment_loses_what_its_pods_are_given() -> None:
    rolled = FLEET.update(LIVE, restarted(LIVE)).stored

    assert found(rolled, "imagePullSecrets") is ABSENT
    assert found(rolled, REQUEST) is ABSENT
    stored = Plugins(secrets=("account",)).create(FLEET, pod_of(rolled)).stored
    assert found(stored, "imagePullSecrets") == [{"name": "account"}, {"name": "fleet"}]
    assert found(stored, REQUEST) == "400Mi"


def test_until_then_its_pods_are_as_they_were() -> None:
    stored = Plugins().create(OTHER, pod_of(LIVE)).stored

    assert found(stored, "imagePullSecrets") == [{"name": "fleet"}]
    assert found(stored, REQUEST) == "400Mi"


def test_a_manifest_that_is_applied_again_does_not_roll_an_older_deployment() -> None:
    assert OTHER.update(LIVE, server()).stored["spec"]["template"] == LIVE["spec"]["template"]
