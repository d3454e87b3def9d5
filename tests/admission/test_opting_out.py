"""A Deployment that opts out is left as its author wrote it, down to objects that we made."""

from typing import Any

import pytest

from tests.admission.case import SERVER, answer_to, deployment, mutated
from tests.in_memory.requests import applied

Json = dict[str, Any]
DROP_ALL = {"capabilities": {"drop": ["ALL"]}}


def with_container(**fields: Any) -> Json:
    return deployment(containers=[{"name": "main", "image": "example.test/mcp:1", **fields}])


@pytest.mark.parametrize(
    "manifest",
    [
        deployment(),
        deployment(securityContext={"runAsUser": 2000}),
        deployment(initContainers=[{"name": "prepare", "image": "example.test/mcp:1"}]),
        deployment(annotations={"mcp-admission.dev/files-from": "keys"}),
        with_container(securityContext=DROP_ALL),
        with_container(securityContext={"readOnlyRootFilesystem": True}),
        with_container(resources={"limits": {"cpu": "1"}}),
        with_container(imagePullPolicy="IfNotPresent"),
        with_container(envFrom=[{"secretRef": {"name": "own"}}]),
    ],
)
def test_nothing_of_ours_is_left(manifest: Json) -> None:
    live = mutated(manifest)
    leaving = {**live, "metadata": {**live["metadata"], "labels": {SERVER: "false"}}}

    left = applied(leaving, answer_to(leaving, live))

    expected = manifest["spec"]["template"]
    assert without_empty(left["spec"]["template"]["metadata"]) == expected["metadata"]
    assert left["spec"]["template"]["spec"] == expected["spec"]


def without_empty(metadata: Json) -> Json:
    return {key: value for key, value in metadata.items() if value != {}}
