"""Every call of the transport, answered by a real API server."""

import base64
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.kube.watching import first
from tools.cluster.control_plane import ControlPlane
from webhook.kube import api as module
from webhook.kube.api import Api
from webhook.kube.errors import (
    AlreadyExists,
    ApiError,
    ConfigurationError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
)
from webhook.kube.messages import PATCHES, ApiRequest, cluster_wide, namespaced

VALUE = "hunter2-" * 4


@pytest.fixture
async def api(control_plane: ControlPlane) -> AsyncIterator[Api]:
    async with await Api.connect(control_plane.kubeconfig) as connected:
        yield connected


@pytest.fixture
def maps(namespace: str) -> str:
    return namespaced("v1", "configmaps", namespace)


def config_map(name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"of": "test"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def test_an_object_is_created_once_and_read(api: Api, maps: str) -> None:
    made = await api.create(maps, config_map("a", key="value"))

    assert (await api.get(f"{maps}/a")) == made
    assert made["metadata"]["managedFields"][0]["manager"] == "mcp-admission"
    with pytest.raises(AlreadyExists, match=r"configmaps: 409 AlreadyExists: .* already exists"):
        await api.create(maps, config_map("a"))


async def test_a_dry_run_stores_nothing(api: Api, maps: str) -> None:
    assert (await api.create(maps, config_map("a"), dry_run=True))["metadata"]["uid"]
    with pytest.raises(NotFound, match='configmaps/a: 404 NotFound: configmaps "a" not found'):
        await api.get(f"{maps}/a")


async def test_only_what_was_seen_is_replaced(api: Api, maps: str) -> None:
    seen = await api.create(maps, config_map("a", key="1"))
    await api.replace(f"{maps}/a", seen | {"data": {"key": "2"}})

    with pytest.raises(Conflict):
        await api.replace(f"{maps}/a", seen | {"data": {"key": "3"}})
    assert (await api.get(f"{maps}/a"))["data"] == {"key": "2"}


async def test_patches_are_of_the_kind_that_was_asked_for(api: Api, maps: str) -> None:
    await api.create(maps, config_map("a", kept="1", gone="1"))
    merged = await api.patch(f"{maps}/a", {"data": {"gone": None, "new": "2"}}, kind="merge")
    assert merged["data"] == {"kept": "1", "new": "2"}

    test = {"op": "test", "path": "/data/kept", "value": "1"}
    edit = {"op": "replace", "path": "/data/kept", "value": "3"}
    assert (await api.patch(f"{maps}/a", [test, edit], kind="json"))["data"]["kept"] == "3"
    with pytest.raises(Invalid):
        await api.patch(f"{maps}/a", [test, edit], kind="json")


async def test_applying_makes_takes_over_or_says_whose_it_is(api: Api, maps: str) -> None:
    assert (await api.apply(f"{maps}/a", config_map("a", key="1")))["data"] == {"key": "1"}
    other = {"data": {"key": "theirs"}}
    theirs = f"{maps}/a?fieldManager=somebody"
    await api._call(ApiRequest("PATCH", theirs, {}, other, PATCHES["merge"]), 10)

    with pytest.raises(Conflict):
        await api.apply(f"{maps}/a", config_map("a", key="1"), force=False)
    assert (await api.apply(f"{maps}/a", config_map("a", key="1")))["data"] == {"key": "1"}


async def test_applying_to_another_object_of_that_name_is_refused(api: Api, maps: str) -> None:
    wanted = config_map("a", key="1")
    wanted["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000"

    with pytest.raises(Conflict):
        await api.apply(f"{maps}/a", wanted)
    await api.create(maps, config_map("a"))
    with pytest.raises(Invalid, match=r"metadata.uid: .* field is immutable"):
        await api.apply(f"{maps}/a", wanted)


async def test_only_what_was_seen_is_deleted(api: Api, maps: str) -> None:
    seen = (await api.create(maps, config_map("a")))["metadata"]

    with pytest.raises(Conflict):
        await api.delete(f"{maps}/a", uid="00000000-0000-0000-0000-000000000000")
    with pytest.raises(Conflict):
        await api.delete(f"{maps}/a", uid=seen["uid"], resource_version="1")
    await api.delete(f"{maps}/a", uid=seen["uid"], resource_version=seen["resourceVersion"])
    with pytest.raises(NotFound):
        await api.delete(f"{maps}/a")


async def test_a_list_is_read_page_by_page(
    api: Api, maps: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    for name in "abcde":
        await api.create(maps, config_map(name))

    found = await api.list(maps, label_selector="of=test")

    assert [item["metadata"]["name"] for item in found.items] == list("abcde")
    assert int(found.resource_version) > 0
    (one,) = (await api.list(maps, field_selector="metadata.name=c")).items
    assert one["metadata"]["name"] == "c"
    assert (await api.list(maps, label_selector="of in (nobody,none)")).items == []


async def test_the_stored_version_is_that_of_a_list_of_now(api: Api, maps: str) -> None:
    before = await api.stored_version(maps, "of=test", "")
    made = await api.create(maps, config_map("a"))
    after = await api.stored_version(maps, "", "metadata.name=a")

    assert int(before) < int(made["metadata"]["resourceVersion"]) <= int(after)


async def test_a_watch_tells_what_changes(control_plane: ControlPlane, api: Api, maps: str) -> None:
    version = (await api.list(maps)).resource_version
    control_plane.create(maps, config_map("a", large="ä" * 500_000))
    await api.create(maps, {"metadata": {"name": "unlabelled"}})
    await api.patch(f"{maps}/a", {"data": {"key": "1"}}, kind="merge")
    await api.delete(f"{maps}/a")

    async with aclosing(
        api.watch(maps, resource_version=version, label_selector="of=test")
    ) as events:
        seen = [await anext(events) for _ in range(3)]

    assert [event.type for event in seen] == ["ADDED", "MODIFIED", "DELETED"]
    assert [event.object["metadata"]["name"] for event in seen] == ["a"] * 3


async def test_a_watch_ends_in_time_with_a_bookmark(api: Api, maps: str) -> None:
    version = (await api.list(maps)).resource_version
    seen = [event async for event in api.watch(maps, resource_version=version, seconds=1)]

    assert [event.type for event in seen] in ([], ["BOOKMARK"])


async def test_a_watch_of_nothing_is_not_found(api: Api, namespace: str) -> None:
    with pytest.raises(NotFound):
        await first(api.watch(namespaced("v1", "nothing", namespace), resource_version="1"))


async def test_rights_are_those_of_the_kubeconfig(control_plane: ControlPlane, maps: str) -> None:
    nobody = control_plane.user("nobody-at-all")
    async with await Api.connect(nobody.kubeconfig) as api:
        with pytest.raises(Forbidden, match=r'User "nobody-at-all" cannot list resource'):
            await api.list(maps)


async def test_a_service_account_is_who_its_token_says(
    control_plane: ControlPlane, namespace: str
) -> None:
    account = control_plane.service_account(namespace, "default")
    async with await Api.connect(account.kubeconfig) as api:
        path = cluster_wide("authentication.k8s.io/v1", "selfsubjectreviews")
        answer = await api.create(
            path, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        )

    assert answer["status"]["userInfo"]["username"].endswith(f"{namespace}:default")


async def test_the_clock_is_that_of_the_api_server(api: Api) -> None:
    await api.get("/version")

    assert abs(api.server_time() - datetime.now(UTC)) < timedelta(seconds=3)


@pytest.mark.parametrize(
    "body", [{"data": {"key": VALUE}}, {"data": VALUE}, {"stringData": [VALUE]}]
)
async def test_no_message_quotes_a_secret(api: Api, namespace: str, body: dict[str, Any]) -> None:
    path = namespaced("v1", "secrets", namespace)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    good = secret | {"data": {"key": base64.b64encode(b"1").decode()}}
    await api.create(path, good)

    for call in (
        api.apply(f"{path}/a", secret | body),
        api.patch(f"{path}/a", body, kind="merge"),
        api.create(path, secret | body),
        api.replace(f"{path}/a", secret | body),
    ):
        with pytest.raises(ApiError) as refused:
            await call
        assert VALUE not in str(refused.value)


async def test_without_any_configuration_the_way_out_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(ConfigurationError, match="or name a file that kubectl takes with"):
        await Api.connect()


BAD_FILES = {
    "yaml": "{",
    "list": "- 1",
    "text": "text",
    "no context": "apiVersion: v1\nkind: Config\nclusters: []\n",
    "no name": "current-context: a\ncontexts: [{}]\nclusters: []\nusers: []\n",
    "no PEM": """\
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters:
- name: a
  cluster: {server: 'https://127.0.0.1:1', certificate-authority-data: TUlTUw==}
users: [{name: a, user: {}}]
""",
}


@pytest.mark.parametrize("name", BAD_FILES)
async def test_a_bad_kubeconfig_is_one_sentence(name: str, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(BAD_FILES[name])

    with pytest.raises(ConfigurationError) as refused:
        await Api.connect(file)

    assert "\n" not in str(refused.value)


async def test_a_folder_is_no_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        await Api.connect(tmp_path)


async def test_a_pod_is_told_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")

    with pytest.raises(ConfigurationError, match="the ServiceAccount of the pod"):
        await Api.connect()
