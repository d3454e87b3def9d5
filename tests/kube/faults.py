"""A proxy in front of the real API server that does to requests what networks and servers do.

    with Proxy(cluster.url, authority) as proxy:
        proxy.refuse(lambda call: call.method == "POST", 500, "upstream broke", times=3)

It speaks TLS to clients, because nobody sends credentials without it, hands their tokens on, and
runs on a thread of its own.
"""

import asyncio
import base64
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import aiohttp
import trustme
import yaml
from aiohttp import web

from tools.cluster.ports import LOOPBACK, free_ports

KEPT = ("Authorization", "Accept", "Content-Type", "User-Agent")


class Call(NamedTuple):
    """What a fault is chosen by."""

    method: str
    path: str
    watch: bool


Match = Callable[[Call], bool]


@dataclass
class Fault:
    """What is done to calls that match, so many times; `met` counts them."""

    match: Match
    status: int = 0
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    times: int = 1
    met: int = 0


class Proxy:
    """A context manager; everything may be called from the test's thread.

    While it is `down` it cuts whoever calls; while it is `silent` it keeps back what comes for
    watches, and counts it, and those that have lost something stay silent for good.
    """

    def __init__(self, url: str, authority: Path) -> None:
        self._url = url
        self._tls = ssl.create_default_context(cafile=str(authority))
        self._authority = trustme.CA()
        self._served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(LOOPBACK).configure_cert(self._served)
        (self.port,) = free_ports(1)
        self.down = False
        self.silent = False
        self.kept_back = 0
        self.calls: list[Call] = []
        self.refused: list[Call] = []
        self._faults: list[Fault] = []
        self._watches: set[asyncio.Transport] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def kubeconfig(self, original: Path, file: Path) -> Path:
        """Write a kubeconfig with the same credentials and this way to the API server."""
        found = yaml.safe_load(original.read_text(encoding="utf-8"))
        trusted = self._authority.cert_pem.bytes()
        for cluster in found["clusters"]:
            cluster["cluster"] = {
                "server": f"https://{LOOPBACK}:{self.port}",
                "certificate-authority-data": base64.b64encode(trusted).decode(),
            }
        file.write_text(yaml.dump(found), encoding="utf-8")
        return file

    def refuse(
        self,
        match: Match,
        status: int,
        body: str,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
    ) -> Fault:
        """Answer matching calls like this, instead of the API server."""
        return self._with(Fault(match, status, body, headers or {}, times=times))

    def delay(self, match: Match, seconds: float, times: int = 1) -> Fault:
        """Let matching calls wait before they are handed on."""
        return self._with(Fault(match, seconds=seconds, times=times))

    def cut_watches(self) -> int:
        """Cut the connection of every watch; how many there were."""
        cut = list(self._watches)
        for transport in cut:
            self._loop.call_soon_threadsafe(transport.abort)
        return len(cut)

    def _with(self, fault: Fault) -> Fault:
        self._faults.append(fault)
        return fault

    def _run(self) -> None:
        run_and_close(self._loop, self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=0)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
            self._session = session
            server = web.Server(self._handle, access_log=None)
            runner = web.ServerRunner(server, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, LOOPBACK, self.port, ssl_context=self._served)
            await site.start()
            self._ready.set()
            await self._stop.wait()
            self.cut_watches()
            await runner.cleanup()
        await asyncio.sleep(0.1)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        transport: Any = request.transport
        if self.down:
            transport.abort()
            return web.Response()
        call = Call(request.method, request.path, request.query.get("watch") == "true")
        self.calls.append(call)
        for fault in self._faults:
            if fault.met < fault.times and fault.match(call):
                fault.met += 1
                await asyncio.sleep(fault.seconds)
                if fault.status:
                    return web.Response(status=fault.status, text=fault.body, headers=fault.headers)
                break
        headers = {key: request.headers[key] for key in KEPT if key in request.headers}
        headers["Accept-Encoding"] = "identity"
        ends = aiohttp.ClientTimeout(total=None)
        async with self._session.request(
            request.method,
            f"{self._url}{request.raw_path}",
            data=await request.read(),
            headers=headers,
            timeout=ends,
        ) as answer:
            if answer.status == 403:
                self.refused.append(call)
            if call.watch:
                return await self._stream(request, answer, transport)
            body = await answer.read()
            kept = {"Content-Type": answer.headers.get("Content-Type", "application/json")}
            return web.Response(status=answer.status, body=body, headers=kept)

    async def _stream(
        self, request: web.BaseRequest, answer: aiohttp.ClientResponse, transport: Any
    ) -> web.StreamResponse:
        response = web.StreamResponse(
            status=answer.status, headers={"Content-Type": "application/json"}
        )
        await response.prepare(request)
        self._watches.add(transport)
        silent = False
        try:
            async for chunk in answer.content.iter_any():
                # Nothing comes after what was lost.
                silent = silent or self.silent
                if silent:
                    self.kept_back += 1
                else:
                    await response.write(chunk)
        except (ConnectionError, aiohttp.ClientError):
            transport.abort()
        finally:
            self._watches.discard(transport)
        return response


def run_and_close(loop: asyncio.AbstractEventLoop, served: Coroutine[Any, Any, None]) -> None:
    """Serve on a loop of this thread's own until that ends; what is left then is cancelled."""
    asyncio.set_event_loop(loop)
    loop.run_until_complete(served)
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()
