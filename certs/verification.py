"""Whether an API server accepts a certificate with its key and a bundle; a reason for each fault.

The rules are those of Go's crypto/x509, with which an API server verifies a webhook: any
certificate of the bundle is an anchor, self-signed or not, names stand in the subjectAltName
alone, SHA-1 is no signature. Name constraints and revocation are not checked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from certs.authority import issued_by
from certs.bundle import BundleError, blocks, parse_certificates

SMALLEST_RSA = 2048
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
SERVER = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
WEAK = {
    SignatureAlgorithmOID.RSA_WITH_MD5,
    SignatureAlgorithmOID.RSA_WITH_SHA1,
    SignatureAlgorithmOID.ECDSA_WITH_SHA1,
    SignatureAlgorithmOID.DSA_WITH_SHA1,
}
_MOST_PATHS = 100


@dataclass(frozen=True)
class Text:
    """PEM and where it comes from; the PEM may be a key, so it stays out of every repr."""

    source: str
    pem: bytes = field(repr=False)


@dataclass(frozen=True)
class Verdict:
    """A sentence for each fault, and when the first certificate of the chain ends."""

    faults: tuple[str, ...]
    ends: datetime


def verify(chain: Text, key: Text, authorities: Text, service: str, now: datetime) -> Verdict:
    """Whether an API server that trusts the authorities may call the service (NAME.NAMESPACE).

    Raises BundleError for a text that cannot be read at all.
    """
    certificates = parse_certificates(chain.pem, chain.source)
    public = read_key(key)
    anchors = parse_certificates(authorities.pem, authorities.source)
    leaf, *others = certificates
    labels = _labels(authorities.source, anchors) | _labels(chain.source, certificates)
    path = _path(leaf, others, anchors, now)
    faults = [*_pair(chain, key, certificates, public)]
    if path is None:
        faults.append(
            f"{labels[leaf]} is issued by {leaf.issuer.rfc4514_string()!r}, from which no "
            f"certificate in {chain.source} leads to one in {authorities.source}: "
            "write the issuers after it, and the authority into the bundle"
        )
        weak = [one for one in certificates if one.signature_algorithm_oid in WEAK]
        faults += [f"{labels[one]} is signed with MD5 or SHA-1: use SHA-256" for one in weak]
    path = path or [leaf]
    faults += [f"{labels[one]} {fault}" for one, fault in _path_faults(path, now)]
    faults += [f"{labels[leaf]} {fault}" for fault in _name_faults(leaf, f"{service}.svc")]
    return Verdict(tuple(faults), min(one.not_valid_after_utc for one in path))


def read_key(text: Text) -> PublicKeyTypes:
    """The public half of the only private key in a PEM text; raises BundleError without it."""
    keys = [pem for kind, pem in blocks(text.pem, text.source) if kind.endswith("PRIVATE KEY")]
    if not keys:
        raise BundleError(
            f"{text.source} holds no private key in PEM: write one that starts with -----BEGIN"
        )
    if len(keys) > 1:
        raise BundleError(
            f"{text.source} holds {len(keys)} private keys: leave that of the certificate"
        )
    if b"ENCRYPTED" in keys[0]:
        raise BundleError(f"{text.source} is encrypted: write the key without a passphrase")
    try:
        return load_pem_private_key(keys[0], password=None).public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise BundleError(f"{text.source} holds no readable private key: write it again") from None


def _labels(source: str, certificates: Sequence[x509.Certificate]) -> dict[x509.Certificate, str]:
    return {
        certificate: f"{source}: certificate {number} ({certificate.subject.rfc4514_string()})"
        for number, certificate in reversed(list(enumerate(certificates, start=1)))
    }


def _pair(
    chain: Text, key: Text, certificates: Sequence[x509.Certificate], public: PublicKeyTypes
) -> Iterator[str]:
    owners = [
        number
        for number, certificate in enumerate(certificates, start=1)
        if certificate.public_key() == public
    ]
    if owners and owners[0] != 1:
        yield (
            f"the key in {key.source} is that of certificate {owners[0]} in {chain.source}: "
            "write the server's certificate first, then its issuers"
        )
    elif not owners:
        yield (
            f"the key in {key.source} is not that of the first certificate in {chain.source}: "
            "write both files of one pair"
        )


def _path(
    leaf: x509.Certificate,
    others: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    now: datetime,
) -> list[x509.Certificate] | None:
    """The leaf and its issuers up to one that is trusted: the path with the fewest faults."""
    issuers = [*anchors, *others]

    def paths(below: list[x509.Certificate]) -> Iterator[list[x509.Certificate]]:
        if below[-1] in anchors:
            yield below
            return
        for issuer in issuers:
            if issuer not in below and issued_by(below[-1], issuer):
                yield from paths([*below, issuer])

    found = islice(paths([leaf]), _MOST_PATHS)
    return min(found, key=lambda path: len(list(_path_faults(path, now))), default=None)


def _path_faults(
    path: Sequence[x509.Certificate], now: datetime
) -> Iterator[tuple[x509.Certificate, str]]:
    for place, certificate in enumerate(path):
        faults = [*_date_faults(certificate, now), *_key_faults(certificate.public_key())]
        faults += _purpose_faults(certificate)
        if place:
            faults += _issuer_faults(certificate, place - 1)
        for fault in faults:
            yield certificate, fault


def _date_faults(certificate: x509.Certificate, now: datetime) -> Iterator[str]:
    if certificate.not_valid_before_utc > now:
        yield (
            f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC: "
            "wait, or set the clock"
        )
    if certificate.not_valid_after_utc < now:
        yield f"ended on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC: renew it"


def _key_faults(key: PublicKeyTypes) -> Iterator[str]:
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < SMALLEST_RSA:
            yield f"has an RSA key of {key.key_size} bits: use ECDSA P-256, or RSA with 2048 bits"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, CURVES):
            yield f"has a key on the curve {key.curve.name}: use ECDSA P-256"
    elif not isinstance(key, ed25519.Ed25519PublicKey):
        yield "has a key of a type that TLS does not use: use ECDSA P-256"


def _purpose_faults(certificate: x509.Certificate) -> Iterator[str]:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not SERVER & set(usage):
        yield "is not for servers: have it issued with the extended key usage serverAuth"


def _issuer_faults(certificate: x509.Certificate, intermediates: int) -> Iterator[str]:
    extensions = certificate.extensions
    try:
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        constraints = x509.BasicConstraints(ca=False, path_length=None)
    if not constraints.ca:
        yield "is no authority (basicConstraints), but issued a certificate of the chain"
    if constraints.path_length is not None and constraints.path_length < intermediates:
        yield f"allows {constraints.path_length} authorities below it, there are {intermediates}"
    try:
        signs = extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return
    if not signs:
        yield "may not sign certificates (keyUsage), but issued one of the chain"


def _name_faults(leaf: x509.Certificate, wanted: str) -> Iterator[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        yield f"has no subjectAltName: have it issued with the DNS name {wanted}"
        return
    held = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    if wanted not in held and f"*.{wanted.partition('.')[2]}" not in held:
        listed = ", ".join(held) or "no DNS name"
        yield f"is for {listed}: have it issued with the DNS name {wanted}"
