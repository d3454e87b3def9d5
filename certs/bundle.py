"""Certificates in PEM, one after the other: a chain, or what a webhook configuration trusts.

During a rotation a bundle holds the old and the new authority; it never holds one twice, never
an expired one while another is valid, and it is never empty.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import SKEW

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")


class BundleError(ValueError):
    """PEM that cannot be used; one sentence that names the source and the block."""


def blocks(pem: bytes, source: str) -> list[tuple[str, bytes]]:
    """Kind and text of the blocks in a PEM text (RFC 7468), line ends of any kind.

    Text around them is a comment. Raises BundleError naming the block (counted from 1) whose end
    is missing.
    """
    text = pem.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    begins = list(_BEGIN.finditer(text))
    found = []
    for number, begin in enumerate(begins, start=1):
        limit = begins[number].start() if number < len(begins) else len(text)
        mark = b"-----END %s-----" % begin[1]
        end = text.find(mark, begin.end(), limit)
        if end < 0:
            raise BundleError(f"{source}: block {number} has no end: write the file again")
        found.append((begin[1].decode(), text[begin.start() : end + len(mark)] + b"\n"))
    return found


def parse_certificates(pem: bytes, source: str) -> list[x509.Certificate]:
    """The certificates in a PEM text, in their order.

    Raises BundleError naming the block that is no certificate, and for a text without any.
    """
    certificates = []
    for number, (kind, text) in enumerate(blocks(pem, source), start=1):
        if kind != "CERTIFICATE":
            raise BundleError(f"{source}: block {number} is a {kind}, not a CERTIFICATE: remove it")
        certificate = _read(text)
        if certificate is None:
            raise BundleError(
                f"{source}: block {number} is no readable certificate: write it again"
            )
        certificates.append(certificate)
    if not certificates:
        raise BundleError(
            f"{source} holds no certificate in PEM: write one that starts with -----BEGIN"
        )
    return certificates


def render_bundle(certificates: Iterable[x509.Certificate]) -> bytes:
    """The certificates in PEM, each once, newest first; raises BundleError for none."""
    unique = {certificate.public_bytes(Encoding.PEM): certificate for certificate in certificates}
    if not unique:
        raise BundleError("a bundle of no authority would refuse every request")
    ordered = sorted(unique, key=lambda pem: (unique[pem].not_valid_before_utc, pem), reverse=True)
    return b"".join(ordered)


def prune(certificates: Iterable[x509.Certificate], now: datetime) -> list[x509.Certificate]:
    """Those that are not expired on any clock; all of them where every one is expired."""
    everyone = list(certificates)
    return [one for one in everyone if one.not_valid_after_utc > now - SKEW] or everyone


def _read(pem: bytes) -> x509.Certificate | None:
    """A certificate whose key and extensions can be read too: both are parsed when asked for."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        certificate.public_key()
        tuple(certificate.extensions)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        return None
    return certificate
