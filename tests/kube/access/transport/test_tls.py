"""Real handshakes: by another name, through a CONNECT proxy, with a client certificate."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from tests.kube.access.kubeconfigs import Json, config, written
from tests.server.certificates import chain, key
from webhook.kube.api import Api
from webhook.kube.errors import ApiError, Unreachable

NAME = "api.example.test"
BY_NAME: Json = {"tls-server-name": NAME}
UNCHECKED: Json = {"insecure-skip-tls-verify": True}
PATH = "/api/v1/namespaces/a/configmaps/b"


class ApiServer:
    """Has a certificate for NAME alone; keeps what it is sent."""

    def __init__(self, folder: Path, authority: trustme.CA, port: int) -> None:
        self.folder, self.authority, self.port = folder, authority, port
        self.requests: list[web.BaseRequest] = []
        self.certificates: list[Any] = []
        self.status = 200

    @property
    def trusted(self) -> Json:
        (self.folder / "ca.crt").write_bytes(self.authority.cert_pem.bytes())
        return {"certificate-authority": "ca.crt"}

    async def asked(self, cluster: Json, user: Json | None = None, host: str = "") -> Any:
        """The last request of a client with this kubeconfig."""
        server = f"https://{host or '127.0.0.1'}:{self.port}"
        found = config(user, {**cluster, "server": server})
        async with await Api.connect(written(self.folder, found)) as api:
            await api.get(PATH)
        return self.requests[-1]


@pytest.fixture
async def api_server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(tls)
    tls.verify_mode = ssl.CERT_OPTIONAL
    authority.configure_trust(tls)
    found = ApiServer(tmp_path, authority, 0)

    async def answer(request: web.BaseRequest) -> web.Response:
        found.requests.append(request)
        assert request.transport is not None
        found.certificates.append(request.transport.get_extra_info("peercert"))
        return web.json_response({"kind": "ConfigMap"}, status=found.status)

    server = RawTestServer(answer, scheme="https")
    await server.start_server(ssl=tls)
    found.port = server.port or 0
    yield found
    await server.close()


@pytest.fixture
async def proxy(api_server: ApiServer) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that connects to the API server whatever it is asked for; what it was asked."""
    asked: list[str] = []
    running: list[asyncio.Task[None] | None] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.append(asyncio.current_task())
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        with suppress(ConnectionError):
            theirs, ours = await asyncio.open_connection("127.0.0.1", api_server.port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(pump(reader, ours), pump(theirs, writer))

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
        await asyncio.gather(*filter(None, running))


async def test_the_server_name_of_the_kubeconfig_is_checked(api_server: ApiServer) -> None:
    with pytest.raises(Unreachable, match="ClientConnectorCertificateError"):
        await api_server.asked(api_server.trusted)
    with pytest.raises(Unreachable, match="ClientConnectorCertificateError"):
        await api_server.asked(api_server.trusted | {"tls-server-name": "other.example.test"})
    assert api_server.requests == []

    await api_server.asked(api_server.trusted | BY_NAME)


async def test_an_authority_that_is_not_the_clusters_is_not_trusted(api_server: ApiServer) -> None:
    with pytest.raises(Unreachable, match=r"CertificateError: self.signed certificate"):
        await api_server.asked(BY_NAME)


async def test_whoever_asks_for_no_checks_gets_none(api_server: ApiServer) -> None:
    await api_server.asked(UNCHECKED)


async def test_a_client_certificate_is_shown(api_server: ApiServer) -> None:
    leaf = api_server.authority.issue_cert("dev.example.test")
    (api_server.folder / "tls.crt").write_bytes(chain(leaf))
    (api_server.folder / "tls.key").write_bytes(key(leaf))
    user = {"client-certificate": "tls.crt", "client-key": "tls.key"}
    await api_server.asked(api_server.trusted | BY_NAME, user)

    (shown,) = api_server.certificates
    assert shown["subjectAltName"] == (("DNS", "dev.example.test"),)


async def test_credentials_and_impersonation_are_sent_with_each_request(
    api_server: ApiServer,
) -> None:
    user = {"token": "t", "as": "dev", "as-groups": ["a", "b"]}
    request = await api_server.asked(UNCHECKED, user)

    assert request.headers.getall("Authorization") == ["Bearer t"]
    assert request.headers.getall("Impersonate-User") == ["dev"]
    assert request.headers.getall("Impersonate-Group") == ["a", "b"]


@pytest.mark.parametrize("named", ["proxy-url", "HTTPS_PROXY", "https_proxy"])
async def test_a_proxy_is_asked_to_connect_and_sees_nothing_more(
    named: str,
    api_server: ApiServer,
    proxy: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, asked = proxy
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.delenv("no_proxy", raising=False)
    cluster = dict(api_server.trusted)
    if named == "proxy-url":
        cluster[named] = f"http://user:word@{address}"
    else:
        monkeypatch.setenv(named, f"user:word@{address}")
    user = {"token": "hunter2", "as": "dev"}
    await api_server.asked(cluster, user, host=NAME)

    (head,) = asked
    assert head.startswith(f"CONNECT {NAME}:{api_server.port} ")
    assert "Proxy-Authorization: Basic dXNlcjp3b3Jk" in head
    assert "hunter2" not in head
    assert "Impersonate" not in head


async def test_the_server_name_is_checked_behind_a_proxy_too(
    api_server: ApiServer, proxy: tuple[str, list[str]]
) -> None:
    address, asked = proxy
    cluster = {**api_server.trusted, "proxy-url": f"http://{address}"}
    with pytest.raises(Unreachable):
        await api_server.asked(cluster, host="10.96.0.1")
    await api_server.asked(cluster | BY_NAME, host="10.96.0.1")

    assert len(asked) == 2


async def test_after_a_401_credentials_are_looked_for_again(api_server: ApiServer) -> None:
    token = api_server.folder / "token"
    token.write_text("old")
    server = f"https://127.0.0.1:{api_server.port}"
    found = config({"tokenFile": "token"}, {"server": server, "insecure-skip-tls-verify": True})
    async with await Api.connect(written(api_server.folder, found)) as api:
        api_server.status = 401
        token.write_text("new")
        with pytest.raises(ApiError, match="401"):
            await api.get(PATH)
        api_server.status = 200
        await api.get(PATH)

    sent = [request.headers["Authorization"] for request in api_server.requests]
    assert sent == ["Bearer old", "Bearer new"]


async def test_a_new_certificate_of_a_plugin_is_shown(api_server: ApiServer) -> None:
    """The old one is not used on, on a connection that is kept."""
    version = "client.authentication.k8s.io/v1"
    credential = {"apiVersion": version, "kind": "ExecCredential"}

    def prints(name: str) -> None:
        leaf = api_server.authority.issue_cert(name)
        status = {
            "clientCertificateData": chain(leaf).decode(),
            "clientKeyData": key(leaf).decode(),
            "expirationTimestamp": "2020-01-01T00:00:00Z",
        }
        printed = json.dumps({**credential, "status": status})
        (api_server.folder / "printed").write_text(printed)

    entry: Json = {"apiVersion": version, "command": "cat", "interactiveMode": "Never"}
    entry["args"] = [str(api_server.folder / "printed")]
    server = f"https://127.0.0.1:{api_server.port}"
    found = config({"exec": entry}, {"server": server, **UNCHECKED})
    prints("old.example.test")
    async with await Api.connect(written(api_server.folder, found)) as api:
        await api.get(PATH)
        prints("new.example.test")
        await api.get(PATH)

    names = [each["subjectAltName"][0][1] for each in api_server.certificates]
    assert names == ["old.example.test", "new.example.test"]


async def test_credentials_that_are_gone_are_no_crash(api_server: ApiServer) -> None:
    plugin = api_server.folder / "plugin"
    ended = '"expirationTimestamp": "2020-01-01T00:00:00Z"'
    said = f'{{"token": "t", {ended}}}'
    version = "client.authentication.k8s.io/v1"
    printed = f'{{"apiVersion": "{version}", "kind": "ExecCredential", "status": {said}}}'
    plugin.write_text(f"#!/bin/sh\necho '{printed}'\n")
    plugin.chmod(0o755)
    entry = {"apiVersion": version, "command": "./plugin", "interactiveMode": "Never"}
    found = config({"exec": entry}, {"server": f"https://127.0.0.1:{api_server.port}"})
    async with await Api.connect(written(api_server.folder, found)) as api:
        plugin.unlink()
        with pytest.raises(Unreachable, match=r"not sent: the credential plugin ./plugin fails"):
            await api.get(PATH)
