"""What the console saves is what a real API server stores, whoever set the keys before."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tools.cluster.control_plane import ControlPlane
from webhook.console.settings_form.settings_object import (
    MANAGER,
    ChangedMeanwhile,
    read_settings_object,
    save_settings,
)
from webhook.kube.api import Api
from webhook.settings.load import API_VERSION, KIND, NAME

Json = dict[str, Any]
RESOURCES = {"requests": {"cpu": "1", "memory": "1Gi"}}


@pytest.fixture
async def api(settings_resource: ControlPlane) -> AsyncIterator[Api]:
    async with await Api.connect(settings_resource.kubeconfig) as connected:
        yield connected


@pytest.fixture(params=["", "saved"], ids=["cluster", "namespace"])
def owner(request: pytest.FixtureRequest, settings_resource: ControlPlane) -> Iterator[str]:
    namespace: str = request.param
    options = ["--namespace", namespace] if namespace else []
    kind = "mcpnamespacesettings" if namespace else "mcpserversettings"
    if namespace:
        settings_resource.kubectl("create", "namespace", namespace, check=False)
    yield namespace
    settings_resource.kubectl("delete", kind, NAME, "--ignore-not-found", *options)


def by_kubectl(cluster: ControlPlane, namespace: str, spec: Json) -> None:
    kind = "MCPNamespaceSettings" if namespace else KIND
    metadata = {"name": NAME} | ({"namespace": namespace} if namespace else {})
    found = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}
    cluster.kubectl("apply", "--filename=-", sent=found)


async def saved(api: Api, namespace: str, spec: Json) -> Json:
    seen = await read_settings_object(api, namespace)
    await save_settings(api, namespace, seen.version, spec)
    return (await read_settings_object(api, namespace)).spec


async def test_keys_are_made_changed_and_taken_out(api: Api, owner: str) -> None:
    for spec in (
        {"mode": "warn", "rules": {"privileged": "warn", "sysctls": "off"}},
        {"mode": "enforce", "rules": {"privileged": "warn"}},
        {"mcpServerDefaults": {"resources": RESOURCES, "runtimeClassName": "gvisor"}},
        {"mcpServerDefaults": {"resources": {"requests": {"cpu": "2"}}}},
        {"mcpServerDefaults": {"resources": {"requests": {}}, "tolerations": []}},
        {},
    ):
        assert await saved(api, owner, spec) == spec
        found = (await read_settings_object(api, owner)).found or {}
        managed = found["metadata"].get("managedFields", [])
        assert {each["manager"] for each in managed} <= {MANAGER}


async def test_keys_of_others_stay_theirs_until_they_are_taken_out(
    api: Api, owner: str, settings_resource: ControlPlane
) -> None:
    theirs: Json = {"onConflict": "warn", "mcpServerDefaults": {"resources": RESOURCES}}
    by_kubectl(settings_resource, owner, theirs)

    assert await saved(api, owner, theirs | {"mode": "warn"}) == theirs | {"mode": "warn"}
    by_kubectl(settings_resource, owner, theirs | {"onConflict": "deny"})
    assert (await read_settings_object(api, owner)).spec["onConflict"] == "deny"

    fewer = {"mcpServerDefaults": {"resources": {"requests": {"memory": "2Gi"}}}}
    assert await saved(api, owner, fewer) == fewer
    assert await saved(api, owner, {}) == {}


async def test_a_change_of_others_is_seen_and_a_status_is_none(
    api: Api, owner: str, settings_resource: ControlPlane
) -> None:
    by_kubectl(settings_resource, owner, {"mode": "warn"})
    seen = await read_settings_object(api, owner)
    status = {"status": {"observedGeneration": 1}}
    await api.patch(f"{seen.path}/status", status, kind="merge")

    stored = await save_settings(api, owner, seen.version, {"mode": "observe"})
    assert stored.spec == {"mode": "observe"}
    with pytest.raises(ChangedMeanwhile) as raised:
        await save_settings(api, owner, seen.version, {"mode": "enforce"})
    assert raised.value.now.spec == {"mode": "observe"}
