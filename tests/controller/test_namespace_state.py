"""What is kept of pods: the place of our gate."""

import pytest

from tests.controller.test_cluster_state import GATE, pod
from webhook.controller.namespace_state import gate_index, observe_pod


@pytest.mark.parametrize(
    ("gates", "at"), [([], None), (["other"], None), ([GATE], 0), (["other", GATE], 1)]
)
def test_our_gate_is_found_among_others(gates: list[str], at: int | None) -> None:
    assert gate_index(pod(gates)) == at


def test_a_pod_is_kept_with_the_place_of_its_gate_and_since_when_it_waits() -> None:
    waiting, running = pod(["theirs", GATE]), pod([])
    for each in (waiting, running):
        each["metadata"]["creationTimestamp"] = "2026-01-02T03:04:05Z"

    assert observe_pod(waiting) == ("uid-of-crm-1", 1, "2026-01-02T03:04:05Z")
    assert observe_pod(running) == ("uid-of-crm-1", None, "")
