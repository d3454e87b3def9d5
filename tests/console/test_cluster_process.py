"""The console as a pod runs it: over TLS, without any credentials, and with hostile clients."""

import asyncio
import json
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp.test_utils import TestServer

from tests.console.played_cluster import BOB, PlayedCluster
from tests.server.certificates import Volume, client, serial_of
from webhook.console.cluster_process import COOKIE, server_of_environment

TOKEN = "s3cret-token-of-bob"


@dataclass
class Started:
    """A console in a cluster, and a browser of somebody."""

    process: asyncio.subprocess.Process
    pages: str
    probes: str
    log: list[str]
    trust: ssl.SSLContext
    browser: aiohttp.ClientSession

    async def exchange(self, *parts: bytes) -> bytes:
        """Send these bytes, and read until the console closes the connection."""
        host, _, port = self.pages.rpartition(":")
        reader, writer = await asyncio.open_connection(
            host, int(port), ssl=self.trust, server_hostname="localhost"
        )
        for part in parts:
            writer.write(part)
        await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer

    def url(self, path: str) -> str:
        return f"https://localhost:{self.pages.rpartition(':')[2]}{path}"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA, tmp_path: Path) -> Volume:
    volume = Volume(tmp_path / "tls")
    volume.write_pair(authority.issue_cert("localhost"))
    return volume


@pytest.fixture
async def api_server(
    played: PlayedCluster, authority: trustme.CA, tmp_path: Path
) -> AsyncIterator[tuple[str, ...]]:
    """The options that name it."""
    played.users = {TOKEN: BOB}
    played.objects["/version"] = {"gitVersion": "v1.37.0"}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    (tmp_path / "ca.crt").write_bytes(authority.cert_pem.bytes())
    server = TestServer(played.application(), scheme="https")
    await server.start_server(ssl=context)
    yield (
        f"--api-server=https://localhost:{server.port}",
        f"--api-server-ca={tmp_path / 'ca.crt'}",
    )
    await server.close()


@asynccontextmanager
async def started(tmp_path: Path, tls: Volume, authority: trustme.CA, *words: str) -> AsyncIterator[
    Started
]:  # fmt: skip
    options = ("--in-cluster", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0")
    files = (f"--tls-cert={tls.path('tls.crt')}", f"--tls-key={tls.path('tls.key')}")
    more = ("--log-level=debug", "--drain-seconds=0")
    environment = {"HOME": str(tmp_path), "KUBECONFIG": "/dev/null", "PATH": "/usr/bin"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "webhook", "console", *options, *files, *more, *words),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    assert process.stderr
    log: list[str] = []
    try:
        while '"listening"' not in (line := (await process.stderr.readline()).decode()):
            assert line
            log.append(line)
        at = json.loads(line)
        log.append(line)
        trust = client(authority)
        connector = aiohttp.TCPConnector(ssl=trust)
        async with aiohttp.ClientSession(connector=connector) as browser:
            yield Started(process, at["pages"], at["probes"], log, trust, browser)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        rest, _ = await asyncio.gather(process.stderr.read(), process.wait())
        log.extend(rest.decode().splitlines())


@pytest.fixture
async def console(
    api_server: tuple[str, ...], tmp_path: Path, tls: Volume, authority: trustme.CA
) -> AsyncIterator[Started]:
    async with started(tmp_path, tls, authority, *api_server) as found:
        yield found


async def test_a_token_opens_pages_and_is_written_nowhere(
    console: Started, played: PlayedCluster
) -> None:
    browser = console.browser
    form = {"secret": TOKEN, "then": "/about"}
    async with browser.post(console.url("/sign-in"), data=form, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith(f"{COOKIE.name}=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= {*cookie.split("; ")}
        assert "Domain" not in cookie
    async with browser.get(console.url("/about")) as answer:
        text = await answer.text()
        assert "v1.37.0" in text
        assert "bob" in text
        assert TOKEN not in text + str(answer.headers)
    await refused(console)
    async with browser.get(console.url("/events")) as events:
        await events.content.readline()
        console.process.send_signal(signal.SIGTERM)
        assert await console.process.wait() == 0
    assert {token for *_, token in played.calls} >= {TOKEN}
    assert TOKEN not in "".join(console.log)


async def refused(console: Started) -> None:
    """Whatever fails with the token in it."""
    for data in ({"secret": f"{TOKEN}x"}, {"secret": f"{TOKEN}\u20ac"}, {"secret": TOKEN * 900}):
        async with console.browser.post(
            console.url("/sign-in"), data=data, allow_redirects=False
        ) as answer:
            assert answer.status == 403
            assert TOKEN not in await answer.text()
    head = f"GET /?t={TOKEN} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    answers = [
        await console.exchange(f"{head}broken\r\n\r\n".encode()),
        await console.exchange(f"{head}Content-Length: x\r\n\r\n".encode()),
    ]
    assert all(b" 400 " in each for each in answers)
    assert TOKEN.encode() not in b"".join(answers)


async def test_probes_need_no_session(console: Started) -> None:
    for path, status in (("/healthz", 200), ("/readyz", 200), ("/about", 404)):
        async with console.browser.get(f"http://{console.probes}{path}") as answer:
            assert answer.status == status


async def test_a_new_certificate_is_shown(
    console: Started, tls: Volume, authority: trustme.CA
) -> None:
    newer = authority.issue_cert("localhost")
    wanted = serial_of(newer, authority)
    tls.write_pair(newer)
    host, _, port = console.pages.rpartition(":")
    async with asyncio.timeout(20):
        while True:
            _, writer = await asyncio.open_connection(
                host, int(port), ssl=console.trust, server_hostname="localhost"
            )
            shown = str(writer.get_extra_info("peercert")["serialNumber"])
            writer.close()
            if shown == wanted:
                return
            await asyncio.sleep(0.05)


HEAD = b"GET /about HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Cookie: " + b"a=b; " * 20_000 + b"\r\n\r\n",
        HEAD + b"".join(b"X-%d: y\r\n" % at for at in range(10_000)) + b"\r\n",
        b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n",
        HEAD + b"Cookie: " + b"x" * 10_000_000,
    ],
    ids=["cookie", "headers", "address", "without end"],
)
async def test_no_head_is_without_bounds(console: Started, head: bytes) -> None:
    try:
        answer = await console.exchange(head)
    except ConnectionError:
        answer = b""

    assert not answer or b" 400 " in answer.partition(b"\r\n")[0]
    async with console.browser.get(console.url("/sign-in")) as still:
        assert still.status == 200


async def test_a_host_that_rebinds_gets_nothing(console: Started) -> None:
    answer = await console.exchange(
        b"GET /sign-in HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    )

    assert b" 421 " in answer.partition(b"\r\n")[0]


async def test_files_that_cannot_be_used_end_it_with_a_sentence(
    api_server: tuple[str, ...], tmp_path: Path, tls: Volume
) -> None:
    for words in (
        (api_server[0], "--api-server-ca=/missing"),
        (*api_server, "--tls-cert=/missing", f"--tls-key={tls.path('tls.key')}"),
    ):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "webhook", "console", "--in-cluster", "--listen=127.0.0.1:0"),
            *words,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()

        assert process.returncode == 2
        assert said.startswith(b"mcp-admission console: /missing ")


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, ""),
        ({"KUBERNETES_SERVICE_HOST": "10.96.0.1"}, "https://10.96.0.1:443"),
        (
            {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"},
            "https://[fd00::1]:6443",
        ),
    ],
    ids=range(3),
)
def test_a_pod_is_told_where_the_api_server_is(environment: dict[str, str], url: str) -> None:
    assert server_of_environment(environment) == url
