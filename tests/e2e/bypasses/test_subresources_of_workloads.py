"""In a managed namespace no subresource of a workload does what the workload itself may not.

kubectl has its own ways to scale, and the API server drops what a status may not carry.
tests/scenarios/test_scale_of_deployments.py has the rest.
"""

import json
from typing import Any

import pytest

from tests.builders import NOT_LABELLED, of_kind, server
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.refusals import refusing_rules


@pytest.fixture
def deployed(managed: Namespace) -> Namespace:
    """A managed namespace with one Deployment in it."""
    managed.create(server(labels=NOT_LABELLED))
    return managed


def replicas(namespace: Namespace) -> Any:
    return namespace.deployment()["spec"]["replicas"]


def test_kubectl_scale_above_one_replica_is_refused(deployed: Namespace) -> None:
    arguments = ("scale", "deployment/github-tools", "--replicas=3")
    refused = deployed.kubectl(*arguments, as_user=deployed.tenant, check=False)

    assert refusing_rules(refused) == {"replicas"}
    assert replicas(deployed) == 1


def test_kubectl_patches_no_subresource_with_more_replicas(deployed: Namespace) -> None:
    arguments = ("patch", "deployment/github-tools", "--subresource=scale", "--type=merge")
    more = json.dumps({"spec": {"replicas": 3}})
    refused = deployed.kubectl(*arguments, "-p", more, as_user=deployed.tenant, check=False)

    assert refusing_rules(refused) == {"replicas"}
    assert replicas(deployed) == 1


def test_a_put_of_a_scale_above_one_replica_is_refused(deployed: Namespace) -> None:
    scale = deployed.get("deployments/github-tools/scale")
    scale["spec"]["replicas"] = 2
    del scale["metadata"]["resourceVersion"]

    answer = deployed.raw("PUT", "deployments/github-tools/scale", scale)

    assert refusing_rules(answer) == {"replicas"}
    assert replicas(deployed) == 1


def test_a_stateful_set_scales_freely(managed: Namespace) -> None:
    managed.create(of_kind("StatefulSet", labels=NOT_LABELLED))

    arguments = ("scale", "statefulset/github-tools", "--replicas=3")
    assert managed.kubectl(*arguments, as_user=managed.tenant).stderr == ""


def test_the_status_of_a_deployment_carries_no_template(deployed: Namespace) -> None:
    before = deployed.deployment()["spec"]
    body = {"spec": {"replicas": 3, "template": {"spec": {"hostNetwork": True}}}}

    deployed.raw("PATCH", "deployments/github-tools/status", body, MERGE_PATCH)

    assert deployed.deployment()["spec"] == before
