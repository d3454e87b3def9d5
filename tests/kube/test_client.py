"""The ServiceAccount of the pod, where no kubeconfig is there."""

import asyncio
import json
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from kubernetes.aio.config import incluster_config

from tests.observe.collector import Collector, recording
from webhook.kube.access.client_config import Overrides
from webhook.kube.api import Api
from webhook.kube.client import open_connection, open_without_credentials
from webhook.kube.errors import ApiError, ConfigurationError
from webhook.observe.traces import TRACEPARENT, TRACES


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a kubelet mounts, and what it sets."""
    (tmp_path / "token").write_text("t")
    (tmp_path / "ca.crt").write_bytes(trustme.CA().cert_pem.bytes())
    for name, file in (("TOKEN", "token"), ("CERT", "ca.crt")):
        place = str(tmp_path / file)
        monkeypatch.setattr(incluster_config, f"SERVICE_{name}_FILENAME", place)
    environment = {
        "HOME": str(tmp_path),
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
    }
    monkeypatch.delenv("KUBECONFIG", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return tmp_path


async def test_token_and_authority_of_the_pod_are_used(
    pod: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    monkeypatch.setenv("NO_PROXY", "10.96.0.0/12")
    found = await open_connection(None, Overrides(user="dev", groups=("a", "b")))
    await found.session.close()

    assert (found.server, found.proxy) == ("https://10.96.0.1", None)
    assert await found.credentials.authorization() == "Bearer t"
    assert found.impersonation.getall("Impersonate-User") == ["dev"]
    assert found.impersonation.getall("Impersonate-Group") == ["a", "b"]


async def test_a_pod_has_no_contexts(pod: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"the ServiceAccount of the pod .*no contexts"):
        await Api.connect(None, Overrides(context="x"))


@pytest.mark.parametrize(
    ("file", "content"),
    [("token", None), ("token", ""), ("ca.crt", None), ("ca.crt", ""), ("ca.crt", "no PEM")],
)
async def test_without_them_there_is_no_way(pod: Path, file: str, content: str | None) -> None:
    if content is None:
        (pod / file).unlink()
    else:
        (pod / file).write_text(content)

    with pytest.raises(ConfigurationError, match="the ServiceAccount of the pod shows no way"):
        await Api.connect()


async def test_a_pod_impersonates_no_groups_without_a_user(pod: Path) -> None:
    with pytest.raises(ConfigurationError, match="say who with --as"):
        await Api.connect(None, Overrides(groups=("a",)))


async def test_a_call_within_a_reconcile_is_a_span_that_the_api_server_continues(
    tmp_path: Path,
) -> None:
    heads: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        heads.append(request.headers.get(TRACEPARENT, ""))
        return web.json_response({"kind": "Pod"}, status=404 if "none" in request.path else 200)

    async with RawTestServer(answer) as server:
        config = {
            "current-context": "a",
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "clusters": [{"name": "a", "cluster": {"server": str(server.make_url("/"))}}],
            "users": [{"name": "a", "user": {}}],
        }
        (tmp_path / "config").write_text(json.dumps(config))
        with Collector() as collector, recording(collector.port):
            async with await Api.connect(tmp_path / "config") as api:
                await api.get("/api/v1/namespaces/a/pods/x")
                with TRACES.reconcile("server", {}):
                    await api.get("/api/v1/namespaces/a/pods/x")
                    with pytest.raises(ApiError):
                        await api.get("/api/v1/namespaces/a/pods/none")
            found, missing = await asyncio.to_thread(collector.wait_for, 2, "get pods")
            (above,) = await asyncio.to_thread(collector.wait_for, 1, "reconcile server")

    assert heads[0] == ""
    assert [f"00-{each.trace_id}-{each.span_id}-03" for each in (found, missing)] == heads[1:]
    assert found.parent_id == missing.parent_id == above.span_id
    assert (found.failed, missing.failed, above.failed) == (False, True, False)
    assert found.attributes == {
        "http.request.method": "GET",
        "url.path": "/api/v1/namespaces/a/pods/x",
    }


async def test_without_credentials_nothing_of_the_pod_is_used(pod: Path) -> None:
    found = open_without_credentials("https://10.96.0.1:443", pod / "ca.crt")
    await found.session.close()

    assert found.server == "https://10.96.0.1"
    assert await found.credentials.authorization() is None


@pytest.mark.parametrize("content", [None, b"", b" \n", b"no PEM", b"\xff"])
async def test_an_authority_that_is_none_is_said(pod: Path, content: bytes | None) -> None:
    (pod / "ca.crt").unlink()
    if content is not None:
        (pod / "ca.crt").write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"ca\.crt"):
        open_without_credentials("https://10.96.0.1", pod / "ca.crt")
