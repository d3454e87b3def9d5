"""A steady load of dry-run creates through the API server, and handshakes as it would make them."""

import asyncio
import time
from collections.abc import Callable, Sequence

from tests import builders
from tests.controller.certificates.cluster import Installed, accepted
from tools.cluster.background import Background
from webhook.controller.certificates import ca_bundles
from webhook.kube.api import Api
from webhook.kube.errors import ApiError
from webhook.kube.messages import namespaced

SENDERS = 4
SECONDS_BETWEEN_HANDSHAKES = 0.1


class Load(Background):
    """While it is entered, pods are created without an end; every refusal is kept.

    `ports` are the replicas that take new connections at the moment. Without `senders`, hands
    are shaken and nothing is created.
    """

    def __init__(
        self, installed: Installed, ports: Callable[[], Sequence[int]], senders: int = SENDERS
    ) -> None:
        super().__init__("load")
        self._installed = installed
        self._ports = ports
        self._senders = senders
        self.answered = 0
        self.handshakes = 0
        self.failures: list[str] = []
        self.slowest = 0.0

    def run(self) -> None:
        asyncio.run(self._send())

    async def _send(self) -> None:
        async with (
            await Api.connect(self._installed.cluster.kubeconfig) as api,
            asyncio.TaskGroup() as all_of_them,
        ):
            for _ in range(self._senders):
                all_of_them.create_task(self._create(api))
            all_of_them.create_task(self._shake_hands(api))

    async def _create(self, api: Api) -> None:
        path = namespaced("v1", "pods", self._installed.namespace)
        pod = builders.bare_pod()
        while not self.over.is_set():
            started = time.monotonic()
            try:
                made = await api.create(path, pod, dry_run=True, seconds=30)
            except ApiError as error:
                self.failures.append(error.message)
                continue
            if "securityContext" not in made["spec"]["containers"][0]:
                self.failures.append("a pod was admitted and not filled in")
            self.answered += 1
            self.slowest = max(self.slowest, time.monotonic() - started)

    async def _shake_hands(self, api: Api) -> None:
        """Each replica, with each of the bundles as it was a moment ago."""
        host = self._installed.places.host
        while not self.over.is_set():
            bundles = ca_bundles.ca_bundles(
                await ca_bundles.read_configurations(api, self._installed.places)
            )
            for port in self._ports():
                for bundle in set(bundles.values()):
                    await self._shake(port, host, bundle or b"")
            await asyncio.sleep(SECONDS_BETWEEN_HANDSHAKES)

    async def _shake(self, port: int, host: str, bundle: bytes) -> None:
        try:
            await asyncio.to_thread(accepted, port, host, bundle)
        except OSError as error:
            self.failures.append(f"handshake with {port}: {error}")
        self.handshakes += 1
