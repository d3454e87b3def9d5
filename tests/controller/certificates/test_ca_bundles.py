"""What webhook configurations trust is read, and written entry by entry."""

import base64
from typing import Any

import pytest

from webhook.controller.certificates.ca_bundles import (
    Contested,
    ca_bundles,
    publish_bundle,
    read_configurations,
)
from webhook.controller.installation import Installation
from webhook.kube.errors import Invalid, NotFound

Json = dict[str, Any]
HERE = Installation()
MUTATING, VALIDATING = HERE.configurations().values()


def encoded(bundle: bytes) -> str:
    return base64.b64encode(bundle).decode()


def configuration(*bundles: bytes, **annotations: str) -> Json:
    webhooks = [
        {"name": f"w{at}", "clientConfig": {"caBundle": encoded(bundle)} if bundle else {}}
        for at, bundle in enumerate(bundles)
    ]
    metadata = {"name": "mcp-admission", "resourceVersion": "7", "annotations": annotations}
    return {"metadata": metadata, "webhooks": webhooks}


class Stored:
    """An API server that has these configurations."""

    def __init__(self, found: Json) -> None:
        self.found = found
        self.refuses: set[str] = set()
        self.patched: dict[str, list[Json]] = {}

    async def get(self, path: str) -> Json:
        if path not in self.found:
            raise NotFound(404, "NotFound", path)
        return dict(self.found[path])

    async def patch(self, path: str, operations: list[Json], *, kind: str) -> None:
        assert kind == "json"
        if path in self.refuses:
            raise Invalid(422, "Invalid", path)
        self.patched[path] = operations


async def published(api: Any, *names: str) -> None:
    await publish_bundle(api, await read_configurations(api, HERE), names, b"new")


M, V = "MutatingWebhookConfiguration mcp-admission", "ValidatingWebhookConfiguration mcp-admission"


async def test_each_entry_is_known_by_configuration_and_name() -> None:
    api: Any = Stored({MUTATING: configuration(b"one", b""), VALIDATING: configuration(b"two")})

    assert ca_bundles(await read_configurations(api, HERE)) == {
        f"{M}, webhook w0": b"one",
        f"{M}, webhook w1": None,
        f"{V}, webhook w0": b"two",
    }


async def test_a_configuration_that_is_not_there_has_no_entries() -> None:
    api: Any = Stored({VALIDATING: configuration(b"two")})

    assert [each.name for each in await read_configurations(api, HERE)] == [V]


async def test_only_the_named_entries_of_the_version_that_was_read_are_written() -> None:
    api = Stored({MUTATING: configuration(b"one", b"one"), VALIDATING: configuration(b"two")})

    await published(api, f"{M}, webhook w1")

    assert api.patched == {
        MUTATING: [
            {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
            {"op": "add", "path": "/webhooks/1/clientConfig/caBundle", "value": encoded(b"new")},
        ]
    }


async def test_an_entry_that_cannot_be_written_keeps_no_other_from_it() -> None:
    api = Stored({MUTATING: configuration(b"one"), VALIDATING: configuration(b"two")})
    api.refuses = {MUTATING}

    with pytest.raises(Invalid):
        await published(api, f"{M}, webhook w0", f"{V}, webhook w0")

    assert api.patched.keys() == {VALIDATING}


async def test_a_bundle_that_cert_manager_writes_is_left_to_it() -> None:
    annotations = {"cert-manager.io/inject-ca-from": "a/b"}
    api = Stored({MUTATING: configuration(b"one", **annotations)})

    with pytest.raises(Contested, match="remove the annotation"):
        await published(api, f"{M}, webhook w0")

    assert api.patched == {}
