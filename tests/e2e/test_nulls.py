"""What the API server makes of nulls is what an offline review takes them for."""

from typing import Any

from tests.e2e.namespace import Namespace
from webhook.offline.decoding import decoded

Json = dict[str, Any]
SERVER = "mcp-admission.dev/server"
CONTAINER: Json = {
    "name": "main",
    "image": "example.test/a:1",
    "args": ["serve", None],
    "env": None,
    "ports": [{"containerPort": 80, "name": None}],
    "resources": {"requests": {"memory": None}, "limits": {"cpu": None}},
    "securityContext": {"runAsUser": None, "capabilities": {"add": [None], "drop": None}},
}
DEPLOYMENT: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "nulls",
        "creationTimestamp": None,
        "labels": {"a": None},
        "annotations": None,
    },
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": None}},
        "template": {
            "metadata": {"labels": {"app": None}, "annotations": {"b": None}},
            "spec": {
                "containers": [CONTAINER],
                "nodeSelector": {"c": None},
                "securityContext": {"supplementalGroups": [None, 5], "fsGroup": None},
                "imagePullSecrets": [None, {"name": "d"}],
                "volumes": None,
                "hostNetwork": None,
            },
        },
    },
}


def missing(wanted: Any, stored: Any, place: str = "") -> list[str]:
    """The places where what is stored lacks or has otherwise what it should hold."""
    if isinstance(wanted, dict) and isinstance(stored, dict):
        return [
            found
            for key, inner in wanted.items()
            for found in missing(inner, stored.get(key), f"{place}/{key}")
        ]
    if isinstance(wanted, list) and isinstance(stored, list) and len(wanted) == len(stored):
        return [
            found
            for at, inner in enumerate(wanted)
            for found in missing(inner, stored[at], f"{place}/{at}")
        ]
    return [] if wanted == stored or (not wanted and stored is None) else [f"{place}: {stored}"]


def test_nulls_are_stored_as_a_review_decodes_them(namespace: Namespace) -> None:
    answer = namespace.raw("POST", "deployments", DEPLOYMENT)

    assert answer.status == 201, answer.json()
    stored = namespace.get("deployments/nulls")
    assert missing(decoded(DEPLOYMENT, "Deployment"), stored) == []
    pod = stored["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"] == {
        "limits": {"cpu": "0"},
        "requests": {"memory": "0"},
    }
    assert stored["metadata"]["labels"] == {"a": ""}
    assert "volumes" not in pod


def test_a_null_opt_in_label_is_refused(namespace: Namespace) -> None:
    metadata = {"name": "labelled", "labels": {SERVER: None}}

    answer = namespace.raw("POST", "deployments", {**DEPLOYMENT, "metadata": metadata})

    assert answer.status == 403
    assert f"metadata.labels[{SERVER}]" in answer.json()["message"]
