"""The driver against a real API server: what it writes, what it leaves alone, what it survives."""

import asyncio
import base64
import json
import logging
from typing import Any

import pytest

from certs.authority import Pair
from certs.rotation import CreateSuccessor
from tests.controller.certificates.cluster import Installed
from tests.controller.certificates.driving import drive, driving, sample
from webhook.kube.errors import ApiError, Conflict

JSON_PATCH = "application/json-patch+json"
BUNDLE = "/webhooks/1/clientConfig/caBundle"


def configurations(installed: Installed) -> list[dict[str, Any]]:
    """Both, without what is ours to write and what every write changes."""
    found = [installed.cluster.get(path) for path in installed.places.configurations().values()]
    for one in found:
        for key in ("managedFields", "resourceVersion", "generation"):
            one["metadata"].pop(key)
        for webhook in one["webhooks"]:
            webhook["clientConfig"].pop("caBundle", None)
    return found


def edit(installed: Installed, *operations: dict[str, Any]) -> None:
    """Somebody changes both configurations."""
    for path in installed.places.configurations().values():
        answer = installed.cluster.raw("PATCH", path, operations, JSON_PATCH)
        assert answer.status == 200, answer.body


async def test_an_installation_is_made_and_then_left_alone(installed: Installed) -> None:
    before = configurations(installed)
    async with driving(installed.cluster.kubeconfig, installed.places) as driver:
        await drive(driver)
        stored = installed.cluster.get(installed.places.secret("mcp-admission-tls"))
        assert await drive(driver) == 1

        ends = installed.leaf().certificate.not_valid_after_utc.timestamp()
        assert sample(driver, "certificate_faults") == 0
        name = "stored_certificate_expiry_timestamp_seconds"
        assert sample(driver, name, certificate="leaf") == ends
        assert sample(driver, "rotation_steps_total", step="IssueLeaf") == 1

    assert installed.is_settled()
    assert stored["type"] == "kubernetes.io/tls"
    assert stored == installed.cluster.get(installed.places.secret("mcp-admission-tls"))
    assert configurations(installed) == before


@pytest.mark.parametrize("other", [b"no PEM", b"-----BEGIN CERTIFICATE-----"])
async def test_a_bundle_that_drifted_is_repaired_and_nothing_else(
    installed: Installed, other: bytes
) -> None:
    async with driving(installed.cluster.kubeconfig, installed.places) as driver:
        await drive(driver)
        value = base64.b64encode(other).decode()
        label = {"op": "add", "path": "/metadata/labels/theirs", "value": "1"}
        timeout = {"op": "replace", "path": "/webhooks/0/timeoutSeconds", "value": 7}
        edit(installed, {"op": "replace", "path": BUNDLE, "value": value}, label, timeout)
        before = configurations(installed)
        assert not installed.is_published()

        await drive(driver)

    assert installed.is_settled()
    assert configurations(installed) == before


async def test_a_configuration_that_comes_later_is_filled_in(installed: Installed) -> None:
    path = installed.places.configurations()["ValidatingWebhookConfiguration"]
    later = installed.cluster.get(path)
    installed.cluster.raw("DELETE", path)
    async with driving(installed.cluster.kubeconfig, installed.places) as driver:
        await drive(driver)
        for key in ("resourceVersion", "uid"):
            later["metadata"].pop(key)
        installed.cluster.create(path.rpartition("/")[0], later)
        await drive(driver)

    assert installed.is_settled()


async def test_a_step_on_what_has_changed_meanwhile_is_a_conflict(installed: Installed) -> None:
    async with (
        driving(installed.cluster.kubeconfig, installed.places) as driver,
        driving(installed.cluster.kubeconfig, installed.places) as other,
    ):
        await drive(driver)
        old = await other.look()
        await asyncio.to_thread(installed.rotate, "--ca")
        await driver.reconcile()

        for step in (driver.look, other.look):
            assert (await step()).state.successor
        assert not old.state.successor
        with pytest.raises(Conflict):
            await other._do(CreateSuccessor(), old, other.clock())


