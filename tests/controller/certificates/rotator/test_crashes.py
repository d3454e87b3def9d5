"""The controller killed after every single write, and followed by one that goes on; or doubled."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest

from certs.authority import Certificate
from certs.rotation import Rest
from tests.controller.certificates.cluster import Installed, plan
from tests.controller.certificates.controller import Controller
from tests.controller.certificates.driving import driving
from tests.controller.certificates.serving import Service
from tools.cluster.control_plane import ControlPlane
from webhook.kube.errors import ApiError

SETTLE = timedelta(seconds=0.5)

# The authority, two configurations, the leaf; and one more, at which nobody dies.
WRITES_OF_AN_INSTALLATION = 4
# A successor, two configurations, its promotion, the leaf, the end of the old authority, and
# two configurations once more.
WRITES_OF_A_ROTATION = 8


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


async def test_three_controllers_at_once_end_with_one_authority(installed: Installed) -> None:
    kubeconfig, places = installed.cluster.kubeconfig, installed.places

    async def install() -> None:
        async with driving(kubeconfig, places) as driver:
            for _ in range(20):
                with suppress(ApiError):
                    await driver.step()

    await asyncio.gather(install(), install(), install())

    assert installed.is_settled()
    async with driving(kubeconfig, places) as driver:
        assert isinstance(await driver.step(), Rest)


def has_followed(installed: Installed, before: Certificate) -> bool:
    """Whether another authority issues."""
    return installed.authority().certificate != before


def has_died(controller: Controller, times: int) -> bool:
    """What it wrote last is seen before it has come to its end."""
    return controller.deaths == times


def test_a_rotation_is_finished_without_one_failed_admission(
    control_plane: ControlPlane, namespace: str
) -> None:
    service = Service(control_plane, namespace)
    installed = service.installed
    controller = Controller(
        control_plane.kubeconfig,
        installed.places,
        plan(installed.places, settle=SETTLE),
        service.replicas,
    )
    with controller, service.running() as load:
        for writes in range(1, WRITES_OF_A_ROTATION + 1):
            before = installed.authority().certificate
            controller.kill_after(writes)
            installed.rotate("--ca")
            control_plane.wait_for("new authority", partial(has_followed, installed, before))
            control_plane.wait_for("certificate everywhere", service.is_settled)
            control_plane.wait_for("death", partial(has_died, controller, writes))

    assert load.failures == []
    assert controller.errors == []
    assert load.answered >= 500
