"""The certificate follows its files, and a bad file changes nothing."""

import os
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from tests.server.certificates import (
    ECDSA,
    HOST,
    RSA,
    Volume,
    chain,
    client,
    handshake,
    key,
    serial,
    serial_of,
)
from webhook.observe.metrics import Metrics
from webhook.server import certificate
from webhook.server.certificate import CertificateStore
from webhook.server.file_watch import FileError, FileWatcher


def _store(volume: Volume, client_ca: Path | None = None) -> CertificateStore:
    return CertificateStore(volume.path("tls.crt"), volume.path("tls.key"), client_ca)


def _watch(store: CertificateStore) -> FileWatcher:
    watch = FileWatcher(store.file_sets, Metrics())
    watch.load()
    return watch


def test_nothing_is_served_before_the_files_are_loaded(
    volume: Volume, authority: trustme.CA
) -> None:
    volume.write_pair(authority.issue_cert(HOST))

    with pytest.raises(ssl.SSLError):
        handshake(_store(volume).context, client(authority))


@pytest.mark.parametrize("name", [HOST, None])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_pair_is_served_with_and_without_a_server_name(
    volume: Volume, authority: trustme.CA, name: str | None, version: ssl.TLSVersion
) -> None:
    volume.write_pair(authority.issue_cert(HOST))
    store = _store(volume)
    _watch(store)
    context = client(authority)
    context.check_hostname = name is not None
    context.maximum_version = version
    side = handshake(store.context, context, name)

    assert side.version() == version.name.replace("_", ".")