async def test_one_that_cannot_be_written_does_not_hold_the_other_up(
    installed: Installed,
) -> None:
    kind, path = next(iter(installed.places.configurations().items()))
    annotation = {"cert-manager.io/inject-ca-from": "somewhere/else"}
    add = {"op": "add", "path": "/metadata/annotations", "value": annotation}
    assert installed.cluster.raw("PATCH", path, [add], JSON_PATCH).status == 200
    async with driving(installed.cluster.kubeconfig, installed.places) as driver:
        with pytest.raises(ApiError, match=f"{kind} .* from cert-manager .*: remove"):
            await drive(driver)

    # The configuration of the other kind has three webhooks.
    assert installed.bundles() == [b"", b"", *[installed.authority().certificate_pem] * 3]


@pytest.mark.parametrize(
    ("secret", "files", "told"),
    [
        ("mcp-admission-ca", {"ca.crt": b"no PEM", "ca.key": b""}, "holds no certificate and key"),
        ("mcp-admission-ca", {"ca.key": b"1"}, "holds no certificate and key"),
        ("mcp-admission-tls", {"tls.crt": b"", "tls.key": b"1"}, "holds no certificate and key"),
        ("mcp-admission-tls", {"tls.crt": b"", "tls.key": b""}, None),
    ],
)
async def test_what_is_stored_and_unusable_is_told_and_made_anew(
    installed: Installed,
    caplog: pytest.LogCaptureFixture,
    secret: str,
    files: dict[str, bytes],
    told: str | None,
) -> None:
    async with driving(installed.cluster.kubeconfig, installed.places) as driver:
        await drive(driver)
        before = installed.secret(secret)
        installed.store(secret, files)
        with caplog.at_level(logging.INFO):
            await drive(driver)

    assert installed.is_settled()
    assert installed.secret(secret) != before
    reasons = [getattr(record, "fields", {}).get("reason", "") for record in caplog.records]
    assert [reason for reason in reasons if told and told in reason] or told is None
    assert all(f"Secret {secret}" in reason for reason in reasons if told and told in reason)


async def test_retired_authorities_that_cannot_be_read_are_told_and_not_trusted(
    installed: Installed, caplog: pytest.LogCaptureFixture
) -> None:
    async with driving(installed.cluster.kubeconfig, installed.places) as driver:
        await drive(driver)
        files = installed.secret("mcp-admission-ca")
        installed.store("mcp-admission-ca", files | {"retired.crt": b"no PEM"})
        await drive(driver)

        assert installed.is_published()
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert record.fields["reason"].startswith("Secret mcp-admission-ca, retired.crt holds no cert")  # type: ignore[attr-defined]


async def test_a_leaf_whose_authority_is_not_beside_it_is_issued_again(
    installed: Installed, caplog: pytest.LogCaptureFixture
) -> None:
    async with driving(installed.cluster.kubeconfig, installed.places) as driver:
        await drive(driver)
        before = installed.leaf().certificate
        files = installed.secret("mcp-admission-tls")
        installed.store("mcp-admission-tls", {key: files[key] for key in ("tls.crt", "tls.key")})
        await drive(driver)

    assert installed.is_settled()
    assert installed.leaf().certificate != before
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "ca.crt is not the authority that issued tls.crt" in record.fields["reason"]  # type: ignore[attr-defined]


async def test_no_key_is_logged(installed: Installed, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with driving(installed.cluster.kubeconfig, installed.places) as driver:
            await drive(driver)
            keys: list[Pair] = [installed.authority(), installed.leaf()]
            look = await driver.look()

    logged = json.dumps([record.__dict__ for record in caplog.records], default=repr)
    for pair in keys:
        body = pair.key_pem.decode().splitlines()[1]
        encoded = base64.b64encode(pair.key_pem).decode()
        for secret in (body, encoded[60:120]):
            assert secret not in logged
            assert secret not in repr(look)
    assert "IssueLeaf" in logged
