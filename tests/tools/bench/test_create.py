"""The program that creates pods, on a control plane: what it says is what was stored and seen."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import GATE
from tests.cluster.fixtures import control_plane, namespace
from tools.bench.binaries import built
from tools.bench.created_pods import pod
from tools.bench.creator import Creator, Job
from tools.cluster.control_plane import ControlPlane
from tools.cluster.release import NoControlPlaneError

__all__ = ["control_plane", "namespace"]


@pytest.fixture
def creator(control_plane: ControlPlane) -> Iterator[Creator]:
    """The program; without Go the test is skipped."""
    try:
        program = built("create")
    except NoControlPlaneError as reason:
        pytest.skip(str(reason))
    with Creator(program, control_plane.kubeconfig) as found:
        yield found


def gated() -> dict[str, Any]:
    """A pod that waits."""
    found = pod(1)
    found["spec"]["schedulingGates"] = [{"name": GATE}]
    return found


def test_every_pod_that_it_speaks_of_is_stored(
    control_plane: ControlPlane, namespace: str, creator: Creator
) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"

    answers = creator.run(Job([path], pod(2), count=7, at_once=3)).answers

    stored = {each["metadata"]["uid"] for each in control_plane.get(path)["items"]}
    assert {each.uid for each in answers} == stored
    assert len(stored) == 7
    assert all(0 <= each.sent < each.answered for each in answers)


def test_it_sees_which_gates_are_gone(namespace: str, creator: Creator) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    waiting = creator.run(Job([path], gated(), 2))

    open_ = creator.run(
        Job([path], pod(1), 2, at_once=2, watch=f"{path}?watch=1", gate=GATE, seconds=60)
    )

    assert open_.opened.keys() == {each.uid for each in open_.answers}
    assert open_.opened.keys().isdisjoint(each.uid for each in waiting.answers)


def test_what_is_refused_comes_back_with_its_reason(namespace: str, creator: Creator) -> None:
    refused = pod(1)
    del refused["spec"]["containers"][0]["image"]

    (answer,) = creator.run(Job([f"/api/v1/namespaces/{namespace}/pods"], refused, 1)).answers

    assert (answer.created, answer.too_late, answer.status) == (False, False, 422)
    assert "spec.containers[0].image" in str(answer)
