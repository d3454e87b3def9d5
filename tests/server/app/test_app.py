"""The four paths over HTTP: what is reviewed, what is refused, and how."""

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.server.reviews import POD, answered, posted
from tests.server.serving import JSON, Recorder, in_force, serving
from webhook.admission.answer import Answer, Finding, Severity
from webhook.admission.workload import Hook, Request, Scope
from webhook.server import body_room, intake
from webhook.server.intake import LARGEST_BODY
from webhook.settings.model import Settings

UID = "705ab4f5-6393-11e8-b7cc-42010a800002"


@pytest.mark.parametrize(
    ("path", "hook", "scope"),
    [
        ("/mutate", Hook.MUTATE, Scope.OPTED_IN),
        ("/validate", Hook.VALIDATE, Scope.OPTED_IN),
        ("/mutate/managed", Hook.MUTATE, Scope.MANAGED),
        ("/validate/managed", Hook.VALIDATE, Scope.MANAGED),
    ],
)
async def test_the_path_says_hook_and_scope(path: str, hook: Hook, scope: Scope) -> None:
    reviewer = Recorder()
    async with serving(reviewer) as server:
        answer, body = await server.post(path)

    assert (answer.status, answer.content_type) == (200, "application/json")
    assert answered(body) == {"uid": UID, "allowed": True}
    ((request, _, asked_scope),) = reviewer.asked
    assert (request.hook, asked_scope) == (hook, scope)


async def test_a_refusal_is_an_answer_with_status_200() -> None:
    findings = (Finding("privileged", Severity.ERROR, "/spec", "no"),)
    reviewer = Recorder(Answer(allowed=False, code=403, message="no", findings=findings))
    async with serving(reviewer) as server:
        answer, body = await server.post()
        counted = server.sample("findings_total", rule="privileged", severity="error")

    assert answer.status == 200
    assert answered(body)["status"] == {"code": 403, "reason": "Forbidden", "message": "no"}
    assert counted == 1


async def test_settings_are_those_in_force_when_the_request_comes() -> None:
    reviewer = Recorder()
    async with serving(reviewer) as server:
        await server.post()
        server.settings.current = Settings.model_validate({"onConflict": "warn"})
        await server.post()

    assert [settings.on_conflict for _, settings, _ in reviewer.asked] == ["deny", "warn"]


async def test_accepted_settings_review_the_object_as_it_was_sent() -> None:
    """A review edits it in place, and what one has edited is nothing for the next one."""
    objects: list[Any] = []

    def reviewer(request: Request, settings: Settings, scope: Scope) -> Answer:
        objects.append(dict(request.object))
        request.object.clear()
        return Answer(allowed=settings.on_conflict == "warn", code=403)

    async with serving(reviewer) as server:
        lenient = Settings.model_validate({"onConflict": "warn"})
        server.settings.in_force = in_force(Settings(), Settings(), lenient)
        _, body = await server.post()

    assert answered(body)["allowed"]
    assert objects == [POD] * 3


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_another_method_is_405(method: str) -> None:
    async with (
        serving() as server,
        server.client.request(method, server.url("/validate/managed"), data=b"x") as answer,
    ):
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"
        assert await answer.text() == "reviews are sent with POST\n"
        assert server.sample("rejected_requests_total", status="405") == 1


