"""Certificates of every kind that somebody may bring, good and bad."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SERVICE = "webhook.mcp"
NAME = f"{SERVICE}.svc"


@dataclass(frozen=True)
class Brought:
    """A certificate with its key, of any type."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(
        self,
        form: PrivateFormat = PrivateFormat.PKCS8,
        encryption: KeySerializationEncryption | None = None,
    ) -> bytes:
        return bytes(self.key.private_bytes(Encoding.PEM, form, encryption or NoEncryption()))

    @property
    def encrypted(self) -> bytes:
        return self.key_pem(encryption=BestAvailableEncryption(b"hunter2"))


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def bring(
    name: str = "webhook",
    *,
    issuer: Brought | None = None,
    key: Any = None,
    names: Sequence[str] | None = (NAME,),
    authority: bool | None = False,
    path_length: int | None = None,
    signs: bool | None = None,
    purpose: x509.ObjectIdentifier | None = None,
    days: tuple[float, float] = (-1, 90),
) -> Brought:
    """Issue a certificate; `authority` None leaves basicConstraints out, `signs` None keyUsage."""
    key = key or p256()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + days[0] * DAY)
        .not_valid_after(NOW + days[1] * DAY)
    )
    if authority is not None:
        constraints = x509.BasicConstraints(ca=authority, path_length=path_length)
        builder = builder.add_extension(constraints, critical=True)
    if signs is not None:
        usage = x509.KeyUsage(*(index == 5 and signs for index in range(9)))
        builder = builder.add_extension(usage, critical=True)
    if names is not None:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
        builder = builder.add_extension(alternatives, critical=False)
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    signer = issuer.key if issuer else key
    return Brought(builder.sign(signer, hashes.SHA256()), key)


def root(name: str = "root", **given: Any) -> Brought:
    """A certificate that signs others; self-signed without an issuer."""
    return bring(name, **{"names": None, "authority": True, "days": (-10, 3650)} | given)


def small_rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
