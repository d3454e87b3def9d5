"""The controller killed after every single write, and followed by one that goes on."""

from __future__ import annotations

import pytest

from tests.controller.certificates.cluster import Installed, plan
from tests.controller.certificates.controller import Controller

# The authority, two configurations, the leaf; and one more, at which nobody dies.
WRITES_OF_AN_INSTALLATION = 4


@pytest.mark.parametrize("writes", range(1, WRITES_OF_AN_INSTALLATION + 2))
def test_an_installation_is_finished_by_whoever_comes_next(
    installed: Installed, writes: int
) -> None:
    controller = Controller(
        installed.cluster.kubeconfig, installed.places, plan(installed.places), []
    )
    controller.kill_after(writes)
    with controller:
        installed.cluster.wait_for("installation", installed.is_settled)

    assert controller.deaths == (writes <= WRITES_OF_AN_INSTALLATION)
    assert controller.errors == []
