"""Ways around the webhook that are closed, where no control plane lets a request get so far."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import NAME, SERVER, bare_pod, server
from tests.in_memory.api_server import ApiServer
from tests.in_memory.defaults import copied, template_of
from webhook.admission.workload import Scope

Json = dict[str, Any]

CLUSTER = ApiServer()


def relabelled(pod: Json) -> Json:
    changed = copied(pod)
    changed["metadata"]["labels"][NAME] = "another-server"
    return changed


def opted_out(pod: Json) -> Json:
    changed = copied(pod)
    changed["metadata"]["labels"][SERVER] = "false"
    return changed


def unlabelled(pod: Json) -> Json:
    changed = copied(pod)
    del changed["metadata"]["labels"][SERVER]
    return changed


@pytest.mark.parametrize("change", [relabelled, opted_out, unlabelled])
def test_a_debug_container_brings_no_change_of_labels(change: Callable[[Json], Json]) -> None:
    """An API server drops such a change itself: tests/e2e/bypasses."""
    pod = CLUSTER.create(bare_pod()).stored

    assert CLUSTER.update(pod, change(pod), "ephemeralcontainers").refused_by == ["identity"]


@pytest.mark.parametrize("build", [bare_pod, server], ids=["Pod", "Deployment"])
def test_an_added_field_that_a_later_webhook_reverts_is_refused(build: Callable[[], Json]) -> None:
    """With a second webhook on a control plane: tests/e2e/second_webhook."""

    def undo(document: Json) -> Json:
        changed = copied(document)
        context = template_of(changed)["spec"]["containers"][0]["securityContext"]
        context["runAsUser"] = 0
        return changed

    assert CLUSTER.create(build(), undo).refused_by == ["run-as-user"]


@pytest.mark.parametrize("document", [None, [], {"spec": None}, {"spec": {"containers": {}}}])
def test_an_object_of_another_shape_is_refused_not_passed(document: Any) -> None:
    broken = {"kind": "Pod", "metadata": {"labels": {SERVER: "true"}}}
    broken |= document if isinstance(document, dict) else {"spec": document}
    everything = ApiServer(scope=Scope.MANAGED, bare=True)

    assert everything.create(broken).refused_by == ["object"]
