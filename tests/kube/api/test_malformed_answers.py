"""What is no answer of an API server, from a socket that says it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.kube.watching import first
from webhook.kube.api import Api
from webhook.kube.errors import ApiError, Forbidden, Gone, TooManyRequests, Unreachable
from webhook.kube.pages import text_within

PATH = "/api/v1/pods"
NO_API = "the answer is not that of a Kubernetes API"
TORN = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"
NO_EVENTS = [
    b"no JSON",
    b"[]",
    b'"x"',
    b'{"type": "ADDED"}',
    b'{"type": "ADDED", "object": null}',
]
BOOKMARK = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "7"}}}


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def saying(folder: Path, said: bytes, *, hangs: bool = False) -> AsyncIterator[Api]:
    """An API whose server says this to whatever it is asked, and closes or hangs then."""

    handled: list[asyncio.Task[None] | None] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handled.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        if hangs:
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        config = {
            "current-context": "a",
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "clusters": [{"name": "a", "cluster": {"server": url}}],
            "users": [{"name": "a", "user": {}}],
        }
        file = folder / "config"
        file.write_text(json.dumps(config))
        async with await Api.connect(file) as api:
            yield api
        await asyncio.gather(*filter(None, handled))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (answer(b"upstream fell over", "502 Bad Gateway"), f"502 unknown: {NO_API}"),
        (answer(b"<html>", "404 Not Found"), f"404 unknown: {NO_API}"),
        (answer(b"{}", "500 Internal Server Error"), f"500 unknown: {NO_API}"),
        (answer(b'"500"', "500 Internal Server Error"), f"500 unknown: {NO_API}"),
        (answer(b'{"kind": "Status"}', "500 Internal Server Error"), "500 unknown: unknown"),
    ],
)
async def test_an_answer_that_is_none_is_an_error(
    said: bytes, message: str, tmp_path: Path
) -> None:
    async with saying(tmp_path, said) as api:
        with pytest.raises(ApiError, match=f"GET {PATH}: {message}"):
            await api.get(PATH)
        with pytest.raises(ApiError, match=message):
            await first(api.watch(PATH, resource_version="1"))


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
async def test_an_object_that_is_none_is_an_error(body: bytes, tmp_path: Path) -> None:
    async with saying(tmp_path, answer(body)) as api:
        with pytest.raises(ApiError, match=NO_API):
            await api.get(PATH)


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", TORN])
async def test_a_connection_that_breaks_is_unreachable(said: bytes, tmp_path: Path) -> None:
    async with saying(tmp_path, said) as api:
        with pytest.raises(Unreachable, match=f"GET {PATH}: no answer"):
            await api.get(PATH)


@pytest.mark.parametrize("said", [b"", TORN])
async def test_a_server_that_hangs_is_unreachable(said: bytes, tmp_path: Path) -> None:
    async with saying(tmp_path, said, hangs=True) as api:
        with pytest.raises(Unreachable, match=f"GET {PATH}: no answer in time"):
            await api.get(PATH, seconds=0.1)


async def test_a_watch_that_falls_silent_is_unreachable(tmp_path: Path) -> None:
    line = json.dumps(BOOKMARK).encode() + b"\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
    async with (
        saying(tmp_path, head + line, hangs=True) as api,
        aclosing(api.watch(PATH, resource_version="1", idle_seconds=0.1)) as events,
    ):
        assert (await anext(events)).object["metadata"]["resourceVersion"] == "7"
        with pytest.raises(Unreachable, match="no answer in time"):
            await anext(events)


@pytest.mark.parametrize(
    "line", [b"no JSON", b"[]", b'{"type": "ADDED"}', b'{"type": "ADDED", "object": null}', b'"x"']
)
async def test_what_is_no_event_is_an_error(line: bytes, tmp_path: Path) -> None:
    async with saying(tmp_path, answer(line + b"\n")) as api:
        with pytest.raises(ApiError, match="that is no event"):
            await first(api.watch(PATH, resource_version="1"))


async def test_an_error_event_is_raised(tmp_path: Path) -> None:
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    line = json.dumps({"type": "ERROR", "object": status}).encode()
    async with saying(tmp_path, answer(line)) as api:
        with pytest.raises(Gone, match="410 Expired: too old"):
            await first(api.watch(PATH, resource_version="1"))


async def test_an_event_may_be_some_mebibytes_long(tmp_path: Path) -> None:
    event = {"type": "ADDED", "object": {"metadata": {}, "data": "x" * 5_000_000}}
    lines = b"".join(json.dumps(one).encode() + b"\n" for one in (event, BOOKMARK))
    async with saying(tmp_path, answer(lines)) as api:
        seen = [event async for event in api.watch(PATH, resource_version="1")]

    assert [one.type for one in seen] == ["ADDED", "BOOKMARK"]
    assert seen[0].object == event["object"]


async def test_an_event_without_end_is_an_error(tmp_path: Path) -> None:
    async with saying(tmp_path, answer(b"x" * 20_000_000)) as api:
        with pytest.raises(ApiError, match="that is no event"):
            await first(api.watch(PATH, resource_version="1"))


async def test_a_list_may_be_null(tmp_path: Path) -> None:
    async with saying(tmp_path, answer(b'{"items": null, "metadata": null}')) as api:
        assert await api.list(PATH) == ([], "")


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", 1.0), (None, 1.0)])
async def test_a_break_is_as_long_as_asked(
    header: str | None, seconds: float, tmp_path: Path
) -> None:
    headers = [f"Retry-After: {header}"] if header else []
    said = answer(b'{"kind": "Status"}', "429 Too Many Requests", *headers)
    async with saying(tmp_path, said) as api:
        with pytest.raises(TooManyRequests) as refused:
            await api.get(PATH)

    assert refused.value.retry_after == seconds


async def test_a_clock_that_is_none_changes_nothing(tmp_path: Path) -> None:
    async with saying(tmp_path, answer(b"{}", "200 OK", "Date: yesterday")) as api:
        before = api.server_time()
        await api.get(PATH)

        assert (api.server_time() - before).total_seconds() < 60


async def test_nobody_there_is_unreachable(tmp_path: Path) -> None:
    async with saying(tmp_path, b"") as api:
        pass
    async with await Api.connect(tmp_path / "config") as api:
        with pytest.raises(Unreachable, match="no answer"):
            await api.get(PATH)


async def test_a_text_is_read_as_it_is(tmp_path: Path) -> None:
    async with saying(tmp_path, answer("a 1\né\n".encode() + b"\xff")) as api:
        assert await api.get(PATH, read=text_within(9)) == {"text": "a 1\né\n\ufffd"}


async def test_a_text_that_is_too_long_is_not_read_to_its_end(tmp_path: Path) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 5000

    async with saying(tmp_path, endless, hangs=True) as api:
        with pytest.raises(ApiError, match="more than 4000 bytes came"):
            await api.get(PATH, read=text_within(4000))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"kind": "Status", "reason": "Forbidden", "message": "no"}', "Forbidden: no"),
        (b"x", NO_API),
    ],
)
async def test_what_is_said_instead_of_a_text_is_an_error(
    body: bytes, said: str, tmp_path: Path
) -> None:
    async with saying(tmp_path, answer(body, "403 Forbidden")) as api:
        with pytest.raises(Forbidden, match=said):
            await api.get(PATH, read=text_within(9000))
