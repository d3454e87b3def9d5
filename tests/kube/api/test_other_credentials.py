"""One connection, several users, and no way but to the API server that was named."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.kube.access.kubeconfigs import config, written
from webhook.kube.access.credentials import FixedHeader
from webhook.kube.api import Api
from webhook.kube.errors import ApiError


class Answers:
    """An API server that says who asks, and sends others elsewhere."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path == "/elsewhere":
            raise web.HTTPTemporaryRedirect("/api")
        return web.json_response({"who": request.headers.get("Authorization")})


@pytest.fixture
async def answers(tmp_path: Path) -> AsyncIterator[tuple[Answers, Api]]:
    found = Answers()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    async with TestServer(app) as server:
        way = {"server": str(server.make_url("")).rstrip("/")}
        async with await Api.connect(written(tmp_path, config({}, way))) as api:
            yield found, api


async def test_others_act_with_their_own_credentials(answers: tuple[Answers, Api]) -> None:
    _, api = answers
    other = api.acting_as(FixedHeader("Bearer theirs"))

    assert await other.get("/api") == {"who": "Bearer theirs"}
    assert await api.get("/api") == {"who": None}
    assert other.server == api.server


@pytest.mark.parametrize("verb", ["get", "create"])
async def test_a_redirect_is_no_answer(answers: tuple[Answers, Api], verb: str) -> None:
    found, api = answers

    with pytest.raises(ApiError, match="307"):
        await (api.get("/elsewhere") if verb == "get" else api.create("/elsewhere", {}))
    assert found.asked == ["/elsewhere"]
