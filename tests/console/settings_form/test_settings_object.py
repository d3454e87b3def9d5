"""A save writes over the version that was seen, and takes nothing from others unasked."""

import asyncio
from typing import Any

import pytest

from webhook.console.settings_form.settings_object import (
    MANAGER,
    MOST_TRIES,
    ChangedMeanwhile,
    SettingsObject,
    read_settings_object,
    save_settings,
)
from webhook.kube import Conflict, Forbidden, NotFound

Json = dict[str, Any]
PATH = "/apis/mcp-admission.dev/v1alpha1/mcpserversettings/default"
TEAM = "/apis/mcp-admission.dev/v1alpha1/namespaces/team-a/mcpnamespacesettings/default"
SPEC = {"mode": "warn", "onConflict": "warn", "rules": {"privileged": "off", "sysctls": None}}
CONFLICT = Conflict(409, "Conflict", "the object has been modified")


def owned(manager: str, operation: str, **fields: Json) -> Json:
    return {
        "manager": manager,
        "operation": operation,
        "fieldsV1": {"f:spec": {f"f:{name}": inner for name, inner in fields.items()}},
    }


def stored(spec: Json, *managed: Json, generation: int = 3, version: str = "77") -> Json:
    metadata = {
        "name": "default",
        "uid": "u",
        "generation": generation,
        "resourceVersion": version,
        "managedFields": [*managed],
    }
    return {"kind": "MCPServerSettings", "metadata": metadata, "spec": spec}


OBJECT = stored(
    SPEC,
    owned(MANAGER, "Apply", mode={}),
    owned("kubectl", "Update", onConflict={}, rules={"f:privileged": {}}),
)


class Cluster:
    """Has this object; refuses so many writes, before each of which another version is made."""

    def __init__(self, found: Json | None, refused: int = 0) -> None:
        self.found, self.refused = found, refused
        self.written: list[tuple[str, str, Json, Json]] = []

    async def get(self, path: str) -> Json:
        if self.found is None:
            raise NotFound(404, "NotFound", path)
        return self.found

    async def apply(self, path: str, body: Json, **how: Any) -> Json:
        return self._write("apply", path, body, how)

    async def replace(self, path: str, body: Json, **how: Any) -> Json:
        return self._write("replace", path, body, how)

    def _write(self, verb: str, path: str, body: Json, how: Json) -> Json:
        self.written.append((verb, path, body, how))
        if self.refused:
            self.refused -= 1
            assert self.found is not None
            metadata = self.found["metadata"] | {"resourceVersion": f"later-{self.refused}"}
            self.found = self.found | {"metadata": metadata}
            raise CONFLICT
        return body


def save(cluster: Any, spec: Json, seen: str = "u/3", namespace: str = "") -> SettingsObject:
    return asyncio.run(save_settings(cluster, namespace, seen, spec))


def test_what_is_null_is_not_set_and_the_version_is_of_the_spec() -> None:
    api: Any = Cluster(OBJECT)
    found = asyncio.run(read_settings_object(api))

    assert found.spec == {"mode": "warn", "onConflict": "warn", "rules": {"privileged": "off"}}
    assert found.version == "u/3"
    other = SettingsObject("", stored(SPEC, version="78"))
    assert other.version == found.version
    assert SettingsObject("", stored(SPEC, generation=4)).version != found.version


@pytest.mark.parametrize("namespace", ["", "team-a"])
def test_no_resource_is_no_settings_and_no_version(namespace: str) -> None:
    api: Any = Cluster(None)
    found = asyncio.run(read_settings_object(api, namespace))

    assert (found.spec, found.version) == ({}, "")
    assert found.path == (TEAM if namespace else PATH)


def test_a_save_applies_what_the_console_set_before_and_what_is_new() -> None:
    cluster = Cluster(OBJECT)
    spec = {
        "mode": "warn",
        "onConflict": "warn",
        "rules": {"privileged": "off"},
        "mcpServerDefaults": {"runtimeClassName": "gvisor"},
    }

    save(cluster, spec)

    body = {
        "apiVersion": "mcp-admission.dev/v1alpha1",
        "kind": "MCPServerSettings",
        "metadata": {"name": "default", "resourceVersion": "77"},
        "spec": {"mode": "warn", "mcpServerDefaults": {"runtimeClassName": "gvisor"}},
    }
    assert cluster.written == [("apply", PATH, body, {"force": True, "manager": MANAGER})]


