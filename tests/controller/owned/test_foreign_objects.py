"""Objects of others that have the names of made ones, and the servers that wait for the names."""

from typing import Any

import pytest

from webhook import names
from webhook.controller.owned.foreign_objects import ForeignObjects, ServerNames
from webhook.controller.owned.owned_objects import ObjectKey
from webhook.kube.cache import Cache

LONG = "w" * 60


def metadata(name: str, version: int = 1) -> dict[str, Any]:
    """An object as a watch of metadata has it, without a kind."""
    given = {"name": name, "namespace": "team", "uid": "u", "resourceVersion": str(version)}
    return {"metadata": given}


@pytest.mark.parametrize(
    ("kind", "name", "kept"),
    [
        ("Service", "crm-mcp", True),
        ("Service", "crm", False),
        ("Service", "mcp-admission-baseline", False),
        ("NetworkPolicy", "crm-mcp-access", True),
        ("NetworkPolicy", "mcp-admission-baseline", True),
        ("NetworkPolicy", "default-deny", False),
    ],
)
def test_only_objects_of_names_that_may_be_wanted_are_kept(
    kind: str, name: str, kept: bool
) -> None:
    told: list[tuple[object, ...]] = []
    sources: Cache[str] = Cache(lambda _: None, lambda *_: None)
    foreign = ForeignObjects(sources, lambda *change: told.append(change))

    foreign.caches[kind].put(metadata(name))
    foreign.caches[kind].put(metadata(name, 2))
    foreign.caches[kind].delete(metadata(name, 3))

    changes = [(None, "u 1"), ("u 1", "u 2"), ("u 2", None)]
    assert told == [("team", name, *change) for change in changes if kept]


def test_a_secret_is_known_by_the_cache_of_all() -> None:
    sources: Cache[str] = Cache(lambda _: "version", lambda *_: None)
    foreign = ForeignObjects(sources, lambda *_: None)
    sources.put(metadata("crm-mcp-config"))

    assert foreign.version(ObjectKey("Secret", "team", "crm-mcp-config")) == "version"
    assert foreign.version(ObjectKey("Secret", "team", "crm-mcp-files")) is None


@pytest.mark.parametrize("name", ["crm", "a.b", LONG, "a-mcp", "x-mcp-config"])
@pytest.mark.parametrize(
    "made",
    [
        names.service_of,
        names.config_secret_of,
        names.files_secret_of,
        names.access_policy_of,
    ],
)
def test_a_name_leads_to_its_server(name: str, made: Any) -> None:
    servers = ServerNames()
    servers.add("team", name)

    assert name in set(servers.of("team", made(name)))
    assert name not in set(servers.of("other", made(name))) - {names.identity(name)}


def test_a_server_that_is_gone_is_forgotten_and_no_other() -> None:
    servers = ServerNames()
    for name in ("crm", LONG):
        servers.add("team", name)
    twin = LONG.upper()
    servers._others["team", names.identity(LONG)].add(twin)
    servers.discard("team", LONG)
    assert list(servers.of("team", names.service_of(LONG))) == [names.identity(LONG), twin]
    servers.discard("team", "crm")
    servers._others["team", names.identity(LONG)] = {LONG}
    servers.discard("team", LONG)

    assert servers._others == {}
    assert list(servers.of("team", "default-deny")) == []
