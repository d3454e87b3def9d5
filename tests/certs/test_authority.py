"""What we issue: its extensions, its dates, and what other implementations think of it."""

from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from certs.authority import (
    Pair,
    fingerprint,
    is_kept_to,
    issue_leaf,
    make_authority,
    service_names,
)
from tests.certs.openssl import openssl

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SERVICE = "webhook.mcp.svc"
AUTHORITY = make_authority(NOW, 3650 * DAY)
LEAF = issue_leaf(AUTHORITY, service_names("webhook", "mcp", ("::1",)), NOW, 90 * DAY)
NAMES = ("localhost", "Console.example")
KEPT = make_authority(NOW, 3650 * DAY, "console", NAMES)
EVERY_ADDRESS = [x509.IPAddress(ip_network(each)) for each in ("0.0.0.0/0", "::/0")]

USAGE = {
    "digital_signature": False,
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "key_cert_sign": False,
    "crl_sign": False,
    "encipher_only": False,
    "decipher_only": False,
}


def _key_usage(**tweak: bool) -> x509.KeyUsage:
    return x509.KeyUsage(**USAGE | tweak)


def _identifier(pair: Pair) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(pair.certificate.public_key())


EXTENSIONS = {
    "an authority": (
        AUTHORITY,
        [
            (False, _identifier(AUTHORITY)),
            (True, x509.BasicConstraints(ca=True, path_length=0)),
            (True, _key_usage(key_cert_sign=True, crl_sign=True)),
        ],
    ),
    "an authority that is kept to names": (
        KEPT,
        [
            (False, _identifier(KEPT)),
            (True, x509.BasicConstraints(ca=True, path_length=0)),
            (True, _key_usage(key_cert_sign=True, crl_sign=True)),
            (
                True,
                x509.NameConstraints(
                    [x509.DNSName("console.example"), x509.DNSName("localhost")], EVERY_ADDRESS
                ),
            ),
            (False, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
        ],
    ),
    "a leaf": (
        LEAF,
        [
            (False, _identifier(LEAF)),
            (True, x509.BasicConstraints(ca=False, path_length=None)),
            (True, _key_usage(digital_signature=True)),
            (False, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
            (
                False,
                x509.SubjectAlternativeName(
                    [
                        x509.DNSName(SERVICE),
                        x509.DNSName(f"{SERVICE}.cluster.local"),
                        x509.IPAddress(ip_address("::1")),
                    ]
                ),
            ),
            (
                False,
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                    _identifier(AUTHORITY)
                ),
            ),
        ],
    ),
}


@pytest.mark.parametrize(("pair", "extensions"), EXTENSIONS.values(), ids=EXTENSIONS)
def test_the_extensions_are_those_of_rfc_5280(
    pair: Pair, extensions: list[tuple[bool, x509.ExtensionType]]
) -> None:
    found = [(one.critical, one.value) for one in pair.certificate.extensions]

    assert found == extensions


@pytest.mark.parametrize(
    ("pair", "days", "issuer"), [(AUTHORITY, 3650, AUTHORITY), (LEAF, 90, AUTHORITY)]
)
def test_dates_key_and_issuer(pair: Pair, days: int, issuer: Pair) -> None:
    certificate = pair.certificate

    assert certificate.not_valid_before_utc == NOW - HOUR
    assert certificate.not_valid_after_utc == NOW + days * DAY
    assert isinstance(pair.key.curve, ec.SECP256R1)
    assert pair.key.public_key() == certificate.public_key()
    certificate.verify_directly_issued_by(issuer.certificate)


def test_serial_numbers_and_subjects_are_not_used_twice() -> None:
    pairs = [make_authority(NOW, DAY) for _ in range(20)]
    serials = [pair.certificate.serial_number for pair in pairs]

    assert len(set(serials)) == 20
    assert max(serial.bit_length() for serial in serials) > 120
    assert max(serial.bit_length() for serial in serials) <= 129
    assert len({pair.certificate.subject for pair in pairs}) == 20
    assert "CN=mcp-admission CA 2026-03-01 " in pairs[0].certificate.subject.rfc4514_string()


def test_a_leaf_does_not_outlive_its_authority() -> None:
    authority = make_authority(NOW, 10 * DAY)
    leaf = issue_leaf(authority, ["a"], NOW + 9 * DAY, 90 * DAY)

    assert leaf.certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc
    with pytest.raises(ValueError, match="the authority ended on 2026-03-11"):
        issue_leaf(authority, ["a"], NOW + 10 * DAY, 90 * DAY)


def test_a_leaf_has_names() -> None:
    with pytest.raises(ValueError, match="a leaf needs at least one name"):
        issue_leaf(AUTHORITY, [], NOW, DAY)
    with pytest.raises(ValueError, match="DNSName values should be passed as an A-label"):
        issue_leaf(AUTHORITY, ["bücher.example"], NOW, DAY)


def test_the_names_of_a_service() -> None:
    names = service_names("a", "b", ("10.0.0.1", "a.b.svc", "x.example"))

    assert names == ("a.b.svc", "a.b.svc.cluster.local", "10.0.0.1", "x.example")


def test_a_pair_is_read_back() -> None:
    again = Pair.from_pem(LEAF.certificate_pem, LEAF.key_pem)

    assert again == LEAF
    assert again.key.private_numbers() == LEAF.key.private_numbers()
    assert (
        fingerprint(again.certificate)
        == fingerprint(LEAF.certificate)
        != fingerprint(AUTHORITY.certificate)
    )


def _rsa() -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("certificate", "key", "reason"),
    [
        (b"", LEAF.key_pem, "no certificate and key in PEM"),
        (LEAF.certificate_pem, b"secret", "no certificate and key in PEM"),
        (LEAF.certificate_pem, LEAF.certificate_pem, "no certificate and key in PEM"),
        (LEAF.certificate_pem, _rsa(), "no elliptic curve key"),
        (LEAF.certificate_pem, AUTHORITY.key_pem, "not that of its certificate"),
    ],
)
def test_what_is_no_pair_is_told_without_quoting_it(
    certificate: bytes, key: bytes, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as raised:
        Pair.from_pem(certificate, key)

    assert raised.value.__cause__ is None
    assert not any(line in str(raised.value) for line in key.decode().splitlines() if line)


def test_a_key_is_in_no_repr() -> None:
    text = repr(LEAF) + str(LEAF) + repr([LEAF])

    assert "mcp-admission" in text
    assert "key" not in text.lower()


def _files(folder: Path, authority: Pair, leaf: Pair) -> tuple[str, str]:
    (folder / "ca.crt").write_bytes(authority.certificate_pem)
    (folder / "tls.crt").write_bytes(leaf.certificate_pem)
    return str(folder / "ca.crt"), str(folder / "tls.crt")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-verify_hostname", SERVICE], "OK"),
        (["-verify_hostname", f"{SERVICE}.cluster.local"], "OK"),
        (["-verify_ip", "::1"], "OK"),
        (["-verify_hostname", "other.mcp.svc"], "hostname mismatch"),
        (["-purpose", "sslclient"], "unsuitable certificate purpose"),
        (["-attime", f"{(NOW - 61 * timedelta(minutes=1)).timestamp():.0f}"], "not yet valid"),
        (["-attime", f"{(NOW + 91 * DAY).timestamp():.0f}"], "certificate has expired"),
    ],
)
def test_openssl_verifies_the_chain(tmp_path: Path, options: list[str], told: str) -> None:
    authority, leaf = _files(tmp_path, AUTHORITY, LEAF)
    at = ["-attime", f"{NOW.timestamp():.0f}"]
    strict = ["-x509_strict", "-purpose", "sslserver"]

    answer = openssl("verify", *at, *strict, *options, "-CAfile", authority, leaf)

    assert told in answer


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("localhost", True),
        ("console.example", True),
        ("below.console.example", True),
        (SERVICE, False),
        ("example", False),
        ("bank.example", False),
        ("127.0.0.1", False),
        ("::1", False),
    ],
)
def test_an_authority_that_is_kept_to_names_vouches_for_no_other(
    tmp_path: Path, name: str, taken: bool
) -> None:
    """By two implementations, of a leaf that somebody with its key has issued."""
    leaf = issue_leaf(KEPT, [name], NOW, 90 * DAY)
    authority, file = _files(tmp_path, KEPT, leaf)
    at = ["-attime", f"{NOW.timestamp():.0f}", "-x509_strict", "-purpose", "sslserver"]

    told = openssl("verify", *at, "-CAfile", authority, file)

    assert f"{file}: OK" in told if taken else "subtree violation" in told
    is_address = name in {"127.0.0.1", "::1"}
    asked = x509.IPAddress(ip_address(name)) if is_address else x509.DNSName(name)
    policy = PolicyBuilder().store(Store([KEPT.certificate])).time(NOW)
    if taken:
        assert policy.build_server_verifier(asked).verify(leaf.certificate, [])
    else:
        with pytest.raises(VerificationError):
            policy.build_server_verifier(asked).verify(leaf.certificate, [])


