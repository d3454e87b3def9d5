"""What the kubelet and Prometheus read, and what the process waits for."""

import asyncio

from aiohttp import ClientSession

from webhook.observe.metrics import Metrics
from webhook.server.app import Traffic
from webhook.server.listener import PROBES, Address, Listener, ListenerPort
from webhook.server.probes import Rendering, probe_application

ADDRESS = Address("127.0.0.1", 0)
PORT = ListenerPort("probes", PROBES)


async def test_readiness_ends_before_the_process() -> None:
    metrics = Metrics()
    traffic = Traffic(metrics)
    listener = await Listener.open(
        probe_application(metrics, traffic, lambda: None), ADDRESS, metrics, PORT
    )
    answers = []
    async with ClientSession(f"http://{listener.addresses[0]}") as client:
        for traffic.draining in (False, True):
            for path in ("/healthz", "/readyz"):
                async with client.get(path) as answer:
                    answers.append((answer.status, await answer.text()))
        async with client.get("/metrics") as answer:
            text = await answer.text()
    await listener.close()

    assert answers == [(200, "ok\n"), (200, "ok\n"), (200, "ok\n"), (503, "shutting down\n")]
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "mcp_admission_internal_errors_total 0.0\n" in text


async def test_readiness_fails_while_there_is_a_problem() -> None:
    metrics = Metrics()
    problems = iter(["the certificate ended", None])
    listener = await Listener.open(
        probe_application(metrics, Traffic(metrics), lambda: next(problems)),
        ADDRESS,
        metrics,
        PORT,
    )
    answers = []
    async with ClientSession(f"http://{listener.addresses[0]}") as client:
        for path in ("/readyz", "/healthz", "/readyz"):
            async with client.get(path) as answer:
                answers.append((answer.status, await answer.text()))
    await listener.close()

    assert answers == [(503, "the certificate ended\n"), (200, "ok\n"), (200, "ok\n")]


async def test_traffic_has_ended_when_the_last_request_has() -> None:
    traffic = Traffic(Metrics())
    await traffic.ended()
    with traffic:
        with traffic:
            ended = asyncio.create_task(traffic.ended())
        await asyncio.sleep(0)
        assert not ended.done()
    await ended


async def test_readiness_names_the_settings_ready_or_not() -> None:
    metrics = Metrics()
    traffic = Traffic(metrics)
    digests = iter(["one", "two"])
    listener = await Listener.open(
        probe_application(metrics, traffic, lambda: None, lambda: next(digests)),
        ADDRESS,
        metrics,
        PORT,
    )
    answers = []
    async with ClientSession(f"http://{listener.addresses[0]}") as client:
        for traffic.draining in (False, True):
            async with client.get("/readyz") as answer:
                answers.append((answer.status, answer.headers["Mcp-Admission-Settings"]))
    await listener.close()

    assert answers == [(200, "one"), (503, "two")]


async def test_metrics_are_made_once_for_all_who_wait() -> None:
    made: list[bytes] = []

    class Counted(Metrics):
        def render(self) -> bytes:
            made.append(b"text %d" % len(made))
            return made[-1]

    rendering = Rendering(Counted())
    first = await asyncio.gather(*(rendering.text() for _ in range(50)))
    assert set(first) == {b"text 0"}
    assert await rendering.text() == b"text 1"
    assert len(made) == 2
