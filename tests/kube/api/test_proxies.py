"""An API server behind a forward proxy: the environment names it, as for every other program."""

from pathlib import Path

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from webhook.kube.api import Api
from webhook.kube.errors import Unreachable

SERVER = "http://api.example.invalid:6443"


def kubeconfig(folder: Path, **cluster: str) -> Path:
    found = {
        "clusters": [{"name": "c", "cluster": {"server": SERVER, **cluster}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    file = folder / "kubeconfig"
    file.write_text(yaml.dump(found))
    return file


async def asked_through(environment: str | None, folder: Path, **cluster: str) -> list[str]:
    """What a proxy is asked for when the client reads an object."""
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(request.raw_path)
        return web.json_response({"kind": "ConfigMap"})

    async with RawTestServer(answer) as proxy:
        address = str(proxy.make_url(""))
        with pytest.MonkeyPatch.context() as patched:
            if environment:
                patched.setenv(environment, address)
            given = {key: value.format(proxy=address) for key, value in cluster.items()}
            async with await Api.connect(kubeconfig(folder, **given)) as api:
                await api.get("/api/v1/namespaces/a/configmaps/b")
    return asked


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY"])
async def test_the_proxy_of_the_environment_is_used(variable: str, tmp_path: Path) -> None:
    assert await asked_through(variable, tmp_path) == [f"{SERVER}/api/v1/namespaces/a/configmaps/b"]


async def test_the_proxy_of_the_kubeconfig_is_used(tmp_path: Path) -> None:
    assert len(await asked_through(None, tmp_path, **{"proxy-url": "{proxy}"})) == 1


async def test_no_proxy_where_the_environment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "example.invalid")
    with pytest.raises(Unreachable):
        await asked_through("http_proxy", tmp_path)
