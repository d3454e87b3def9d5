"""Pairs and authorities survive being stored, and what cannot be used is a problem."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from certs.authority import Pair, issue_leaf, make_authority
from webhook.controller.certificates.stored import (
    REPLACE,
    SecretFiles,
    Stored,
    read_stored,
    write_authorities,
    write_leaf,
)
from webhook.controller.installation import (
    AUTHORITY_SECRET,
    OWN_LABELS,
    SERVING_SECRET,
    Installation,
)
from webhook.kube.errors import NotFound

Json = dict[str, Any]
HERE = Installation()
AUTHORITIES, SERVING = HERE.secret(AUTHORITY_SECRET), HERE.secret(SERVING_SECRET)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


class Secrets:
    """An API server that keeps Secrets by their paths."""

    def __init__(self) -> None:
        self.kept: dict[str, Json] = {}

    async def get(self, path: str) -> Json:
        if path not in self.kept:
            raise NotFound(404, "NotFound", path)
        return self.kept[path]

    async def create(self, folder: str, body: Json) -> None:
        self.kept[f"{folder}/{body['metadata']['name']}"] = body

    async def replace(self, path: str, body: Json) -> None:
        assert path in self.kept
        self.kept[path] = body

    def hold(self, path: str, **files: bytes) -> None:
        data = {name: base64.b64encode(content).decode() for name, content in files.items()}
        self.kept[path] = {"metadata": {"name": path.rpartition("/")[2]}, "data": data}


@pytest.fixture
def api() -> Any:
    return Secrets()


@pytest.fixture(scope="module")
def authority() -> Pair:
    return make_authority(NOW, YEAR)


async def read(api: Any) -> Stored:
    return await read_stored(api, HERE)


async def test_nothing_is_stored_before_the_first_write(api: Any) -> None:
    stored = await read(api)

    assert (stored.authority, stored.successor, stored.leaf) == (None, None, None)
    assert (stored.retired, stored.problems, stored.asked_to_replace) == ((), (), frozenset())
    assert not stored.serving.is_ours


async def test_authorities_are_read_as_they_were_written(api: Any, authority: Pair) -> None:
    successor, retired = make_authority(NOW, YEAR), make_authority(NOW, YEAR).certificate
    await write_authorities(api, await read(api), authority, successor, (retired,))

    stored = await read(api)
    assert stored.authority is not None
    assert stored.successor is not None
    assert stored.authority.certificate == authority.certificate
    assert stored.successor.certificate == successor.certificate
    assert stored.retired == (retired,)

    await write_authorities(api, stored, successor, None, ())
    assert api.kept[AUTHORITIES]["data"].keys() == {"ca.crt", "ca.key"}


async def test_a_leaf_is_read_with_the_authority_that_issued_it(api: Any, authority: Pair) -> None:
    leaf = issue_leaf(authority, ["a.test"], NOW, YEAR)
    await write_leaf(api, await read(api), leaf, authority)

    stored = await read(api)
    assert stored.leaf is not None
    assert stored.leaf.certificate == leaf.certificate
    assert api.kept[SERVING]["type"] == "kubernetes.io/tls"
    assert OWN_LABELS.items() <= api.kept[SERVING]["metadata"]["labels"].items()
    assert stored.serving.is_ours


async def test_what_cannot_be_used_counts_as_absent_and_is_a_problem(
    api: Any, authority: Pair
) -> None:
    leaf = issue_leaf(authority, ["a.test"], NOW, YEAR)
    other = make_authority(NOW, YEAR)
    api.hold(AUTHORITIES, **{"ca.crt": authority.certificate_pem, "retired.crt": b"odd"})
    api.hold(
        SERVING,
        **{
            "tls.crt": leaf.certificate_pem,
            "tls.key": leaf.key_pem,
            "ca.crt": other.certificate_pem,
        },
    )

    stored = await read(api)

    assert (stored.authority, stored.retired, stored.leaf) == (None, (), None)
    first, second, third = stored.problems
    assert first.startswith("Secret mcp-admission-ca, ca.crt and ca.key: ")
    assert second.startswith("Secret mcp-admission-ca, retired.crt")
    assert third == "Secret mcp-admission-tls, ca.crt is not the authority that issued tls.crt"


@pytest.mark.parametrize("text", ["a,b", "a b", " a , b "])
def test_certificates_to_replace_are_named_in_an_annotation(text: str) -> None:
    secret = SecretFiles("/secrets/x", {"metadata": {"annotations": {REPLACE: text}}})

    assert secret.asked_to_replace == {"a", "b"}


def test_no_content_of_a_secret_is_in_its_repr() -> None:
    assert "aHVudGVyMg" not in repr(SecretFiles("/secrets/x", {"data": {"a": "aHVudGVyMg=="}}))
