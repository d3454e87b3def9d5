"""A certificate authority of our own, and the leaf that a serving replica shows.

ECDSA P-256 throughout: a storm of handshakes after a restart costs 20 times less than with RSA.
Extensions follow RFC 5280, section 4.2; names stand in the subjectAltName alone (RFC 9525).
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# For modules that pass certificates on and do not import cryptography.
Certificate = x509.Certificate
# The largest difference between the clocks of two nodes.
SKEW = timedelta(hours=1)
_SERIAL_BITS = 128
_FOR_SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
_EVERY_ADDRESS = [x509.IPAddress(ip_network(each)) for each in ("0.0.0.0/0", "::/0")]


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key; the key stays out of every repr."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)

    @classmethod
    def from_pem(cls, certificate_pem: bytes, key_pem: bytes) -> Self:
        """Read a stored pair; raises ValueError where it is invalid, without quoting it."""
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem)
            key = serialization.load_pem_private_key(key_pem, password=None)
            certified = certificate.public_key()
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError("it holds no certificate and key in PEM that can be read") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("its key is no elliptic curve key, so it is none of ours")  # noqa: TRY004 - the content is wrong
        if key.public_key() != certified:
            raise ValueError("its key is not that of its certificate")
        return cls(certificate, key)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key in PEM (PKCS #8), not encrypted."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def make_authority(
    now: datetime, lifetime: timedelta, name: str = "mcp-admission", only_for: Sequence[str] = ()
) -> Pair:
    """A new self-signed authority, valid from one hour ago until `lifetime` from now.

    Its subject is unique: people can tell two authorities of one day apart. With `only_for`, it
    vouches for servers of these names alone.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    serial = _serial()
    subject = _subject(f"{name} CA {now:%Y-%m-%d} {serial % 2**32:08x}")
    builder = _builder(subject, key.public_key(), now, now + lifetime)
    builder = builder.issuer_name(subject).serial_number(serial)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    if only_for:
        builder = builder.add_extension(name_limits(only_for), critical=True)
        builder = builder.add_extension(_FOR_SERVERS, critical=False)
    return Pair(builder.sign(key, hashes.SHA256()), key)


def issue_leaf(authority: Pair, names: Sequence[str], now: datetime, lifetime: timedelta) -> Pair:
    """A new key and certificate for DNS names and IP addresses, signed by the authority.

    It ends with the authority where that ends first. Raises ValueError without any name, for a
    name that is none, and for an authority that has ended.
    """
    if not names:
        raise ValueError("a leaf needs at least one name")
    issuer = authority.certificate
    if issuer.not_valid_after_utc <= now:
        raise ValueError(f"the authority ended on {issuer.not_valid_after_utc:%Y-%m-%d}")
    end = min(now + lifetime, issuer.not_valid_after_utc)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_subject("mcp-admission"), key.public_key(), now, end)
    builder = builder.issuer_name(issuer.subject).serial_number(_serial())
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    builder = builder.add_extension(constraints, critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(_FOR_SERVERS, critical=False)
    alternatives = x509.SubjectAlternativeName(general_names(names))
    builder = builder.add_extension(alternatives, critical=False)
    known = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)
    builder = builder.add_extension(identifier, critical=False)
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def service_names(service: str, namespace: str, extra: Sequence[str] = ()) -> tuple[str, ...]:
    """The names under which an API server calls a Service, then the extra names and addresses."""
    base = f"{service}.{namespace}.svc"
    return tuple(dict.fromkeys((base, f"{base}.cluster.local", *extra)))


def general_names(names: Iterable[str]) -> list[x509.GeneralName]:
    """Names as a certificate holds them; raises ValueError for one that is no name."""
    return [_general_name(name) for name in names]


def name_limits(names: Iterable[str]) -> x509.NameConstraints:
    """What keeps an authority to these names and those below them (RFC 5280, section 4.2.1.10).

    A kind of name that is not mentioned would be free: where no address is allowed, all are
    excluded. Raises ValueError without a DNS name.
    """
    allowed = general_names(sorted({name.lower() for name in names}))
    hosts = [one for one in allowed if isinstance(one, x509.DNSName)]
    addresses = [
        x509.IPAddress(ip_network(one.value)) for one in allowed if isinstance(one, x509.IPAddress)
    ]
    if not hosts:
        raise ValueError("an authority needs at least one DNS name to be kept to")
    return x509.NameConstraints([*hosts, *addresses], None if addresses else _EVERY_ADDRESS)


def is_kept_to(authority: Certificate, names: Iterable[str]) -> bool:
    """Whether an authority vouches for these names, and for nothing else."""
    try:
        limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    except x509.ExtensionNotFound:
        return False
    return limits.critical and limits.value == name_limits(names)


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 fingerprint of a certificate, in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key has signed the certificate."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .not_valid_before(now - SKEW)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _serial() -> int:
    return 1 + secrets.randbits(_SERIAL_BITS)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name.lower())
