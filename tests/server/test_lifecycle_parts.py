"""What the process does once, seen from inside."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import resource
from pathlib import Path

import pytest

from tests.server.serving import serving
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


async def test_what_no_request_was_told_of_is_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    error = ValueError("hunter2")
    lifecycle._log_stray(loop, {"message": "Fatal error on transport", "exception": error})
    lifecycle._log_stray(loop, {"message": "socket.accept() out of system resource"})
    told = [json.loads(JsonLines().format(record)) for record in caplog.records]

    assert [line["reason"] for line in told] == [
        "Fatal error on transport",
        "socket.accept() out of system resource",
    ]
    assert told[0]["exception"] == "builtins.ValueError"
    assert "hunter2" not in json.dumps(told)
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


async def test_a_request_that_never_ends_does_not_keep_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle, "LAST_ANSWERS_SECONDS", 0.01)
    async with serving() as server:
        process = Process(OPTIONS)
        with server.traffic:
            assert not await process._leave(server.traffic, server.listener, server.listener)
        assert await process._leave(server.traffic, server.listener, server.listener)