@pytest.mark.parametrize(
    "path", ["/", "/mutate/", "/mutate/opted-in", "/metrics", "/mutate%2fmanaged"]
)
async def test_another_path_is_404(path: str) -> None:
    async with serving() as server:
        answer, body = await server.post(path)

    assert answer.status == 404
    assert body.startswith(b"nothing is here: reviews go to /mutate, /validate, ")
    assert "Allow" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/yaml"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_another_content_type_is_415(headers: dict[str, str]) -> None:
    body = gzip.compress(posted()) if "Content-Encoding" in headers else posted()
    async with serving() as server:
        answer, text = await server.post(body=body, headers=headers)

    assert answer.status == 415
    assert text == b"send application/json in UTF-8, not compressed\n"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "Application/JSON",
    ],
)
async def test_json_in_utf_8_is_read(content_type: str) -> None:
    async with serving() as server:
        answer, _ = await server.post(headers={"Content-Type": content_type})

    assert answer.status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"{}",
        b"[]",
        posted(uid=""),
        posted(uid=None),
        posted().replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1"),
        posted(object=float("nan")),
    ],
)
async def test_what_is_no_review_is_400_with_one_sentence(body: bytes) -> None:
    async with serving() as server:
        answer, text = await server.post(body=body)
        assert server.sample("rejected_requests_total", status="400") == 1
        again, _ = await server.post()

    assert (answer.status, again.status) == (400, 200)
    assert text.count(b"\n") == 1
    assert text.startswith((b"the body is not JSON: ", b"the body is not an AdmissionReview of "))


@pytest.mark.parametrize("shape", [None, [], "text", 10**40, {"spec": {"containers": None}}])
async def test_an_object_of_any_shape_is_reviewed(shape: Any) -> None:
    reviewer = Recorder()
    async with serving(reviewer) as server:
        answer, body = await server.post(body=posted(object=shape))

    assert (answer.status, answered(body)["allowed"]) == (200, True)
    assert reviewer.asked[0][0].object == shape


async def test_a_body_of_exactly_7_mib_is_reviewed() -> None:
    body = posted().ljust(LARGEST_BODY)
    async with serving() as server:
        answer, _ = await server.post(body=io.BytesIO(body))

    assert len(body) == 7 * 1024 * 1024
    assert answer.status == 200


