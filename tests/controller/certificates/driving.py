"""A driver that takes its turns one by one, in the test's own event loop."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from tests.controller.certificates.cluster import plan
from webhook.controller.certificates.rotator import Rotator
from webhook.controller.installation import Installation
from webhook.controller.serving_replicas import Replica
from webhook.kube.api import Api
from webhook.observe.metrics import ControllerMetrics

AT_ONCE = timedelta(0)


@asynccontextmanager
async def driving(
    kubeconfig: Path, places: Installation, replicas: Sequence[Replica] = ()
) -> AsyncIterator[Rotator]:
    """A driver that waits for nothing to settle."""

    async def find_replicas() -> list[Replica]:
        return list(replicas)

    async with await Api.connect(kubeconfig) as api:
        wanted = plan(places, settle=AT_ONCE)
        yield Rotator(api, places, wanted, find_replicas, ControllerMetrics(), api.server_time)


async def drive(driver: Rotator, most: int = 20) -> int:
    """Take turns until there is nothing to do at once; how many there were."""
    for turns in range(1, most + 1):
        if await driver.reconcile():
            return turns
    raise AssertionError(f"no rest after {most} turns")


def sample(driver: Rotator, name: str, **labels: str) -> float | None:
    """The value of one of its metrics."""
    return driver.metrics.registry.get_sample_value(f"mcp_admission_{name}", labels)
