"""The command as a process: it lets one browser in, and ends with Ctrl-C."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from tests.console.played_cluster import PlayedCluster
from tests.kube.access.kubeconfigs import config, written
from tools.cluster.ports import free_ports
from webhook.console import console_process
from webhook.console.console_process import ConsoleError, LaptopOptions, run_on_laptop
from webhook.console.frame import live
from webhook.console.pages import fleet_page
from webhook.controller.installation import Installation
from webhook.kube.access.client_config import NONE

Lines = asyncio.StreamReader


@asynccontextmanager
async def started(
    kubeconfig: Path, *words: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Lines]]:
    command = (sys.executable, "-m", "webhook", "console", "--kubeconfig", str(kubeconfig))
    process = await asyncio.create_subprocess_exec(
        *command, "--no-browser", *words, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        yield process, process.stdout
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
async def kubeconfig(played: PlayedCluster, tmp_path: Path) -> AsyncIterator[Path]:
    async with TestServer(played.application()) as server:
        yield written(tmp_path, config({}, {"server": str(server.make_url("")).rstrip("/")}))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
async def test_one_browser_is_let_in_until_a_signal(
    kubeconfig: Path, played: PlayedCluster, number: signal.Signals
) -> None:
    played.objects["/version"] = {"gitVersion": "v1.37.0"}
    (port,) = free_ports(1)
    async with started(kubeconfig, "--port", str(port)) as (process, lines):
        assert b'as "alice"' in await lines.readline()
        link = (await lines.readline()).split()[-1].decode()
        assert link.startswith(f"http://127.0.0.1:{port}/sign-in?key=")
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            async with browser.get(link) as answer:
                assert "<h1>Fleet</h1>" in await answer.text()
                assert "key" not in str(answer.url)
            async with browser.get(f"http://127.0.0.1:{port}/about") as answer:
                assert "v1.37.0" in await answer.text()
            assert link.encode() not in (again := await lines.readline())
            assert b"/sign-in?key=" in again
            async with browser.get(f"http://127.0.0.1:{port}/events") as events:
                await events.content.readline()
                process.send_signal(number)
                assert await process.wait() == 0


async def test_a_port_that_is_taken_is_said(kubeconfig: Path) -> None:
    (port,) = free_ports(1)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with server, started(kubeconfig, "--port", str(port)) as (process, _):
        assert await process.wait() == 2


def options(kubeconfig: Path) -> LaptopOptions:
    return LaptopOptions(
        kubeconfig=kubeconfig,
        overrides=NONE,
        installation=Installation(),
        port=0,
        open_browser=True,
        log_level=20,
    )


def test_a_cluster_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    file = written(tmp_path, config({}, {"server": f"http://127.0.0.1:{port}"}))

    with pytest.raises(ConsoleError, match="no answer"):
        run_on_laptop(options(file), print)


@pytest.mark.parametrize(
    ("platform", "variable", "found"),
    [("linux", "", False), ("linux", "DISPLAY", True), ("darwin", "", True)],
    ids=["terminal", "desktop", "mac"],
)
def test_a_browser_of_the_terminal_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, platform: str, variable: str, found: bool
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    for name in console_process.DESKTOPS:
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, ":0")

    assert console_process._has_desktop() is found


def test_no_page_waits_for_longer_than_its_connection() -> None:
    assert console_process.CONNECTIONS.busy > 2 * fleet_page.DOWNLOAD_SECONDS
    assert console_process.CONNECTIONS.busy > live.STREAM_SECONDS
