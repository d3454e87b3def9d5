"""A controller that may not lead any more writes nothing, and still reads."""

import pytest

from tools.cluster.control_plane import ControlPlane
from webhook.kube.api import Api
from webhook.kube.errors import NotLeading, Unreachable
from webhook.kube.messages import namespaced


async def test_nothing_is_written_from_the_moment_on_that_another_may_lead(
    control_plane: ControlPlane, namespace: str
) -> None:
    maps = namespaced("v1", "configmaps", namespace)
    left = [10.0]
    async with await Api.connect(control_plane.kubeconfig, may_write=lambda: left[0]) as api:
        await api.create(maps, {"metadata": {"name": "a"}, "data": {"key": "1"}})
        left[0] = 0.0
        for write in (
            api.create(maps, {"metadata": {"name": "b"}}),
            api.patch(f"{maps}/a", {"data": {"key": "2"}}, kind="merge"),
            api.apply(f"{maps}/a", {"apiVersion": "v1", "kind": "ConfigMap", "data": {}}),
            api.replace(f"{maps}/a", {"metadata": {"name": "a"}}),
            api.delete(f"{maps}/a"),
        ):
            with pytest.raises(NotLeading, match="not sent, another controller may lead by now"):
                await write
        assert (await api.get(f"{maps}/a"))["data"] == {"key": "1"}
        found = (await api.list(maps)).items
    assert "b" not in [each["metadata"]["name"] for each in found]


async def test_no_answer_is_waited_for_longer_than_we_lead(
    control_plane: ControlPlane, namespace: str
) -> None:
    maps = namespaced("v1", "configmaps", namespace)
    async with await Api.connect(control_plane.kubeconfig, may_write=lambda: 0.000001) as api:
        with pytest.raises(Unreachable, match="no answer in time"):
            await api.create(maps, {"metadata": {"name": "late"}})
