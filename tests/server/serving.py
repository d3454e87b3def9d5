"""The server in the test's own event loop, on a real port, with a review of the test's choice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

from aiohttp import ClientResponse, ClientSession

from tests.server.reviews import posted
from webhook.admission.answer import NOT_COVERED, Answer
from webhook.admission.workload import Request, Scope
from webhook.observe.metrics import Metrics
from webhook.server.app import Traffic, review_server
from webhook.server.connections import Bounds
from webhook.server.decision import Reviewer
from webhook.server.listener import REVIEWS, Address, Listener, ListenerPort
from webhook.server.settings_file import InForce, SettingsFile
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

JSON = {"Content-Type": "application/json"}


def in_force(current: Settings, *accepted: Settings) -> InForce:
    """These settings, in each namespace."""
    return InForce(SettingsByNamespace(current), tuple(map(SettingsByNamespace, accepted)))


@dataclass
class Recorder:
    """A review that gives the answer it is given, and remembers what it was asked."""

    answer: Answer = NOT_COVERED
    asked: list[tuple[Request, Settings, Scope]] = field(default_factory=list)

    def __call__(self, request: Request, settings: Settings, scope: Scope) -> Answer:
        self.asked.append((request, settings, scope))
        return self.answer


@dataclass
class Serving:
    """A server that listens, and a client for it."""

    port: int
    listener: Listener
    metrics: Metrics
    traffic: Traffic
    settings: SettingsFile
    client: ClientSession

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def post(
        self, path: str = "/mutate", body: Any = None, **options: Any
    ) -> tuple[ClientResponse, bytes]:
        """Post a review, or this body; return the answer and its body."""
        options.setdefault("headers", JSON)
        data = posted() if body is None else body
        async with self.client.post(self.url(path), data=data, **options) as answer:
            return answer, await answer.read()

    async def raw(self, sent: bytes) -> bytes:
        """Everything that comes back for these bytes until the server closes the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        received = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
        return received

    def sample(self, name: str, **labels: str) -> float:
        """The value of a metric; 0 while it has none."""
        value = self.metrics.registry.get_sample_value(f"mcp_admission_{name}", labels)
        return value or 0.0

    async def until(self, name: str, **labels: str) -> None:
        """Return when the metric is not 0 any more."""
        async with asyncio.timeout(5):
            while not self.sample(name, **labels):  # noqa: ASYNC110 - metrics have no events
                await asyncio.sleep(0)


@asynccontextmanager
async def serving(
    reviewer: Reviewer | None = None,
    context: SSLContext | None = None,
    client_names: frozenset[str] = frozenset(),
    bounds: Bounds = REVIEWS,
) -> AsyncIterator[Serving]:
    """Serve on a free port of the loopback address."""
    metrics = Metrics()
    traffic = Traffic(metrics)
    settings = SettingsFile(None)
    app = review_server(settings, metrics, traffic, reviewer or Recorder(), client_names)
    port_ = ListenerPort("reviews", bounds, context)
    listener = await Listener.open(app, Address("127.0.0.1", 0), metrics, port_)
    port = int(listener.addresses[0].rpartition(":")[2])
    try:
        async with ClientSession() as client:
            yield Serving(port, listener, metrics, traffic, settings, client)
    finally:
        await listener.close()