def test_one_address_leaves_the_others_out(tmp_path: Path) -> None:
    kept = make_authority(NOW, DAY, only_for=("a.example", "192.0.2.1"))
    at = ["-attime", f"{NOW.timestamp():.0f}"]
    told = {}
    for name in ("192.0.2.1", "192.0.2.2", "::1"):
        authority, file = _files(tmp_path, kept, issue_leaf(kept, [name], NOW, DAY))
        told[name] = "OK" in openssl("verify", *at, "-CAfile", authority, file)

    assert told == {"192.0.2.1": True, "192.0.2.2": False, "::1": False}


def test_whether_an_authority_is_kept_to_names_is_told_whatever_their_order() -> None:
    certificate = KEPT.certificate

    assert is_kept_to(certificate, reversed([*NAMES, NAMES[0]]))
    assert not is_kept_to(certificate, [*NAMES, "fleet.example"])
    assert not is_kept_to(certificate, NAMES[:1])
    assert not is_kept_to(AUTHORITY.certificate, NAMES)
    with pytest.raises(ValueError, match="at least one DNS name"):
        make_authority(NOW, DAY, only_for=("192.0.2.1",))


def test_openssl_reads_what_we_meant(tmp_path: Path) -> None:
    authority, leaf = _files(tmp_path, AUTHORITY, LEAF)
    shown = openssl("x509", "-noout", "-text", "-in", leaf)
    for line in (
        "Signature Algorithm: ecdsa-with-SHA256",
        "ASN1 OID: prime256v1",
        "Not Before: Mar  1 11:00:00 2026 GMT",
        "Not After : May 30 12:00:00 2026 GMT",
        "CA:FALSE",
        "Digital Signature\n",
        "TLS Web Server Authentication\n",
        f"DNS:{SERVICE}, DNS:{SERVICE}.cluster.local, IP Address:0:0:0:0:0:0:0:1",
    ):
        assert line in shown
    shown = openssl("x509", "-noout", "-text", "-in", authority)
    assert "CA:TRUE, pathlen:0" in shown
    assert "Certificate Sign, CRL Sign" in shown


def test_a_webpki_verifier_agrees() -> None:
    """Stricter than Go's: what it takes, an API server takes."""

    def chain(
        authority: Pair = AUTHORITY, name: str = SERVICE, at: datetime = NOW
    ) -> list[x509.Certificate]:
        policy = PolicyBuilder().store(Store([authority.certificate])).time(at)
        return policy.build_server_verifier(x509.DNSName(name)).verify(LEAF.certificate, [])

    assert chain() == [LEAF.certificate, AUTHORITY.certificate]
    for refused in (
        partial(chain, authority=make_authority(NOW, DAY)),
        partial(chain, name="webhook.other.svc"),
        partial(chain, at=NOW + 91 * DAY),
    ):
        with pytest.raises(VerificationError):
            refused()


def test_a_key_of_a_curve_that_the_library_does_not_know_is_none_of_ours(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    openssl("ecparam", "-name", "SM2", "-genkey", "-noout", "-out", str(key))
    openssl(
        "req", "-x509", "-new", "-key", str(key), "-subj", "/CN=a", "-sm3", "-out", str(certificate)
    )

    with pytest.raises(ValueError, match="that can be read"):
        Pair.from_pem(certificate.read_bytes(), key.read_bytes())
