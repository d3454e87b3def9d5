"""What the process does once, seen from inside."""

import asyncio
import gc
import json
import logging
import os
import resource
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from tests.server.certificates import HOST, Volume
from tests.server.serving import serving
from webhook.observe import logs
from webhook.observe.logs import JsonLines
from webhook.server import lifecycle
from webhook.server.lifecycle import Options, Process
from webhook.server.listener import Address

OPTIONS = Options(
    listen=Address("127.0.0.1", 0),
    metrics_listen=Address("127.0.0.1", 0),
    tls_cert=Path("tls.crt"),
    tls_key=Path("tls.key"),
    drain_seconds=0,
)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((1024, 524_288), [(65_536, 524_288)]),
        ((1024, 4096), [(4096, 4096)]),
        ((1024, resource.RLIM_INFINITY), [(65_536, resource.RLIM_INFINITY)]),
        ((100_000, 524_288), []),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), []),
    ],
)
def test_as_many_files_are_opened_as_the_system_lets_us(
    limits: tuple[int, int], expected: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many systems start a container with 1024, and silent connections take one each."""
    taken: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: taken.append(limit))

    lifecycle._allow_open_files()

    assert taken == expected


def test_what_start_up_made_is_not_collected_again() -> None:
    before = gc.get_threshold()
    try:
        lifecycle._settle_memory()
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold()[0] == 10_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


async def test_an_error_outside_of_requests_is_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    error = ValueError("hunter2")
    lifecycle.log_stray(loop, {"message": "Fatal error on transport", "exception": error})
    lifecycle.log_stray(loop, {"message": "socket.accept() out of system resource"})
    logged = [json.loads(JsonLines().format(record)) for record in caplog.records]

    assert [line["reason"] for line in logged] == [
        "Fatal error on transport",
        "socket.accept() out of system resource",
    ]
    assert logged[0]["exception"] == "builtins.ValueError"
    assert "hunter2" not in json.dumps(logged)
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


@pytest.fixture
def options(
    volume: Volume, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Options]:
    """Options with a pair that can be used; what belongs to the test's process stays as it is."""
    volume.write_pair(authority.issue_cert(HOST))
    monkeypatch.setattr(lifecycle, "_settle_memory", lambda: None)
    monkeypatch.setattr(lifecycle, "_allow_open_files", lambda: None)
    monkeypatch.setattr(logs, "configure", lambda *, level: None)
    yield replace(OPTIONS, tls_cert=volume.path("tls.crt"), tls_key=volume.path("tls.key"))
    for number in (signal.SIGTERM, signal.SIGINT):
        assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)


async def _told(caplog: pytest.LogCaptureFixture, message: str) -> None:
    async with asyncio.timeout(10):
        while message not in caplog.messages:  # noqa: ASYNC110 - a log has no events
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(("signals", "code"), [(1, 0), (2, 1)])
async def test_serving_ends_with_a_signal(
    signals: int, code: int, options: Options, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    process = Process(replace(options, drain_seconds=0 if signals == 1 else 300))
    process.watcher.load()
    serving_ = asyncio.create_task(process.serve())
    await _told(caplog, "listening")
    os.kill(os.getpid(), signal.SIGTERM)
    if signals == 2:
        await _told(caplog, "draining")
        os.kill(os.getpid(), signal.SIGINT)

    assert await asyncio.wait_for(serving_, 10) == code
    assert caplog.messages == ["listening", "draining", "stopped"]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)


def test_what_cannot_start_is_exit_code_2(
    options: Options, caplog: pytest.LogCaptureFixture
) -> None:
    assert lifecycle.serve(replace(options, tls_key=Path("missing.key"))) == 2
    (record,) = caplog.records
    assert (record.levelname, record.message) == ("ERROR", "cannot start")
    reason = "missing.key cannot be read: No such file or directory"
    assert getattr(record, "fields", {}) == {"reason": reason}


async def test_a_request_that_never_ends_does_not_keep_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle, "LAST_ANSWERS_SECONDS", 0.01)
    async with serving() as server:
        process = Process(OPTIONS)
        with server.traffic:
            assert not await process._leave(server.traffic, server.listener, server.listener)
        assert await process._leave(server.traffic, server.listener, server.listener)