async def test_large_bodies_that_arrive_slowly_leave_room_for_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Small ones do not wait; a large one waits until a slow one gives way."""
    monkeypatch.setattr(intake, "ROOM_FOR_LARGE", LARGEST_BODY)
    monkeypatch.setattr(body_room, "SLOW_BODY_SECONDS", 0.5)
    never = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield posted().ljust(intake.SMALL_BODY * 2)
        await never.wait()

    async with serving() as server:
        first = asyncio.create_task(server.post(body=slow()))
        await server.until("in_flight_requests")
        small, _ = await server.post()
        second, _ = await server.post(body=io.BytesIO(posted().ljust(LARGEST_BODY)))
        answer, text = await first

    assert (small.status, second.status, answer.status) == (200, 200, 503)
    assert text.startswith(b"the body came slowly while others waited for its room")


async def test_a_body_that_finds_no_room_in_time_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "ROOM_FOR_LARGE", LARGEST_BODY)
    never = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b" "
        await never.wait()

    async with serving() as server:
        first = asyncio.create_task(server.post("/mutate?timeout=30s", body=slow()))
        await server.until("in_flight_requests")
        body = io.BytesIO(posted().ljust(LARGEST_BODY))
        answer, text = await server.post("/mutate?timeout=50ms", body=body)
        first.cancel()

    assert answer.status == 503
    assert text == b"too many reviews arrive at the same time: send it again\n"


async def test_what_would_fill_the_memory_is_refused_unread() -> None:
    reviewer = Recorder()
    async with serving(reviewer) as server:
        lists = b"[" + b"[]," * 2_000_000 + b"0]"
        answer, body = await server.post(body=io.BytesIO(posted(object="%").replace(b'"%"', lists)))
        headless, text = await server.post(body=io.BytesIO(lists))

    assert (answer.status, headless.status, reviewer.asked) == (200, 413, [])
    assert answered(body)["allowed"] is False
    assert answered(body)["status"]["message"].encode() + b"\n" > text > b"too large to review: "


async def test_a_body_that_announces_more_is_refused_before_it_is_read() -> None:
    head = (
        b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n" % (LARGEST_BODY + 1)
    )
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head)
        received = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        sentence = await asyncio.wait_for(reader.readline(), 10)
        writer.close()

    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in received
    assert sentence == b"a review has at most 7340032 bytes\n"


@pytest.mark.parametrize(
    ("version", "expected", "status"),
    [
        (b"1.1", b"100-continue", b"HTTP/1.1 100 Continue\r\n"),
        (b"1.1", b"100-Continue", b"HTTP/1.1 100 Continue\r\n"),
        (b"1.1", b"wonders", b"HTTP/1.1 417 Expectation Failed\r\n"),
        (b"1.0", b"100-continue", b"HTTP/1.0 200 OK\r\n"),
        (b"1.0", b"wonders", b"HTTP/1.0 200 OK\r\n"),
    ],
)
async def test_a_client_that_waits_for_a_word_is_told_to_go_on(
    version: bytes, expected: bytes, status: bytes
) -> None:
    """Before it sends its body; one of HTTP/1.0 knows no such word."""
    body = posted()
    head = (
        b"POST /mutate HTTP/%s\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Expect: %s\r\nContent-Length: %d\r\n\r\n" % (version, expected, len(body))
    )
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head + (body if version == b"1.0" else b""))
        assert await asyncio.wait_for(reader.readline(), 10) == status
        if b"100" in status:
            writer.write(body)
            assert await reader.readline() == b"\r\n"
            assert await asyncio.wait_for(reader.readline(), 10) == b"HTTP/1.1 200 OK\r\n"
        writer.close()


async def test_a_path_may_be_written_with_percent_signs_or_after_the_host() -> None:
    async with serving() as server:
        for target in (b"/%6dutate", b"http://a/mutate", b"/mutate?timeout=5s"):
            head = b"POST %s HTTP/1.1\r\nHost: a\r\n%s" % (
                target,
                b"Content-Type: application/json\r\nConnection: close\r\n",
            )
            body = posted()
            received = await server.raw(b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
            assert received.startswith(b"HTTP/1.1 200 OK\r\n"), target


async def test_a_chunked_body_is_refused_when_it_becomes_too_large() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(16):
            yield b" " * 512 * 1024

    async with serving() as server:
        answer, text = await server.post(body=endless())
        assert server.sample("rejected_requests_total", status="413") == 1

    assert (answer.status, text) == (413, b"a review has at most 7340032 bytes\n")


async def test_a_chunked_body_of_a_legal_size_is_reviewed() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for byte in posted():
            yield bytes([byte])

    async with serving() as server:
        answer, _ = await server.post(body=chunks())

    assert answer.status == 200


async def test_a_body_that_does_not_come_in_time_is_408() -> None:
    """Our deadline is slightly before the one in the query."""
    head = (
        b"POST /mutate?timeout=200ms HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Content-Length: 10\r\n\r\n{"
    )
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head)
        received = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert server.sample("rejected_requests_total", status="408") == 1
        writer.close()

    assert received.startswith(b"HTTP/1.1 408 ")
    assert b"Connection: close" in received


async def test_a_timeout_that_is_no_duration_is_400() -> None:
    async with serving() as server:
        answer, text = await server.post("/mutate?timeout=soon")

    assert answer.status == 400
    assert text == b"timeout should be a positive duration, such as 5s or 1m30s\n"


async def test_a_client_that_leaves_in_the_middle_of_its_body_disturbs_no_other() -> None:
    async with serving() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: 10\r\n\r\n{"
        )
        await writer.drain()
        writer.close()
        await server.until("rejected_requests_total", status="400")
        answer, _ = await server.post()

    assert answer.status == 200


@pytest.mark.parametrize(("at_once", "status"), [(True, b"400 Bad"), (False, b"408 Request")])
async def test_a_body_that_is_not_chunked_as_announced_is_refused(
    at_once: bool, status: bytes
) -> None:
    """At the latest when its time is up: the parser does not say that the rest will never come."""
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"POST /mutate?timeout=100ms HTTP/1.1\r\nHost: a\r\n"
            b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        if not at_once:
            await server.until("in_flight_requests")
        writer.write(b"zz\r\n{}\r\n")
        received = await asyncio.wait_for(reader.readline(), 10)
        writer.close()

    assert status in received


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01 a TLS hello\r\n\r\n", b"secret\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]
)
async def test_what_is_no_http_is_400_and_not_quoted(sent: bytes) -> None:
    async with serving() as server:
        received = await server.raw(sent)
        assert server.sample("rejected_requests_total", status="400") == 1

    assert received.startswith(b"HTTP/1.0 400 Bad Request\r\n")
    assert received.endswith(b"\r\n\r\nthis is not HTTP/1.1\n")


def _raises(_request: Request, _settings: Settings, _scope: Scope) -> Answer:
    raise KeyError("a value of the object")


async def test_a_rule_that_raises_refuses_the_object_and_the_process_lives() -> None:
    async with serving(_raises) as server:
        answer, body = await server.post()
        errors = server.sample("internal_errors_total")
        again, _ = await server.post()

    response = answered(body)
    assert (answer.status, again.status, errors) == (200, 200, 1)
    assert response["allowed"] is False
    assert (response["status"]["code"], response["status"]["reason"]) == (500, "InternalError")
    assert UID in response["status"]["message"]
    assert b"a value of the object" not in body


async def test_an_answer_that_cannot_be_written_counts_as_a_review_that_failed() -> None:
    operation = {"op": "add", "path": "/a", "value": float("inf")}
    async with serving(Recorder(Answer(allowed=True, operations=(operation,)))) as server:
        answer, body = await server.post()

    assert (answer.status, answered(body)["status"]["code"]) == (200, 500)


class _Broken:
    @property
    def current(self) -> Settings:
        raise RuntimeError("secret")


async def test_a_fault_of_the_server_itself_is_one_sentence() -> None:
    from webhook.observe.metrics import Metrics
    from webhook.server.app import Traffic, review_server
    from webhook.server.listener import REVIEWS, Address, Listener, ListenerPort

    metrics = Metrics()
    app = review_server(_Broken(), metrics, Traffic(metrics))  # type: ignore[arg-type]
    listener = await Listener.open(
        app, Address("127.0.0.1", 0), metrics, ListenerPort("reviews", REVIEWS)
    )
    async with (
        aiohttp.ClientSession() as client,
        client.post(
            f"http://{listener.addresses[0]}/mutate", data=posted(), headers=JSON
        ) as answer,
    ):
        text = await answer.text()
    await listener.close()

    assert (answer.status, text) == (500, "this server failed\n")
    assert metrics.registry.get_sample_value(
        "mcp_admission_rejected_requests_total", {"status": "500"}
    )


async def test_a_connection_is_kept_for_longer_than_the_api_server_keeps_it() -> None:
    """90 seconds idle; one that we closed first would fail the review sent on it."""
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(3):
            body = posted()
            writer.write(
                b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            length = next(
                int(line.split(b":")[1])
                for line in head.splitlines()
                if line.startswith(b"Content-Length")
            )
            json.loads(await reader.readexactly(length))
            assert b"Connection: close" not in head
        manager = server.listener._runner.server
        assert manager is not None
        (connection,) = manager.connections
        writer.close()

    assert connection.keepalive_timeout > 90


async def test_answers_close_their_connections_while_draining() -> None:
    async with serving() as server:
        server.traffic.draining = True
        for path in ("/mutate", "/nowhere"):
            answer, _ = await server.post(path)
            assert answer.headers["Connection"] == "close"


async def test_what_is_in_flight_is_counted_and_waited_for() -> None:
    body = posted()
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body[:-1])
        )
        await server.until("in_flight_requests")
        ended = asyncio.create_task(server.traffic.ended())
        await asyncio.sleep(0)
        assert not ended.done()
        writer.write(body[-1:])
        await asyncio.wait_for(ended, 5)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        assert server.sample("in_flight_requests") == 0
        writer.close()
