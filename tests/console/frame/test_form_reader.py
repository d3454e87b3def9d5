"""No form is without bounds: not of size, not of time, and not of how many come at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.console.played_cluster import BrowserAtConsole
from webhook.console.frame import form_reader
from webhook.console.frame.form_reader import LARGEST_FORM, MOST_FIELDS, FormReader

FORM = {"Content-Type": form_reader.FORM}


async def posted(console: BrowserAtConsole, **more: Any) -> int:
    path = "/sign-out"
    async with console.client.post(path, allow_redirects=False, **more) as response:
        return response.status


async def test_only_forms_are_read(console: BrowserAtConsole) -> None:
    assert await posted(console, json={}) == 415
    assert (
        await posted(console, data=b"--x", headers={"Content-Type": "multipart/form-data"}) == 415
    )
    assert await posted(console, data={"a": "b"}) == 303


async def test_forms_are_bounded(console: BrowserAtConsole) -> None:
    async def parts() -> Any:
        for _ in range(2):
            yield b"a" * LARGEST_FORM

    assert await posted(console, data=b"a" * (LARGEST_FORM + 1), headers=FORM) == 413
    assert await posted(console, data=parts(), headers=FORM) == 413
    assert await posted(console, data=b"&" * MOST_FIELDS, headers=FORM) == 413
    assert await posted(console, data=b"\xff=%ff&=&&", headers=FORM) == 303


class Held:
    """A page that keeps each form that it has read until it is told to answer."""

    def __init__(self, seconds: float) -> None:
        self.forms = FormReader(seconds)
        self.read = asyncio.Semaphore(0)
        self.answers = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        async with self.forms.reading(request):
            self.read.release()
            await self.answers.wait()
        return web.Response()


Opened = tuple[Held, TestClient[web.Request, web.Application]]


async def opened(seconds: float) -> AsyncIterator[Opened]:
    held, app = Held(seconds), web.Application()
    app.router.add_post("/", held.take)
    async with TestClient(TestServer(app)) as client:
        yield held, client


@pytest.fixture
async def patient() -> AsyncIterator[Opened]:
    async for each in opened(60.0):
        yield each


@pytest.fixture
async def impatient() -> AsyncIterator[Opened]:
    async for each in opened(0.0):
        yield each


async def test_a_form_that_does_not_come_is_waited_for_no_longer(impatient: Opened) -> None:
    _, client = impatient
    ends = asyncio.Event()

    async def slow() -> Any:
        yield b"a"
        await ends.wait()

    async with client.post("/", data=slow(), headers=FORM) as answer:
        assert answer.status == 408
        assert "too slowly" in await answer.text()
    ends.set()


async def test_so_many_forms_are_held_at_a_time(
    patient: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, client = patient
    fits = form_reader.ROOM_FOR_FORMS // 2 // LARGEST_FORM

    async def post() -> int:
        async with client.post("/", data=b"a" * LARGEST_FORM, headers=FORM) as answer:
            return answer.status

    posts = [asyncio.create_task(post()) for _ in range(fits + 1)]
    for _ in range(fits):
        await held.read.acquire()
    assert held.read.locked()

    held.answers.set()

    assert await asyncio.gather(*posts) == [200] * (fits + 1)
    assert not held.forms._room._held


async def test_a_time_limit_of_a_page_is_not_that_of_the_form(patient: Opened) -> None:
    held, _client = patient

    async def take(request: web.Request) -> web.Response:
        with pytest.raises(TimeoutError):
            async with held.forms.reading(request):
                raise TimeoutError
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    async with (
        TestClient(TestServer(app)) as other,
        other.post("/", data=b"a=b", headers=FORM) as answer,
    ):
        assert answer.status == 204
