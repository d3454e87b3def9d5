"""Where the product's own pods run: before all others, and apart where there are two nodes."""

import pytest

from tests.chart.value_sets import VALUE_SETS
from tools.chart.helm import Helm, Json

PROCESSES = ("serve", "control", "certificates")


def pod(helm: Helm, process: str, values: Json | None = None) -> Json:
    """The spec of the pods of a process."""
    objects = helm.objects({**VALUE_SETS["defaults"], **(values or {})})
    name = f"mcp-admission-{process}"
    spec: Json = next(
        found["spec"]["template"]["spec"]
        for found in objects
        if (found["kind"], found["metadata"]["name"]) == ("Deployment", name)
    )
    return spec


@pytest.mark.parametrize("process", PROCESSES)
def test_no_pod_of_a_tenant_preempts_the_product(helm: Helm, process: str) -> None:
    assert pod(helm, process)["priorityClassName"] == "system-cluster-critical"
    assert "priorityClassName" not in pod(helm, process, {"priorityClassName": ""})
    assert pod(helm, process, {"priorityClassName": "high"})["priorityClassName"] == "high"


@pytest.mark.parametrize("process", PROCESSES)
def test_two_replicas_share_a_node_only_where_there_is_one(helm: Helm, process: str) -> None:
    """Skew counts the nodes that take pods: one node alone has none, and a lost one is left out.

    A rollout counts its own pods only: those that it replaces do not stand in its way.
    """
    of_nodes, of_zones = pod(helm, process)["topologySpreadConstraints"]

    assert of_nodes["topologyKey"] == "kubernetes.io/hostname"
    assert (of_nodes["maxSkew"], of_nodes["whenUnsatisfiable"]) == (1, "DoNotSchedule")
    assert of_nodes["nodeTaintsPolicy"] == "Honor"
    assert "minDomains" not in of_nodes
    assert of_zones["topologyKey"] == "topology.kubernetes.io/zone"
    assert of_zones["whenUnsatisfiable"] == "ScheduleAnyway"
    for each in (of_nodes, of_zones):
        assert each["matchLabelKeys"] == ["pod-template-hash"]
        assert each["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] == process


@pytest.mark.parametrize("process", PROCESSES)
def test_a_scheduler_sets_resources_aside(helm: Helm, process: str) -> None:
    (container,) = pod(helm, process)["containers"]

    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
