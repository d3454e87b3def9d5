"""The port itself: TLS on asyncio's own event loop, and handshakes that never end."""

import asyncio
import contextlib
from typing import Any

import pytest
import trustme

from tests.server.certificates import HOST, Volume, client, serial, serial_of
from tests.server.reviews import answered, posted
from tests.server.serving import JSON, serving
from webhook.observe.metrics import Metrics
from webhook.server import acceptor as module
from webhook.server import connections
from webhook.server.certificate import CertificateStore
from webhook.server.file_watch import FileWatcher
from webhook.server.listener import Address


@pytest.fixture
def store(volume: Volume, authority: trustme.CA) -> CertificateStore:
    """A certificate that is in force."""
    volume.write_pair(authority.issue_cert(HOST))
    store = CertificateStore(volume.path("tls.crt"), volume.path("tls.key"))
    FileWatcher(store.file_sets, Metrics()).load()
    return store


async def test_reviews_are_answered_over_tls(
    store: CertificateStore, volume: Volume, authority: trustme.CA
) -> None:
    """Open connections outlive a change of the certificate, new ones see it."""
    watch = FileWatcher(store.file_sets, Metrics())
    watch.load()
    async with serving(context=store.context) as server:
        url = f"https://127.0.0.1:{server.port}/mutate"
        options: dict[str, Any] = {"data": posted(), "headers": JSON, "server_hostname": HOST}
        async with server.client.post(url, ssl=client(authority), **options) as answer:
            assert answered(await answer.read())["allowed"] is True
        new = authority.issue_cert(HOST)
        volume.write_pair(new)
        watch.poll()
        async with server.client.post(url, ssl=client(authority), **options) as answer:
            assert answered(await answer.read())["allowed"] is True
        _, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=client(authority), server_hostname=HOST
        )
        assert serial(writer.get_extra_info("ssl_object")) == serial_of(new, authority)
        writer.close()


@pytest.mark.parametrize("sent", [b"", bytes.fromhex("160301020001000200")])
async def test_a_handshake_that_never_ends_is_ended(
    sent: bytes, store: CertificateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.HANDSHAKE_SECONDS == 10
    monkeypatch.setattr(module, "HANDSHAKE_SECONDS", 0.05)
    monkeypatch.setattr(connections, "PENDING_SECONDS", 0.05)
    async with serving(context=store.context) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        # A connection that is closed with bytes unread is reset.
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()


async def test_half_an_answer_is_not_followed_by_another() -> None:
    """The client would take the second for the rest of the first."""
    async with serving() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n")
        manager = server.listener._runner.server
        assert manager is not None
        async with asyncio.timeout(5):
            while not manager.connections:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0)
        (connection,) = manager.connections

        class Sent:
            output_size = 1

        class Request:
            remote = "127.0.0.1"
            writer = Sent()

        with pytest.raises(ConnectionError):
            connection.handle_error(Request(), 500)  # type: ignore[arg-type]
        writer.close()


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address("0.0.0.0", 8443), "0.0.0.0:8443"),
        (Address("::", 8443), "[::]:8443"),
        (Address("", 8443), ":8443"),
    ],
)
def test_an_address_is_written_as_it_is_read(address: Address, text: str) -> None:
    assert str(address) == text