def test_a_key_of_the_console_alone_is_taken_out_by_an_apply_without_it() -> None:
    cluster = Cluster(OBJECT)

    save(cluster, {"onConflict": "warn", "rules": {"privileged": "off"}})

    ((verb, _, body, _),) = cluster.written
    assert (verb, body["spec"]) == ("apply", {})


def test_what_becomes_an_empty_mapping_is_replaced_because_an_apply_would_leave_null() -> None:
    fields: Json = {"f:resources": {"f:requests": {"f:cpu": {}}}}
    held = {"mcpServerDefaults": {"resources": {"requests": {"cpu": "1"}}}}
    cluster = Cluster(stored(held, owned(MANAGER, "Apply", mcpServerDefaults=fields)))

    save(cluster, {"mcpServerDefaults": {"resources": {"requests": {}}}})
    save(cluster, {})

    assert [verb for verb, *_ in cluster.written] == ["replace", "replace"]


@pytest.mark.parametrize(
    "spec",
    [
        {"mode": "warn", "rules": {"privileged": "off"}},
        {"mode": "warn", "onConflict": "warn"},
        {},
    ],
    ids=["value", "section", "all"],
)
def test_a_key_of_somebody_else_is_taken_out_by_a_replacement(spec: Json) -> None:
    cluster = Cluster(OBJECT)

    save(cluster, spec)

    ((verb, _, body, how),) = cluster.written
    assert (verb, body, how) == ("replace", OBJECT | {"spec": spec}, {"manager": MANAGER})


def test_a_part_of_a_value_of_somebody_else_is_taken_out_alike() -> None:
    inside: Json = {"f:resources": {"f:requests": {"f:cpu": {}, "f:memory": {}}}}
    held = {"mcpServerDefaults": {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}}
    cluster = Cluster(stored(held, owned("kubectl", "Update", mcpServerDefaults=inside)))

    save(cluster, {"mcpServerDefaults": {"resources": {"requests": {"cpu": "2"}}}})

    assert [verb for verb, *_ in cluster.written] == ["replace"]


def test_the_first_settings_of_a_namespace_take_nothing_over() -> None:
    cluster = Cluster(None)

    save(cluster, {"mode": "enforce"}, seen="", namespace="team-a")

    body = {
        "apiVersion": "mcp-admission.dev/v1alpha1",
        "kind": "MCPNamespaceSettings",
        "metadata": {"name": "default", "namespace": "team-a"},
        "spec": {"mode": "enforce"},
    }
    assert cluster.written == [("apply", TEAM, body, {"force": False, "manager": MANAGER})]


@pytest.mark.parametrize("seen", ["u/2", "v/3", ""])
def test_what_somebody_has_written_meanwhile_is_not_overwritten(seen: str) -> None:
    cluster = Cluster(OBJECT)

    with pytest.raises(ChangedMeanwhile) as raised:
        save(cluster, {}, seen=seen)

    assert raised.value.now.found is OBJECT
    assert cluster.written == []


def test_settings_that_were_deleted_meanwhile_are_not_made_again() -> None:
    with pytest.raises(ChangedMeanwhile):
        save(Cluster(None), {})


def test_another_status_is_no_other_version_of_the_settings() -> None:
    cluster = Cluster(OBJECT, refused=2)

    save(cluster, {"mode": "enforce", "onConflict": "warn", "rules": {"privileged": "off"}})

    versions = [body["metadata"]["resourceVersion"] for _, _, body, _ in cluster.written]
    assert versions == ["77", "later-1", "later-0"]


def test_a_conflict_that_lasts_is_raised() -> None:
    cluster = Cluster(OBJECT, refused=100)

    with pytest.raises(Conflict):
        save(cluster, {"mode": "enforce"})
    assert len(cluster.written) == MOST_TRIES


def test_who_may_not_read_the_settings_is_told_so() -> None:
    class Refusing(Cluster):
        async def get(self, path: str) -> Json:
            raise Forbidden(403, "Forbidden", path)

    with pytest.raises(Forbidden):
        save(Refusing(None), {})
