"""Which replicas there are, and what they show."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from certs.authority import fingerprint
from certs.bundle import parse_certificates
from tests import builders
from tests.controller.certificates.cluster import SERVICE, Installed
from tests.controller.certificates.driving import drive, driving, sample
from tests.controller.certificates.replica import Followed
from tools.cluster.authority import Authority
from tools.cluster.ports import LOOPBACK
from webhook.controller.serving_replicas import Replica, ask_certificates, endpoint_replicas
from webhook.kube.api import Api
from webhook.kube.messages import namespaced

READY, NOT_READY = {"ready": True, "serving": True}, {"ready": False, "serving": False}


@pytest.fixture
async def api(installed: Installed) -> AsyncIterator[Api]:
    async with await Api.connect(installed.cluster.kubeconfig) as connected:
        yield connected


def endpoint(address: str, pod: str | None, conditions: Any = None) -> dict[str, Any]:
    target = {"targetRef": {"kind": "Pod", "name": pod}} if pod else {}
    return {"addresses": [address], "conditions": conditions or {}, **target}


async def slice_of(  # noqa: PLR0917
    api: Api, installed: Installed, name: str, endpoints: Any, ports: Any, service: str = SERVICE
) -> None:
    path = namespaced("discovery.k8s.io/v1", "endpointslices", installed.namespace)
    labels = {"kubernetes.io/service-name": service}
    body = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "labels": labels},
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    }
    await api.create(path, body)


MERGE_PATCH = "application/merge-patch+json"
HTTPS, METRICS = {"name": "https", "port": 8443}, {"name": "metrics", "port": 8080}


async def test_every_replica_is_asked_but_those_that_have_left(
    api: Api, installed: Installed
) -> None:
    leaving = {"ready": False, "serving": True, "terminating": True}
    found = [
        endpoint("10.0.0.1", "pod-1", READY),
        endpoint("10.0.0.2", "pod-2", NOT_READY),
        endpoint("10.0.0.3", "pod-3", leaving),
        endpoint("10.0.0.4", "pod-4", leaving | {"serving": False}),
        endpoint("10.0.0.5", None, READY),
    ]
    await slice_of(api, installed, "a", found, [METRICS, HTTPS])
    await slice_of(api, installed, "b", [endpoint("10.0.0.6", "pod-1", READY)], [HTTPS])
    await slice_of(api, installed, "c", [endpoint("10.0.0.7", "pod-7")], [METRICS])
    await slice_of(api, installed, "d", [endpoint("10.0.0.8", "other")], [HTTPS], "other")
    await slice_of(api, installed, "e", [], None)

    assert sorted(await endpoint_replicas(api, installed.places), key=str) == [
        Replica("10.0.0.1", 8443, "pod-1"),
        Replica("10.0.0.2", 8443, "pod-2", ready=False),
        Replica("10.0.0.3", 8443, "pod-3", ready=False),
        Replica("10.0.0.5", 8443, None),
        Replica("10.0.0.7", 8080, "pod-7"),
    ]


async def test_a_replica_that_shows_nothing_does_not_hold_the_others_up(
    installed: Installed, tmp_path: Path
) -> None:
    with Followed(installed, tmp_path / "replica") as silent:
        async with driving(installed.cluster.kubeconfig, installed.places) as driver:
            shown = await ask_certificates(
                [Replica(LOOPBACK, silent.port), Replica(LOOPBACK, 1)], "any.host"
            )
            assert set(shown.values()) == {None}
            await drive(driver)
        replica = Replica(LOOPBACK, silent.port)
        assert (await ask_certificates([replica], installed.places.host)) in (
            {replica.name: None},
            {replica.name: installed.leaf().certificate},
        )


async def test_a_replica_that_asks_for_a_client_certificate_still_shows_its_own(
    tmp_path: Path,
) -> None:
    pair = Authority(tmp_path / "pki").server("replica", ["any.host"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    context.verify_mode = ssl.CERT_REQUIRED

    async with await asyncio.start_server(hang_up, LOOPBACK, 0, ssl=context) as server:
        replica = Replica(LOOPBACK, server.sockets[0].getsockname()[1])
        (shown,) = (await ask_certificates([replica], "any.host")).values()

    assert shown
    assert [shown] == parse_certificates(pair.certificate.read_bytes(), "replica")


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_pods_that_lag_are_touched_once_so_that_their_kubelet_syncs(
    installed: Installed, caplog: pytest.LogCaptureFixture
) -> None:
    pods = namespaced("v1", "pods", installed.namespace)
    replicas = [Replica(LOOPBACK, 1, "late"), Replica(LOOPBACK, 1, "gone")]
    async with driving(installed.cluster.kubeconfig, installed.places, replicas) as driver:
        installed.cluster.create(pods, builders.bare_pod("late", labels={}))
        await drive(driver)
        await driver.reconcile()
        touched = installed.cluster.get(f"{pods}/late")["metadata"]
        untouch = {"metadata": {"annotations": None}}
        installed.cluster.raw("PATCH", f"{pods}/late", untouch, MERGE_PATCH)
        await driver.reconcile()

        assert "annotations" not in installed.cluster.get(f"{pods}/late")["metadata"]
        assert sample(driver, "certificate_faults") == 2

    fingerprints = touched["annotations"]
    assert fingerprints["mcp-admission.dev/certificate"] == fingerprint(
        installed.leaf().certificate
    )
    (warning,) = [one for one in caplog.records if one.getMessage() == "pod not touched"]
    assert 'pods "gone" not found' in warning.fields["reason"]  # type: ignore[attr-defined]
