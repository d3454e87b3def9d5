"""cert-manager and bring-your-own: looked at and judged, never written."""

import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from certs.authority import make_authority
from tests.controller.certificates.cluster import Installed
from tests.controller.certificates.driving import drive, driving
from webhook.controller.certificates.monitor import Monitor, said_certificates
from webhook.controller.serving_replicas import endpoint_replicas
from webhook.kube.api import Api
from webhook.observe.metrics import ControllerMetrics

OTHERS = ["cert-manager", "bring-your-own"]
JSON_PATCH = "application/json-patch+json"
INJECT = {"cert-manager.io/inject-ca-from": "mcp-admission-system/mcp-admission"}


def everything(installed: Installed) -> list[Any]:
    """What a mode of others must not touch."""
    places = installed.places
    paths = [*places.configurations().values()]
    paths += [places.secret("mcp-admission-tls"), places.secret("mcp-admission-ca")]
    return [installed.cluster.raw("GET", path).json() for path in paths]


async def looked(installed: Installed, mode: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    """The faults that one turn in this mode tells."""
    caplog.clear()
    metrics = ControllerMetrics()
    places = installed.places
    async with await Api.connect(installed.cluster.kubeconfig) as api:
        find_replicas = partial(endpoint_replicas, api, places)
        injected = mode == "cert-manager"
        monitor = Monitor(api, places, find_replicas, metrics, api.server_time, injected)
        with caplog.at_level(logging.INFO):
            await monitor.reconcile()
            await monitor.reconcile()
    reasons = [getattr(one, "fields", {}).get("reason") for one in caplog.records]
    faults = [reason for reason in reasons if reason]
    value = metrics.registry.get_sample_value("mcp_admission_certificate_faults")
    assert value == len(faults)
    return faults


async def brought(installed: Installed) -> None:
    """Somebody else has issued and published everything."""
    async with driving(installed.cluster.kubeconfig, installed.places) as driver:
        await drive(driver)
    installed.cluster.raw("DELETE", installed.places.secret("mcp-admission-ca"))


@pytest.mark.parametrize("mode", OTHERS)
async def test_nothing_is_written_whatever_is_missing(
    installed: Installed, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    before = everything(installed)
    faults = await looked(installed, mode, caplog)

    assert faults[0] == "Secret mcp-admission-tls is not there: nothing can be served"
    assert everything(installed) == before


async def test_what_was_brought_is_fine(
    installed: Installed, caplog: pytest.LogCaptureFixture
) -> None:
    await brought(installed)
    before = everything(installed)

    assert await looked(installed, "bring-your-own", caplog) == []
    assert [record.getMessage() for record in caplog.records] == ["certificates valid"]
    assert everything(installed) == before


async def test_a_bundle_of_another_authority_is_a_fault_of_each_entry(
    installed: Installed, caplog: pytest.LogCaptureFixture
) -> None:
    await brought(installed)
    path = installed.places.configurations()["MutatingWebhookConfiguration"]
    value = base64.b64encode(b"no PEM").decode()
    edits = [
        {"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": value},
        {"op": "remove", "path": "/webhooks/1/clientConfig/caBundle"},
    ]
    assert installed.cluster.raw("PATCH", path, edits, JSON_PATCH).status == 200

    faults = await looked(installed, "bring-your-own", caplog)

    first, second = "managed-namespace.mcp-admission.dev", "opted-in.mcp-admission.dev"
    assert len(faults) == 2
    assert f"webhook {first} holds no certificate in PEM" in faults[0]
    assert faults[1].endswith(f"webhook {second}: caBundle is empty, every call fails")


async def test_cert_manager_needs_its_annotation(
    installed: Installed, caplog: pytest.LogCaptureFixture
) -> None:
    await brought(installed)
    faults = await looked(installed, "cert-manager", caplog)
    assert [fault.partition(" has no annotation")[0] for fault in faults] == [
        f"MutatingWebhookConfiguration {installed.namespace}",
        f"ValidatingWebhookConfiguration {installed.namespace}",
    ]

    for path in installed.places.configurations().values():
        add = {"op": "add", "path": "/metadata/annotations", "value": INJECT}
        installed.cluster.raw("PATCH", path, [add], JSON_PATCH)
    assert await looked(installed, "cert-manager", caplog) == []


def test_the_lease_says_when_certificates_end_and_a_bounded_number_of_faults() -> None:
    now = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
    authority = make_authority(now, timedelta(days=30)).certificate
    faults = [f"{number} {'x' * 1000}" for number in range(9)]

    found = {"authority": authority, "leaf": None}
    text = said_certificates(found, faults, 0.5, "no" * 1000)

    said = json.loads(text)
    assert said["unread"] == "no" * 150
    begins, ends = authority.not_valid_before_utc, authority.not_valid_after_utc
    assert said["authority"] == {
        "ends": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "renewal": f"{begins + (ends - begins) / 2:%Y-%m-%dT%H:%M:%SZ}",
    }
    assert "leaf" not in said
    assert [each[:3] for each in said["faults"]] == ["0 x", "1 x", "2 x", "3 x", "4 x"]
    assert max(map(len, said["faults"])) == 300
