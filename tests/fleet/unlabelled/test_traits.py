"""What a workload shows is read once, within bounds, and no value of a variable is among it."""

from typing import Any

from tests.fleet.unlabelled.manifests import SERVERS, similar
from webhook.fleet.unlabelled.command_words import LONGEST
from webhook.fleet.unlabelled.traits import MOST, ForeignOwner, foreign_owners, traits

POD: dict[str, Any] = {
    "metadata": {
        "name": "crm",
        "labels": {"app": "crm-mcp", "team": "a"},
        "annotations": {"note": "mcp"},
    },
    "spec": {
        "initContainers": [{"name": "copy", "image": "a:1"}],
        "containers": [
            {
                "name": "main",
                "image": "b:2",
                "command": ["npx", "x"],
                "ports": [{"name": "mcp", "containerPort": 1}, {"containerPort": 2}],
                "readinessProbe": {"httpGet": {"path": "/mcp"}},
                "livenessProbe": {"exec": {}},
                "env": [{"name": "TOKEN", "value": "secret"}],
            }
        ],
    },
}


def test_every_kind_of_trait_has_its_place() -> None:
    found = [(each.kind, each.where, each.value) for each in traits(POD, POD) if each.value]

    assert found == [
        ("name", "metadata.name", "crm"),
        ("name", "metadata.labels[app]", "crm-mcp"),
        ("label", "metadata.labels", "app=crm-mcp"),
        ("label", "metadata.labels", "team=a"),
        ("annotation", "metadata.annotations", "note"),
        ("name", "containers[main].name", "main"),
        ("image", "containers[main].image", "b:2"),
        ("package", "containers[main].command", "x"),
        ("port", "containers[main].ports", "mcp"),
        ("path", "containers[main].readinessProbe.httpGet.path", "/mcp"),
        ("env", "containers[main].env", "TOKEN"),
        ("name", "initContainers[copy].name", "copy"),
        ("image", "initContainers[copy].image", "a:1"),
    ]


def test_owners_of_kubernetes_itself_are_no_operators() -> None:
    references = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a"},
        {"apiVersion": "v1", "kind": "Node", "name": "b"},
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "c"},
        {"kind": "Nothing", "name": "d"},
    ]

    assert foreign_owners({"ownerReferences": references}) == [
        ForeignOwner("argoproj.io", "Rollout", "c")
    ]
    assert foreign_owners({}) == []


def test_a_huge_object_is_read_within_bounds() -> None:
    huge: dict[str, Any] = {
        "metadata": {"name": "a", "labels": {"x" * 5000: "y"}},
        "spec": {"containers": [{"env": [{"name": f"A{at}"} for at in range(50_000)]}]},
    }
    found = list(traits(huge, huge))

    assert len(found) == MOST
    assert max(len(each.value) for each in found) == LONGEST


def test_an_empty_template_shows_the_name() -> None:
    found = list(traits({"metadata": {"name": "a"}}, {}))

    assert [each.value for each in found] == ["a"]


def test_no_value_of_a_variable_is_told() -> None:
    demo = similar(SERVERS["Deployment demos/demo-api"])

    assert "not-to-be-told" not in str(demo)
