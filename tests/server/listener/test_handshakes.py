"""Handshakes that fail: each is counted by its cause, and some are logged."""

import asyncio
import logging
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.server.certificates import HOST, Volume, client
from tests.server.process import Server, command
from tests.server.serving import Serving, serving
from tools.cluster.waiting import wait_for
from webhook.observe.metrics import Metrics
from webhook.server.certificate import CertificateStore
from webhook.server.file_watch import FileWatcher
from webhook.server.listener import CAUSES, QUIET_SECONDS, Handshakes, handshake_cause

FAILED = "failed_handshakes_total"
HTTP = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def clients(tmp_path: Path) -> trustme.CA:
    """Signs the certificates of clients; its own is in `clients.crt`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "clients.crt"))
    return authority


@pytest.fixture
def store(
    volume: Volume, authority: trustme.CA, clients: trustme.CA, tmp_path: Path
) -> CertificateStore:
    """A pair that is in force, and an authority for clients."""
    volume.write_pair(authority.issue_cert(HOST))
    paths = (volume.path("tls.crt"), volume.path("tls.key"), tmp_path / "clients.crt")
    store = CertificateStore(*paths)
    FileWatcher(store.file_sets, Metrics()).load()
    return store


def shake(server: Serving, context: ssl.SSLContext) -> bytes:
    """Shake hands and send something: what comes back, nothing where the server hangs up.

    On a socket that blocks, like those of API servers: asyncio sends no alert when it refuses.
    """
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    with plain, context.wrap_socket(plain, server_hostname=HOST) as connection:
        connection.send(HTTP)
        return connection.recv(1)


async def fails(server: Serving, context: ssl.SSLContext) -> None:
    with suppress(ssl.SSLError, ConnectionError):
        assert await asyncio.to_thread(shake, server, context) == b""


def logged(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [line.fields for line in caplog.records if line.message == "handshake failed"]  # type: ignore[attr-defined]


async def test_a_client_without_a_certificate(
    store: CertificateStore, authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(context=store.context) as server:
        await fails(server, client(authority))
        await server.until(FAILED, cause="no_client_certificate")

    (line,) = logged(caplog)
    assert line["cause"].startswith("a client showed no certificate: give the API server one")
    assert (line["reason"], line["failures"]) == ("PEER_DID_NOT_RETURN_A_CERTIFICATE", 1)


async def test_a_client_of_another_authority(
    store: CertificateStore, authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = trustme.CA().issue_cert("stranger.example", common_name="stranger")
    async with serving(context=store.context) as server:
        await fails(server, client(authority, stranger))
        await server.until(FAILED, cause="client_certificate_not_trusted")

    (line,) = logged(caplog)
    assert line["cause"].startswith("a client's certificate is not one that --client-ca vouches")
    assert line["reason"]
    assert "stranger" not in str(line)


async def test_a_client_that_does_not_trust_us(
    store: CertificateStore, clients: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    wrong_bundle = client(trustme.CA(), clients.issue_cert("api.example"))
    async with serving(context=store.context) as server:
        await fails(server, wrong_bundle)
        await server.until(FAILED, cause="refused_by_client")

    (line,) = logged(caplog)
    assert "compare it with the caBundle" in line["cause"]


async def test_a_client_that_speaks_no_tls(
    store: CertificateStore, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(context=store.context) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(HTTP)
        await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await server.until(FAILED, cause="other")

    (line,) = logged(caplog)
    assert line["reason"] == "HTTP_REQUEST"


async def test_a_connection_that_is_closed_again_failed_nothing(
    store: CertificateStore, authority: trustme.CA, clients: trustme.CA
) -> None:
    async with serving(context=store.context) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.close()
        await writer.wait_closed()
        known = client(authority, clients.issue_cert("api.example"))
        url = f"https://127.0.0.1:{server.port}/mutate"
        async with server.client.get(url, ssl=known, server_hostname=HOST) as answer:
            assert answer.status == 405

        assert all(server.sample(FAILED, cause=cause) == 0 for cause in CAUSES)


def failure(reason: str | None) -> ssl.SSLError:
    error = ssl.SSLError(1, "")
    error.reason = reason  # type: ignore[assignment]
    return error


def test_the_log_has_one_line_a_minute_for_each_cause(caplog: pytest.LogCaptureFixture) -> None:
    now = 1000.0
    metrics = Metrics()
    handshakes = Handshakes(metrics, lambda: now)

    for _ in range(1000):
        handshakes.failed(failure("PEER_DID_NOT_RETURN_A_CERTIFICATE"))
    handshakes.failed(failure(None))
    now += QUIET_SECONDS - 1
    handshakes.failed(failure("PEER_DID_NOT_RETURN_A_CERTIFICATE"))
    now += 1
    handshakes.failed(failure("PEER_DID_NOT_RETURN_A_CERTIFICATE"))

    counted = {"cause": "no_client_certificate"}
    assert metrics.registry.get_sample_value(f"mcp_admission_{FAILED}", counted) == 1002
    assert [(line["cause"][:15], line["failures"]) for line in logged(caplog)] == [
        ("a client showed", 1),
        ("a client spoke ", 1),
        ("a client showed", 1001),
    ]
    assert {line.levelno for line in caplog.records} == {logging.WARNING}


def test_every_cause_is_shown_from_the_start() -> None:
    metrics = Metrics()
    Handshakes(metrics)

    text = metrics.render().decode()

    for cause in CAUSES:
        assert f'mcp_admission_{FAILED}{{cause="{cause}"}} 0.0' in text


@pytest.mark.parametrize("reason", [None, "", "NO_SHARED_CIPHER", "UNSUPPORTED_PROTOCOL"])
def test_what_openssl_calls_otherwise(reason: str | None) -> None:
    assert handshake_cause(failure(reason)) == "other"


def test_the_serving_process_logs_failed_handshakes(
    volume: Volume, authority: trustme.CA, clients: trustme.CA, tmp_path: Path
) -> None:
    """With the event loop that it runs on, which is another one than that of these tests."""
    volume.write_pair(authority.issue_cert(HOST))
    words = command(volume, "--client-ca", str(tmp_path / "clients.crt"))
    known = client(authority, clients.issue_cert("api.example"))
    with Server(authority, words) as running:
        assert running.review(context=known)["allowed"] is True
        assert running.logged("handshake failed") == []
        for _ in range(3):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                running.review()
        wait_for(
            "three failures",
            lambda: running.sample(f'{FAILED}{{cause="no_client_certificate"}}') == 3,
        )
        (line,) = running.logged("handshake failed")
        assert line["level"] == "warning"
        assert line["failures"] == 1