def test_the_newest_protocol_is_preferred_and_http_1_1_agreed(
    volume: Volume, authority: trustme.CA
) -> None:
    volume.write_pair(authority.issue_cert(HOST))
    store = _store(volume)
    _watch(store)
    context = client(authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    side = handshake(store.context, context)

    assert (side.version(), side.selected_alpn_protocol()) == ("TLSv1.3", "http/1.1")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
def test_an_old_protocol_is_refused(volume: Volume, authority: trustme.CA) -> None:
    volume.write_pair(authority.issue_cert(HOST))
    store = _store(volume)
    _watch(store)
    context = client(authority)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    with pytest.raises(ssl.SSLError):
        handshake(store.context, context)


@pytest.mark.parametrize(
    ("before", "after"), [(ECDSA, ECDSA), (ECDSA, RSA), (RSA, ECDSA), (RSA, RSA)]
)
def test_a_new_pair_is_served_whatever_its_key(
    volume: Volume, authority: trustme.CA, before: trustme.KeyType, after: trustme.KeyType
) -> None:
    """Loading a pair into the live context would go on serving the old type."""
    old = authority.issue_cert(HOST, key_type=before)
    new = authority.issue_cert(HOST, key_type=after)
    volume.write_pair(old)
    store = _store(volume)
    watch = _watch(store)
    assert serial(handshake(store.context, client(authority))) == serial_of(old, authority)

    volume.write_pair(new)
    watch.poll()

    assert serial(handshake(store.context, client(authority))) == serial_of(new, authority)


def _other_key(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    volume.write(tls_crt=chain(new), tls_key=key(other))


def _half_certificate(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    first = new.cert_chain_pems[0].bytes()
    volume.write(tls_crt=first[: len(first) // 2], tls_key=key(new))


def _half_key(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    volume.write(tls_crt=chain(new), tls_key=key(new)[:100])


def _empty(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    volume.write(tls_crt=b"", tls_key=b"")


def _missing_key(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    volume.write(tls_crt=chain(new))


def _der(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    der = ssl.PEM_cert_to_DER_cert(new.cert_chain_pems[0].bytes().decode())
    volume.write(tls_crt=der, tls_key=key(new))


def _swapped(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    volume.write(tls_crt=key(new), tls_key=chain(new))


def _encrypted(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    private = serialization.load_pem_private_key(key(new), None)
    text = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"hunter2"),
    )
    volume.write(tls_crt=chain(new), tls_key=text)


def _directory(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    volume.write(tls_crt=chain(new))
    (volume.folder / "..data" / "tls.key").mkdir()


def _pipe(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    """Nobody ever writes into it: opening it would never return."""
    volume.write(tls_crt=chain(new))
    os.mkfifo(volume.folder / "..data" / "tls.key")


def _broken_chain(volume: Volume, new: trustme.LeafCert, other: trustme.LeafCert) -> None:
    broken = chain(new) + b"-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n"
    volume.write(tls_crt=broken, tls_key=key(new))


BAD_PAIRS = {
    _other_key: "is not that of the first certificate",
    _half_certificate: "are no certificate chain and key in PEM",
    _half_key: "are no certificate chain and key in PEM",
    _empty: "holds no certificate in PEM",
    _missing_key: "tls.key cannot be read: No such file or directory",
    _der: "holds no certificate in PEM",
    _swapped: "holds no certificate in PEM",
    _encrypted: "is encrypted: write the key without a passphrase",
    _directory: "tls.key is not a file",
    _pipe: "tls.key is not a file",
    _broken_chain: "are no certificate chain and key in PEM",
}


@pytest.mark.parametrize(("spoil", "reason"), BAD_PAIRS.items())
def test_a_bad_pair_changes_nothing_until_a_good_one_comes(
    spoil: Callable[[Volume, trustme.LeafCert, trustme.LeafCert], None],
    reason: str,
    volume: Volume,
    authority: trustme.CA,
    caplog: pytest.LogCaptureFixture,
) -> None:
    old, new, other = (authority.issue_cert(HOST) for _ in range(3))
    volume.write_pair(old)
    store = _store(volume)
    metrics = Metrics()
    watch = FileWatcher(store.file_sets, metrics)
    watch.load()
    value = metrics.registry.get_sample_value

    spoil(volume, new, other)
    watch.poll()
    watch.poll()

    assert serial(handshake(store.context, client(authority))) == serial_of(old, authority)
    failures = {"file": "certificate", "result": "failure"}
    assert value("mcp_admission_file_reloads_total", failures) == 1
    assert value("mcp_admission_file_refused", {"file": "certificate"}) == 1
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert reason in vars(record)["fields"]["reason"]

    volume.write_pair(new)
    watch.poll()

    assert serial(handshake(store.context, client(authority))) == serial_of(new, authority)
    assert value("mcp_admission_file_refused", {"file": "certificate"}) == 0


@pytest.mark.parametrize(("spoil", "reason"), BAD_PAIRS.items())
def test_a_bad_pair_at_the_start_is_an_error(
    spoil: Callable[[Volume, trustme.LeafCert, trustme.LeafCert], None],
    reason: str,
    volume: Volume,
    authority: trustme.CA,
) -> None:
    spoil(volume, authority.issue_cert(HOST), authority.issue_cert(HOST))

    with pytest.raises(FileError, match=reason):
        _watch(_store(volume))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_only_clients_of_the_authority_are_let_in(
    version: ssl.TLSVersion, volume: Volume, authority: trustme.CA, tmp_path: Path
) -> None:
    volume.write_pair(authority.issue_cert(HOST))
    ours, theirs = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    store = _store(volume, tmp_path / "ca.crt")
    _watch(store)

    def shake(leaf: trustme.LeafCert | None) -> None:
        context = client(authority, leaf)
        context.maximum_version = version
        handshake(store.context, context)

    shake(ours.issue_cert("api-server"))
    for refused in (None, theirs.issue_cert("api-server")):
        with pytest.raises(ssl.SSLError):
            shake(refused)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_new_client_authority_takes_effect_also_for_known_clients(
    version: ssl.TLSVersion, volume: Volume, authority: trustme.CA, tmp_path: Path
) -> None:
    """A resumed session is not verified again, so there are none."""
    volume.write_pair(authority.issue_cert(HOST))
    before, after = trustme.CA(), trustme.CA()
    file = tmp_path / "ca.crt"
    before.cert_pem.write_to_path(str(file))
    store = _store(volume, file)
    watch = _watch(store)
    known = client(authority, before.issue_cert("api-server"))
    known.maximum_version = version
    session = handshake(store.context, known).session

    after.cert_pem.write_to_path(str(file))
    watch.poll()

    handshake(store.context, client(authority, after.issue_cert("api-server")))
    for resumed in (None, session):
        with pytest.raises(ssl.SSLError):
            handshake(store.context, known, session=resumed)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no certificate in PEM"),
        (b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", "that is not PEM"),
        (b"-----BEGIN CERTIFICATE-----\nx", "that is not PEM"),
    ],
)
def test_a_bad_client_authority_keeps_the_old_one_and_holds_no_certificate_up(
    *,
    content: bytes,
    reason: str,
    volume: Volume,
    authority: trustme.CA,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    new = authority.issue_cert(HOST)
    volume.write_pair(authority.issue_cert(HOST))
    ours = trustme.CA()
    file = tmp_path / "ca.crt"
    ours.cert_pem.write_to_path(str(file))
    store = _store(volume, file)
    watch = _watch(store)

    file.write_bytes(content)
    watch.poll()
    assert reason in vars(caplog.records[-1])["fields"]["reason"]
    volume.write_pair(new)
    watch.poll()

    side = handshake(store.context, client(authority, ours.issue_cert("api-server")))
    assert serial(side) == serial_of(new, authority)
    with pytest.raises(ssl.SSLError):
        handshake(store.context, client(authority))


def test_a_client_authority_that_waits_for_the_pair_comes_with_it(
    volume: Volume, authority: trustme.CA, tmp_path: Path
) -> None:
    """The new authority arrives while the pair on disk is bad: the mended pair brings both."""
    new = authority.issue_cert(HOST)
    volume.write_pair(authority.issue_cert(HOST))
    before, after = trustme.CA(), trustme.CA()
    file = tmp_path / "ca.crt"
    before.cert_pem.write_to_path(str(file))
    store = _store(volume, file)
    watch = _watch(store)

    volume.write(tls_crt=b"", tls_key=b"")
    after.cert_pem.write_to_path(str(file))
    watch.poll()
    handshake(store.context, client(authority, before.issue_cert("api-server")))
    volume.write_pair(new)
    watch.poll()

    handshake(store.context, client(authority, after.issue_cert("api-server")))
    with pytest.raises(ssl.SSLError):
        handshake(store.context, client(authority, before.issue_cert("api-server")))


def test_files_that_go_while_they_are_read_are_an_error(
    volume: Volume, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificate, "_read", lambda *_: b"")

    with pytest.raises(FileError, match=r"tls\.crt and .*tls\.key: No such file or directory$"):
        _watch(_store(volume))


def test_a_bundle_may_hold_comments_in_any_language(
    volume: Volume, authority: trustme.CA, tmp_path: Path
) -> None:
    volume.write_pair(authority.issue_cert(HOST))
    ours = trustme.CA()
    (tmp_path / "ca.crt").write_bytes("# Zürich\n".encode() + ours.cert_pem.bytes())
    store = _store(volume, tmp_path / "ca.crt")
    _watch(store)

    handshake(store.context, client(authority, ours.issue_cert("api-server")))
