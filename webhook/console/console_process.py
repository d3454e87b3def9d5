"""The process of the console: from its connection to the API server to its last answer."""

import asyncio
import os
import secrets
import ssl
import sys
import webbrowser
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from webhook.console import console_app
from webhook.console.frame import person, sign_in
from webhook.controller.installation import Installation
from webhook.kube import Api, ApiError, ConfigurationError
from webhook.kube.access.client_config import Overrides
from webhook.observe import logs, metrics
from webhook.server import connections, http_connection, lifecycle, listener

HERE, LOOPBACK = "here", "127.0.0.1"
# Pages wait for a cluster to be read: a download for a minute, a preview for as long as it takes.
CONNECTIONS = connections.Bounds(connections=256, each=256, handshakes=64, accepted=256, busy=180.0)
DESKTOPS = ("DISPLAY", "WAYLAND_DISPLAY")


@dataclass(frozen=True, kw_only=True)
class LaptopOptions:
    """The command line of `mcp-admission console` on somebody's own machine."""

    kubeconfig: Path | None
    overrides: Overrides
    installation: Installation
    port: int
    open_browser: bool
    log_level: int


class ConsoleError(Exception):
    """Why the console cannot start, in one sentence that names the way out."""


def run_on_laptop(options: LaptopOptions, say: Callable[[str], None]) -> None:
    """Answer on this machine alone until a signal; `say` writes a line for whoever started it.

    Raises ConsoleError where the cluster cannot be reached, or the port is taken.
    """
    logs.configure(level=options.log_level)
    with asyncio.Runner(loop_factory=lifecycle.NEW_LOOP) as runner:
        runner.run(_on_laptop(options, say))


async def _on_laptop(options: LaptopOptions, say: Callable[[str], None]) -> None:
    stop = lifecycle.Stop()
    try:
        async with await Api.connect(options.kubeconfig, options.overrides) as api:
            identity = await person.read_identity(api)
            at = dict[str, str]()
            keys = sign_in.OneTimeKeys(
                identity, lambda key: say(f"another browser: {_link(at, key)}")
            )
            # Browsers have one jar for all ports of a machine.
            cookie = sign_in.Cookie(f"mcp-admission-console-{secrets.token_hex(4)}", secure=False)
            frame = console_app.ConsoleFrame(api, options.installation, keys, cookie)
            address = listener.Address(LOOPBACK, options.port)
            async with listening(frame, address, "--port", metrics.Metrics()) as at[HERE]:
                link = _link(at, keys.key)
                say(f'the console shows {api.server} as "{identity.name}", until Ctrl-C')
                say(f"this address lets one browser in, once: {link}")
                if options.open_browser and _has_desktop():
                    await asyncio.to_thread(webbrowser.open, link)
                await stop.asked.wait()
    except (ApiError, ConfigurationError) as error:
        raise ConsoleError(str(error)) from None


@asynccontextmanager
async def listening(
    frame: console_app.ConsoleFrame,
    address: listener.Address,
    option: str,
    measured: metrics.Metrics,
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[str]:
    """Answer on this address meanwhile, with TLS where there is a context; gives the address.

    Raises ConsoleError where it is taken.
    """
    application = frame.application()
    application.middlewares.insert(0, _occupied)
    port = listener.ListenerPort("console", CONNECTIONS, context)
    async with opened_port(application, address, option, measured, port) as at:
        try:
            yield at
        finally:
            # Streams end with them.
            await frame.sessions.close()


@asynccontextmanager
async def opened_port(
    application: web.Application,
    address: listener.Address,
    option: str,
    measured: metrics.Metrics,
    port: listener.ListenerPort,
) -> AsyncIterator[str]:
    """Any application on an address; raises ConsoleError where it is taken."""
    try:
        opened = await listener.Listener.open(application, address, measured, port)
    except OSError as error:
        raise ConsoleError(
            f"cannot listen on {address} ({error.strerror or error}): choose another {option}"
        ) from None
    try:
        yield opened.addresses[0]
    finally:
        await opened.close()


@web.middleware
async def _occupied(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Around every request: its connection is not idle meanwhile."""
    with http_connection.connection_of(request):
        return await handler(request)


def _link(at: Mapping[str, str], key: str) -> str:
    return f"http://{at[HERE]}{sign_in.SIGN_IN}?key={key}"


def _has_desktop() -> bool:
    """Whether a browser has a window to open; one for terminals would take ours."""
    return not sys.platform.startswith("linux") or any(map(os.environ.get, DESKTOPS))
