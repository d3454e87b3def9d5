"""The load generator, beside servers that answer right, wrong or slowly."""

import asyncio
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

BODY = '{"uid":"0000","tag":"00"}'

Answer = Callable[[bytes], bytes]


def _echo(body: bytes) -> bytes:
    return b'{"uid":"%b","allowed":true}' % body[8:12]


class Server:
    """Answers each review with what a function makes of its body."""

    def __init__(self, answer: Answer, context: ssl.SSLContext) -> None:
        self.bodies: list[bytes] = []
        self.heads: list[bytes] = []
        self.connections = 0
        self.port = 0
        self._answer, self._context = answer, context
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()

    def run(self) -> None:
        """Serve until the loop is stopped."""
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        server = self._loop.run_until_complete(listening)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split()[1])
                    for line in head.split(b"\r\n")
                    if line.startswith(b"Content-Length")
                )
                body = await reader.readexactly(length)
                self.heads.append(head)
                self.bodies.append(body)
                said = self._answer(body)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("load")


@contextmanager
def _serving(folder: Path, answer: Answer = _echo) -> Iterator[Server]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = Server(answer, context)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server._started.wait(30)
    try:
        yield server
    finally:
        server._loop.call_soon_threadsafe(server._loop.stop)
        thread.join()


def _load(
    generator: Path, folder: Path, server: Server, *options: str, within: bool = False
) -> subprocess.CompletedProcess[str]:
    body = {
        "body": {"text": BODY, "slots": [{"at": 8, "width": 4}, {"at": 21, "width": 2}]},
        "answer": {"text": '{"uid":"0000","allowed":true}', "slots": [{"at": 8, "width": 4}]},
        "within": within,
    }
    bodies = folder / "bodies.json"
    bodies.write_text(json.dumps([body]))
    words: list[str | Path] = [
        generator,
        "-address",
        f"127.0.0.1:{server.port}",
        "-ca",
        folder / "ca.crt",
    ]
    words += ["-path", "/mutate?timeout=10s", "-bodies", bodies, "-pid", str(os.getpid()), *options]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


def _report(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_every_review_has_a_number_of_its_own(load_generator: Path, folder: Path) -> None:
    with _serving(folder) as server:
        report = _report(
            _load(
                load_generator, folder, server, "-count", "40", "-connections", "4", "-first", "16"
            )
        )

    assert report["reviews"] == 40
    numbers = range(16, 56)
    expected = [b'{"uid":"%04x","tag":"%02x"}' % (each, each) for each in numbers]
    assert sorted(server.bodies) == expected
    assert server.connections == 4


def test_it_speaks_as_an_api_server_does(load_generator: Path, folder: Path) -> None:
    with _serving(folder) as server:
        _report(_load(load_generator, folder, server, "-count", "1", "-connections", "1"))

    lines = server.heads[0].decode().split("\r\n")
    assert lines[0] == "POST /mutate?timeout=10s HTTP/1.1"
    assert "Content-Type: application/json" in lines
    assert "User-Agent: kube-apiserver-admission" in lines


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda body: _echo(body).replace(b"true", b"false"), id="refused"),
        pytest.param(lambda body: _echo(body) + b" ", id="one byte more"),
        pytest.param(lambda _: _echo(BODY.encode()), id="uid of another"),
        pytest.param(lambda _: b"", id="nothing"),
    ],
)
def test_a_wrong_answer_voids_the_run(load_generator: Path, folder: Path, wrong: Answer) -> None:
    with _serving(folder, wrong) as server:
        done = _load(load_generator, folder, server, "-for", "200ms")

    assert done.returncode == 1
    assert "wrong answer to review" in done.stderr
    assert done.stdout == ""


def test_one_wrong_answer_among_many_is_enough(load_generator: Path, folder: Path) -> None:
    def answer(body: bytes) -> bytes:
        return b"{}" if body[8:12] == b"0064" else _echo(body)

    with _serving(folder, answer) as server:
        done = _load(load_generator, folder, server, "-count", "200")

    assert "wrong answer to review 100:" in done.stderr


def test_some_servers_say_more(load_generator: Path, folder: Path) -> None:
    with _serving(folder, lambda body: b"more %b more" % _echo(body)) as server:
        report = _report(_load(load_generator, folder, server, "-count", "10", within=True))

    assert report["reviews"] == 10


def test_an_open_loop_sends_at_its_rate(load_generator: Path, folder: Path) -> None:
    with _serving(folder) as server:
        options = ("-rate", "200", "-for", "500ms", "-warm-up", "0s", "-connections", "8")
        report = _report(_load(load_generator, folder, server, *options))

    # Of a Poisson process, the same at each call.
    assert len(server.bodies) == report["reviews"]
    assert 60 < report["reviews"] < 140
    assert report["late_ms"].keys() == report["latency_ms"].keys()


def test_latency_counts_from_the_intended_time(load_generator: Path, folder: Path) -> None:
    """With one connection and a pause in the server, later reviews wait for their turn."""
    pause = threading.Event()

    def answer(body: bytes) -> bytes:
        if body[8:12] == b"0001":
            pause.wait(0.3)
        return _echo(body)

    with _serving(folder, answer) as server:
        options = ("-rate", "100", "-for", "300ms", "-warm-up", "0s", "-connections", "1")
        report = _report(_load(load_generator, folder, server, *options))

    # A generator that forgot the intended time would have one slow review alone.
    assert report["latency_ms"]["p50"] > 50


def test_a_connection_for_each_review(load_generator: Path, folder: Path) -> None:
    with _serving(folder) as server:
        _report(
            _load(load_generator, folder, server, "-count", "12", "-connections", "2", "-reconnect")
        )

    assert server.connections == 12 + 2


def test_percentiles_and_cpu_time_are_told(load_generator: Path, folder: Path) -> None:
    with _serving(folder) as server:
        report = _report(_load(load_generator, folder, server, "-for", "300ms"))

    latency = report["latency_ms"]
    assert latency.keys() == {"p50", "p90", "p99", "p99.9", "max"}
    rising = [latency[each] for each in ("p50", "p90", "p99", "p99.9", "max")]
    assert rising == sorted(rising)
    assert report["server_cpu_seconds"] > 0
    assert report["generator_cpu_seconds"] > 0


def test_a_missing_process_is_a_mistake(load_generator: Path, folder: Path) -> None:
    with _serving(folder) as server:
        done = _load(load_generator, folder, server, "-count", "1", "-pid", "999999999")

    assert done.returncode == 1
    assert "/proc/999999999/stat" in done.stderr
