"""`make bench-console`: what the console costs before ten thousand servers.

python -m tools.bench.console_run [SERVERS] [SECONDS of rest]

The console runs as in a cluster, before an API server that is played by another process. Each
person has a token of their own, and so a reading of their own. Prints the figures and writes them
to console.json.
"""

import asyncio
import json
import re
import ssl
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import aiohttp
import trustme

from tools.bench.fleet import processor_seconds
from tools.bench.played_fleet import COUNTED
from webhook.console.console_app import EVENTS_PATH
from webhook.console.fleet_list.open_readings import NO_ROOM

SERVERS, REST_SECONDS = 10_000, 60.0
FEW, MANY, PAGES = 5, 50, 20
LONGEST = 1800.0
BETWEEN_LOOKS = 0.5
UNREAD, REFUSED = "Reading the cluster", escape(NO_ROOM)
HOST = "localhost"
CONSOLE = (sys.executable, "-m", "webhook", "console", "--in-cluster", "--drain-seconds=0")
WRITTEN = Path("console.json")

Figures = dict[str, float | dict[str, float]]


class Files(NamedTuple):
    """Certificate and key of both servers, in one file, and their authority."""

    pair: Path
    authority: Path

    @classmethod
    def written(cls, folder: Path) -> "Files":
        """New ones."""
        authority = trustme.CA()
        leaf, made = authority.issue_cert(HOST), cls(folder / "pair.pem", folder / "ca.crt")
        leaf.private_key_and_cert_chain_pem.write_to_path(str(made.pair))
        authority.cert_pem.write_to_path(str(made.authority))
        return made


