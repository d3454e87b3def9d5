"""The two Secrets of a configuration, and the revision of their content."""

import pytest

from tests.objects.case import SECRET_UID, secret_of, server
from webhook.objects.configuration import (
    ServerConfiguration,
    build_config_secret,
    build_files_secret,
    read_configuration,
    revision,
)


def test_nothing_is_made_without_a_configuration() -> None:
    assert build_config_secret(server(), None) is None
    assert build_files_secret(server(), None) is None
    assert revision(None) is None


def test_a_config_secret_has_values_and_paths_of_files() -> None:
    asker = server(asks={"config-from": "values", "file-keys": "a.pem"})
    made = build_config_secret(
        asker, read_configuration(asker, secret_of({"a.pem": b"x", "K": b"k"}))
    )
    assert made is not None

    assert made["type"] == "Opaque"
    assert made["metadata"] == asker.metadata("github-tools-mcp-config")
    assert made["data"] == {"K": "aw==", "a.pem": "L2ZpbGVzL2EucGVt"}


def test_a_revision_changes_with_every_part_of_the_content() -> None:
    contents = [
        ServerConfiguration({"a": b"1"}, {}, SECRET_UID),
        ServerConfiguration({"a": b"2"}, {}, SECRET_UID),
        ServerConfiguration({"b": b"1"}, {}, SECRET_UID),
        ServerConfiguration({}, {"a": b"1"}, SECRET_UID),
        ServerConfiguration({"a": b""}, {}, SECRET_UID),
        ServerConfiguration({}, {}, SECRET_UID),
        ServerConfiguration({"a": b"1"}, {}, "another-uid"),
    ]

    assert len({revision(content) for content in contents}) == len(contents)


def test_a_revision_is_the_same_for_the_same_content() -> None:
    """A new release that computes another one would roll every server."""
    one = ServerConfiguration({"a": b"1", "b": b"2"}, {"c": b"\xff"}, SECRET_UID)
    same = ServerConfiguration({"b": b"2", "a": b"1"}, {"c": b"\xff"}, SECRET_UID)

    assert revision(one) == revision(same) == "e2c0f2d0a4188509"


def test_a_revision_without_a_key_is_not_made() -> None:
    with pytest.raises(ValueError, match="needs the uid"):
        revision(ServerConfiguration({"pin": b"1234"}, {}, ""))
