"""Only clients with a name that is allowed are answered, over real TLS."""

import json
from pathlib import Path

import pytest
import trustme

from tests.server.certificates import HOST, Volume, client
from tests.server.process import Server, command, post
from tests.server.reviews import posted
from tests.server.serving import JSON, serving
from webhook.observe.metrics import Metrics
from webhook.server.certificate import CertificateStore
from webhook.server.file_watch import FileWatcher
from webhook.server.intake import certificate_names


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        ({}, []),
        ({"subject": ((("organizationName", "a"),), (("commonName", "b"),))}, ["b"]),
        (
            {"subjectAltName": (("DNS", "a"), ("URI", "b"), ("IP Address", "::1"))},
            ["a", "b", "::1"],
        ),
    ],
)
def test_names_are_common_names_and_alternative_ones(
    certificate: dict[str, object], expected: list[str]
) -> None:
    assert list(certificate_names(certificate)) == expected


@pytest.mark.parametrize(("allowed", "status"), [([], 200), (["api"], 200), (["apis"], 403)])
async def test_a_name_is_compared_as_a_whole(
    allowed: list[str], status: int, volume: Volume, authority: trustme.CA, tmp_path: Path
) -> None:
    clients = trustme.CA()
    clients.cert_pem.write_to_path(str(tmp_path / "clients.crt"))
    volume.write_pair(authority.issue_cert(HOST))
    paths = (volume.path("tls.crt"), volume.path("tls.key"), tmp_path / "clients.crt")
    store = CertificateStore(*paths)
    FileWatcher(store.file_sets, Metrics()).load()
    known = client(authority, clients.issue_cert("a.example", common_name="api"))
    async with serving(context=store.context, client_names=frozenset(allowed)) as server:
        url = f"https://127.0.0.1:{server.port}/mutate"
        async with server.client.post(
            url, data=posted(), headers=JSON, ssl=known, server_hostname=HOST
        ) as answer:
            assert answer.status == status


async def test_a_client_without_tls_has_no_name() -> None:
    async with serving(client_names=frozenset(["api"])) as server:
        answer, _ = await server.post()

    assert answer.status == 403


def test_only_clients_with_an_allowed_name_are_answered(
    volume: Volume, authority: trustme.CA, tmp_path: Path
) -> None:
    clients = trustme.CA()
    file = tmp_path / "clients.crt"
    clients.cert_pem.write_to_path(str(file))
    volume.write_pair(authority.issue_cert(HOST))
    allowed = [
        clients.issue_cert("other.example", common_name="kube-apiserver"),
        clients.issue_cert("front.example", "api.example"),
    ]
    refused = [
        clients.issue_cert("other.example", common_name="kubelet"),
        clients.issue_cert("kube-apiserver.example"),
        clients.issue_cert("not.api.example", common_name="Kube-Apiserver"),
    ]
    options = ("--client-name", "kube-apiserver", "--client-name", "api.example")
    words = command(volume, "--client-ca", str(file), *options)
    with Server(authority, words) as running:
        for leaf in allowed:
            assert running.review(context=client(authority, leaf))["allowed"] is True
        for leaf in refused:
            with running.connected(client(authority, leaf)) as connection:
                answer = post(connection)
                assert answer.status == 403
                assert answer.read() == (
                    b"the names in this client's certificate are none of those that "
                    b"--client-name allows\n"
                )
        assert running.sample('rejected_requests_total{status="403"}') == len(refused)
        assert "kubelet" not in json.dumps(running.lines)