class ConsoleRun:
    """A console, the API server before it, and the people who look."""

    def __init__(self, pid: int, url: str, api_server: str, trust: ssl.SSLContext) -> None:
        self.pid, self._url, self._api_server, self._trust = pid, url, api_server, trust
        self._stack = AsyncExitStack()
        self.people: list[aiohttp.ClientSession] = []

    async def sign_in(self) -> aiohttp.ClientSession:
        """Another person."""
        connector = aiohttp.TCPConnector(ssl=self._trust)
        browser = await self._stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        form = {"secret": f"person-{len(self.people)}", "then": "/about"}
        async with browser.post(f"{self._url}/sign-in", data=form) as answer:
            assert answer.status == 200, await answer.text()
        self.people.append(browser)
        return browser

    async def page(self, browser: aiohttp.ClientSession) -> str:
        """The first page, as it is now."""
        async with browser.get(f"{self._url}/") as answer:
            return await answer.text()

    async def read(self, browser: aiohttp.ClientSession) -> str:
        """The first page, once all is read."""
        async with asyncio.timeout(LONGEST):
            while True:
                text = await self.page(browser)
                if UNREAD not in text:
                    return text
                await asyncio.sleep(BETWEEN_LOOKS)

    async def open(self, browser: aiohttp.ClientSession) -> None:
        """Keep the first page open, as its script does."""
        events = await browser.get(f"{self._url}{EVENTS_PATH}")
        self._stack.callback(events.close)

    async def counted(self) -> dict[str, int]:
        """The requests to the API server so far."""
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._trust)) as client,
            client.get(f"{self._api_server}{COUNTED}") as answer,
        ):
            found: dict[str, int] = await answer.json()
            return found

    def spent(self) -> float:
        """The processor time of the console so far."""
        return processor_seconds(self.pid)

    def memory(self, key: str = "VmRSS") -> float:
        """Its memory in MiB: now, or as `VmHWM` at most."""
        found = re.search(rf"{key}:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found
        return int(found[1]) / 1024

    async def close(self) -> None:
        """Everybody leaves."""
        await self._stack.aclose()


@asynccontextmanager
async def running(servers: int) -> AsyncIterator[ConsoleRun]:
    """The two processes."""
    with TemporaryDirectory() as folder:
        files = Files.written(Path(folder))
        trust = ssl.create_default_context(cafile=str(files.authority))
        words = (sys.executable, "-m", "tools.bench.played_fleet", str(servers), str(files.pair))
        async with _process(*words) as (fleet, lines), AsyncExitStack() as stack:
            api_server = f"https://{HOST}:{int(await lines.readline())}"
            where = ("--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0")
            options = (f"--api-server={api_server}", f"--api-server-ca={files.authority}")
            tls = (f"--tls-cert={files.pair}", f"--tls-key={files.pair}")
            console = _process(*CONSOLE, *where, *options, *tls, errors=True)
            process, log = await stack.enter_async_context(console)
            while b'"listening"' not in (line := await log.readline()):
                assert line, "the console has ended"
            port = json.loads(line)["pages"].rpartition(":")[2]
            run = ConsoleRun(process.pid, f"https://{HOST}:{port}", api_server, trust)
            try:
                yield run
            finally:
                await run.close()
            assert fleet.returncode is None


@asynccontextmanager
async def _process(
    *command: str, errors: bool = False
) -> AsyncIterator[tuple[asyncio.subprocess.Process, asyncio.StreamReader]]:
    """A process and the lines that it writes, until it is killed."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdout=None if errors else pipe, stderr=pipe if errors else None
    )
    lines = process.stderr if errors else process.stdout
    assert lines
    try:
        yield process, lines
    finally:
        process.kill()
        await process.wait()


async def first_person(run: ConsoleRun) -> Figures:
    """From the first request to pages that come from what was read."""
    browser, empty = await run.sign_in(), run.memory()
    before = sum((await run.counted()).values())
    began, spent = time.monotonic(), run.spent()
    await run.page(browser)
    first = time.monotonic() - began
    await run.read(browser)
    reading = {"seconds": time.monotonic() - began, "cpu_seconds": run.spent() - spent}
    reading["requests"] = sum((await run.counted()).values()) - before
    times, spent = [], run.spent()
    for _ in range(PAGES):
        began = time.monotonic()
        await run.page(browser)
        times.append(time.monotonic() - began)
    page = {"median_seconds": statistics.median(times), "longest_seconds": max(times)}
    page["cpu_seconds"] = (run.spent() - spent) / PAGES
    memory = {"nobody": empty, "one": run.memory()}
    return {"first_answer_seconds": first, "reading": reading, "page": page, "mib": memory}


async def more_people(run: ConsoleRun, number: int) -> Figures:
    """As many in all; everybody asks for the first page, and waits for it."""
    began, spent = time.monotonic(), run.spent()
    new = [await run.sign_in() for _ in range(number - len(run.people))]
    texts = await asyncio.gather(*map(run.read, new))
    longest = 0.0
    for browser in run.people:
        asked = time.monotonic()
        await run.page(browser)
        longest = max(longest, time.monotonic() - asked)
    return {
        "told_to_wait": float(sum(REFUSED in text for text in texts)),
        "seconds": time.monotonic() - began,
        "cpu_seconds": run.spent() - spent,
        "longest_page_seconds": longest,
        "mib": run.memory(),
        "most_mib": run.memory("VmHWM"),
    }


async def at_rest(run: ConsoleRun, seconds: float) -> Figures:
    """What an open page costs a minute while nothing changes."""
    for browser in run.people:
        await run.open(browser)
    before, spent = await run.counted(), run.spent()
    await asyncio.sleep(seconds)
    after, each = await run.counted(), 60 / seconds / len(run.people)
    more = {key: (count - before.get(key, 0)) * each for key, count in after.items()}
    found = {key: count for key, count in more.items() if count}
    return {
        "requests_a_minute": sum(found.values()),
        "by_kind": found,
        "cpu_seconds_a_minute": (run.spent() - spent) * each,
    }


async def measure(servers: int, rest: float) -> dict[str, Any]:
    """All figures, printed as they come."""
    found: dict[str, Any] = {"servers": servers}
    async with running(servers) as run:
        found["one"] = say("one person", await first_person(run))
        found["few"] = say(f"{FEW} people", await more_people(run, FEW))
        found["rest"] = say("each open page", await at_rest(run, rest))
        found["many"] = say(f"{MANY} people", await more_people(run, MANY))
    return found


def say(what: str, figures: Figures) -> Figures:
    """A line at once: some of this takes minutes."""
    print(f"{what}: {json.dumps(rounded(figures))}", flush=True)
    return figures


def rounded(figures: Any) -> Any:
    """The figures as people read them."""
    if isinstance(figures, dict):
        return {key: rounded(each) for key, each in figures.items()}
    return round(figures, 3) if isinstance(figures, float) else figures


if __name__ == "__main__":
    given = sys.argv[1:]
    wanted = int(given[0]) if given else SERVERS
    figures = asyncio.run(measure(wanted, float(given[1]) if given[1:] else REST_SECONDS))
    WRITTEN.write_text(f"{json.dumps(rounded(figures), indent=2)}\n")
