"""A console before a played API server, in a thread of its own: Playwright has the loop of a test.

Whoever looks signs in with the key that is shown on a terminal, as on a laptop.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer

from tests.console.browser.chromium import Person
from tests.console.played_cluster import PlayedCluster
from tests.kube.access.kubeconfigs import config, written
from webhook.console.console_app import ConsoleFrame
from webhook.console.frame.live import LiveEvents
from webhook.console.frame.person import read_identity
from webhook.console.frame.sign_in import Cookie, OneTimeKeys
from webhook.controller.installation import Installation
from webhook.kube import Api

SECONDS_TO_START = 30


class PlayedConsole:
    """Where it is, and what it shows; what is changed in `cluster` is seen at the next request."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.cluster, self.loop = PlayedCluster(), loop
        self.address, self.keys = "", list[str]()
        self._entrance: OneTimeKeys
        self._frame: ConsoleFrame

    async def serve(self, folder: Path, ends: asyncio.Event, began: Callable[[], Any]) -> None:
        """Serve until it ends."""
        async with TestServer(self.cluster.application()) as api_server:
            way = {"server": str(api_server.make_url("")).rstrip("/")}
            async with await Api.connect(written(folder, config({}, way))) as api:
                self._entrance = OneTimeKeys(await read_identity(api), self.keys.append)
                cookie = Cookie("session", secure=False)
                self._frame = ConsoleFrame(api, Installation(), self._entrance, cookie)
                async with TestServer(self._frame.application()) as server:
                    self.address = str(server.make_url("")).rstrip("/")
                    began()
                    await ends.wait()

    def let_in(self, person: Person) -> None:
        """Sign somebody in, by the key of the terminal."""
        person.page.goto(f"{self.address}/sign-in")
        person.page.fill("[name=secret]", self._entrance.key)
        person.page.click("main button")
        person.page.wait_for_url(lambda address: "/sign-in" not in address)

    def publish(self, name: str) -> None:
        """Tell every open page that something has changed."""

        def tell() -> None:
            for person, _ in self._frame.sessions._persons.values():
                person.kept(LiveEvents, LiveEvents).publish(name)

        self.loop.call_soon_threadsafe(tell)


@contextmanager
def played_console(folder: Path) -> Iterator[PlayedConsole]:
    """The console, until the block ends."""
    loop, began = asyncio.new_event_loop(), threading.Event()
    found, ends = PlayedConsole(loop), asyncio.Event()
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(found.serve(folder, ends, began.set))
    )
    thread.start()
    try:
        assert began.wait(SECONDS_TO_START)
        yield found
    finally:
        loop.call_soon_threadsafe(ends.set)
        thread.join()
        loop.close()
