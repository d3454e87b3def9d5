"""What the author of a StatefulSet, Job or the like is told about the pods that it will make."""

from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer
from webhook.admission.workload import Scope
from webhook.settings.model import Settings

SERVER = "mcp-admission.dev/server"
LABELLED = {SERVER: "true"}
CHOSEN = {"team": "tools"}
SELECTING = Settings.model_validate({"selectors": [CHOSEN]})
NO_PODS = f"its pods are not covered: put {SERVER} into spec.template.metadata.labels (identity)"
REFUSED = "pods will be refused: hostNetwork must be false (host-namespaces)"


def job(labels: dict[str, str], of_template: dict[str, str]) -> dict[str, Any]:
    pod = {"hostNetwork": True, "containers": [{"name": "main", "image": "registry.example/a:1"}]}
    template = {"metadata": {"labels": of_template}, "spec": pod}
    metadata = {"name": "index", "labels": labels}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {"template": template},
    }


@pytest.mark.parametrize(
    ("labels", "of_template", "warning"),
    [
        pytest.param(LABELLED, LABELLED, REFUSED, id="labelled"),
        pytest.param({}, LABELLED, REFUSED, id="template-labelled"),
        pytest.param(LABELLED, {}, NO_PODS, id="template-not-labelled"),
        pytest.param(LABELLED, {SERVER: "false"}, NO_PODS, id="template-opts-out"),
        pytest.param(CHOSEN, CHOSEN, REFUSED, id="selected"),
        pytest.param(LABELLED, CHOSEN, REFUSED, id="template-selected"),
        pytest.param(CHOSEN, {}, NO_PODS, id="template-not-selected"),
    ],
)
def test_pods_are_spoken_of_as_they_will_be_treated(
    labels: dict[str, str], of_template: dict[str, str], warning: str
) -> None:
    assert ApiServer(SELECTING).create(job(labels, of_template)).warnings == [warning]


def test_every_pod_of_a_managed_namespace_is_a_server() -> None:
    assert ApiServer(scope=Scope.MANAGED).create(job({}, {})).warnings == [REFUSED]


def test_a_label_that_is_a_typing_mistake_refuses_the_pods() -> None:
    warnings = ApiServer().create(job({}, {SERVER: "True"})).warnings

    place = f"spec.template.metadata.labels[{SERVER}]"
    assert warnings[0] == f'pods will be refused: {place} must be "true" (identity)'
