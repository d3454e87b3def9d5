"""What settings accept for pods is what the API server accepts in them, case by case."""

from typing import Any

import pytest

from tools.cluster.control_plane import ControlPlane
from webhook.settings.faults import SettingsError
from webhook.settings.layers import Layer, merge_layers

Json = dict[str, Any]
POD: Json = {"containers": [{"name": "mcp", "image": "registry.example/mcp:1"}]}

TOLERATIONS: list[Json] = [
    {},
    {"operator": "Exists"},
    {"operator": "Equal"},
    {"key": "a"},
    {"key": "a", "operator": "Exists", "value": "b"},
    {"key": "a", "value": "b c"},
    {"key": "a b", "value": "c"},
    {"key": "example.com/a", "value": "b"},
    {"key": "example.com/", "value": "b"},
    {"key": "-a", "operator": "Exists"},
    {"key": "a", "tolerationSeconds": 5},
    {"key": "a", "tolerationSeconds": 5, "effect": "NoExecute"},
    {"key": "a", "tolerationSeconds": 5, "effect": "NoSchedule"},
    {"value": "b"},
]
SELECTORS: list[Json] = [
    {"a": "b"},
    {"a": ""},
    {"a": "b c"},
    {"a b": "c"},
    {"example.com/a": "b_c.d"},
    {"Example.com/a": "b"},
    {"a": "b" * 63},
    {"a": "b" * 64},
    {"a" * 64: "b"},
    {"a": "-b"},
]
RESOURCES = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "memry",
    "Memory",
    "hugepages-2Mi",
    "nvidia.com/gpu",
    "nvidia.com/",
    "/gpu",
    "gpu",
    "storage",
    "pods",
    "a.b/C_d",
]


def accepted_here(**defaults: Any) -> bool:
    try:
        merge_layers([Layer({"mcpServerDefaults": defaults}, str)])
    except SettingsError:
        return False
    return True


def accepted_there(cluster: ControlPlane, **spec: Any) -> bool:
    path = "/api/v1/namespaces/default/pods?dryRun=All"
    answer = cluster.raw("POST", path, {"metadata": {"name": "tools"}, "spec": {**POD, **spec}})
    assert answer.status in {201, 422}, answer.body
    return answer.status == 201


@pytest.mark.parametrize("toleration", TOLERATIONS, ids=str)
def test_tolerations_are_accepted_as_in_pods(control_plane: ControlPlane, toleration: Json) -> None:
    there = accepted_there(control_plane, tolerations=[toleration])

    assert accepted_here(tolerations=[toleration]) is there


@pytest.mark.parametrize("selector", SELECTORS, ids=str)
def test_node_selectors_are_accepted_as_in_pods(
    control_plane: ControlPlane, selector: Json
) -> None:
    there = accepted_there(control_plane, nodeSelector=selector)

    assert accepted_here(nodeSelector=selector) is there


@pytest.mark.parametrize("name", RESOURCES)
def test_resource_names_are_accepted_as_in_pods(control_plane: ControlPlane, name: str) -> None:
    # Both, because huge pages and devices have to be equal, and huge pages want memory beside.
    amounts = {"memory": "1Gi", name: "2Gi" if name.startswith("huge") else "1"}
    resources = {"requests": amounts, "limits": amounts}
    container = {**POD["containers"][0], "resources": resources}
    there = accepted_there(control_plane, containers=[container])

    assert accepted_here(resources=resources) is there
