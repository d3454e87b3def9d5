"""Controllers are scaled down, and nothing goes on before the last pod of each is gone."""

from typing import Any

import pytest

from webhook.controller import stopping
from webhook.controller.installation import CONTROL_DEPLOYMENT, CONTROL_PODS
from webhook.kube.errors import NotFound
from webhook.kube.pages import Listing


class Cluster:
    """A controller whose pods are still there for so many looks."""

    def __init__(self, looks: int, *, there: bool = True) -> None:
        self.looks, self.there = looks, there
        self.selectors: set[str] = set()

    async def patch(self, path: str, body: Any, *, kind: str) -> None:
        assert (body, kind) == ({"spec": {"replicas": 0}}, "merge")
        if not self.there:
            raise NotFound(404, "NotFound", path)

    async def list(self, _: str, *, label_selector: str) -> Listing:
        self.selectors.add(label_selector)
        self.looks -= 1
        return Listing([{}] * (self.looks >= 0), "1")


async def stopped(cluster: Any) -> bool:
    return await stopping.stop_controller(cluster, "system", CONTROL_DEPLOYMENT)


async def test_its_pods_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "PAUSE", 0.0)
    cluster = Cluster(looks=3)

    assert await stopped(cluster)
    assert (cluster.looks, cluster.selectors) == (-1, {CONTROL_PODS})


async def test_one_that_is_not_there_needs_no_wait() -> None:
    cluster = Cluster(looks=3, there=False)

    assert not await stopped(cluster)
    assert cluster.looks == 3


async def test_one_that_does_not_stop_ends_the_removal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "SECONDS_TO_STOP", -1.0)

    with pytest.raises(stopping.StillRunningError, match="do not end: delete them"):
        await stopped(Cluster(looks=1_000_000))
