"""A watch that falls silent, behind a proxy that keeps back what the real API server sends."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

from tests.kube.faults import Proxy
from tools.cluster.control_plane import ControlPlane
from tools.cluster.users import User
from webhook.kube.api import Api
from webhook.kube.cache import Cache
from webhook.kube.informer import Informer, ListWatch
from webhook.kube.messages import WatchEvent, namespaced

IDLE_SECONDS = 1.0
LONGEST = 20.0


class Impatient(Api):
    """Waits for a second, where the product waits for longer than bookmarks take."""

    def watch(self, path: str, **given: Any) -> AsyncGenerator[WatchEvent, None]:
        """Follow, as the product does."""
        return super().watch(path, **{**given, "idle_seconds": IDLE_SECONDS})


async def until(question: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONGEST):
        while not question():  # noqa: ASYNC110 - it is a thread that answers
            await asyncio.sleep(0.02)


def viewer(control_plane: ControlPlane, namespace: str) -> User:
    """Somebody with a token, which the proxy hands on, who may read the namespace."""
    rights = ("--clusterrole=view", f"--serviceaccount={namespace}:default")
    control_plane.kubectl("create", "rolebinding", "viewer", "-n", namespace, *rights)
    user = control_plane.service_account(namespace, "default")
    maps = namespaced("v1", "configmaps", namespace)
    control_plane.wait_for(
        "rights", lambda: control_plane.raw("GET", maps, as_user=user).status == 200
    )
    return user


async def test_what_a_silent_watch_kept_back_is_known_soon_after(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    maps = namespaced("v1", "configmaps", namespace)
    seen: Cache[str] = Cache(lambda found: str(found["metadata"]["uid"]), lambda *_: None)
    restarts: list[str] = []
    source = ListWatch("configmaps", maps, field_selector="metadata.name=late")
    authority = control_plane.components.places.authority.certificate
    reader = viewer(control_plane, namespace)
    with Proxy(control_plane.url, authority) as proxy:
        file = proxy.kubeconfig(reader.kubeconfig, tmp_path / "proxied")
        async with await Impatient.connect(file) as api:
            watch = Informer(api, source, seen, lambda _, reason: restarts.append(reason))
            following = asyncio.create_task(watch.run())
            await watch.synced.wait()
            proxy.silent = True
            control_plane.create(maps, {"metadata": {"name": "late"}})
            await until(lambda: proxy.kept_back > 0)
            assert len(seen) == 0
            proxy.silent = False
            await until(lambda: len(seen) == 1)
            following.cancel()
            await asyncio.wait([following])
    assert restarts
    assert set(restarts) == {"Unreachable"}
