"""Test a key pair by a TLS handshake in memory, as an API server would make it.

It takes milliseconds and needs no library for certificates in the serving process. Dates are not
part of it: certificate.py compares them with the clock in every handshake.
"""

import re
import ssl
from pathlib import Path
from typing import NamedTuple

from webhook.server.file_watch import FileError

# X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which the ssl module has no name.
NO_CHECK_TIME = 0x200000
HOSTNAME_MISMATCH = 62
CERTIFICATES = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class Validity(NamedTuple):
    """From when and until when a certificate is valid, in seconds since 1970."""

    starts: float
    ends: float


class Expected(NamedTuple):
    """What a pair has to satisfy; without a bundle, its last certificate is the trust anchor."""

    certificate: Path
    service: str | None
    bundle: Path | None


def prove(
    server: ssl.SSLContext, chain: str, authorities: str | None, expected: Expected
) -> Validity:
    """Shake hands with a context that asks for no client certificate.

    Raises FileError where key, chain and names do not belong together.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = expected.service is not None
    client.hostname_checks_common_name = False
    # As in Go, each trusted certificate is an anchor, self-signed or not.
    flags = ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
    client.verify_flags = ssl.VerifyFlags(client.verify_flags | flags)
    client.load_verify_locations(cadata=authorities or _issuers(chain))
    name = f"{expected.service}.svc" if expected.service else None
    try:
        return _shake(server, client, name)
    except ssl.SSLCertVerificationError as error:
        raise FileError(_refusal(error, expected)) from None
    except ssl.SSLError as error:
        raise FileError(
            f"no handshake succeeds with {expected.certificate} and its key ({error.reason}): "
            "use ECDSA P-256, or RSA with 2048 bits"
        ) from None


def _issuers(chain: str) -> str:
    """What follows the first certificate; that one itself where it stands alone."""
    certificates = CERTIFICATES.findall(chain)
    return "\n".join(certificates[1:] or certificates)


def _shake(server: ssl.SSLContext, client: ssl.SSLContext, name: str | None) -> Validity:
    """The validity of the certificate that the client has verified."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname=name)
    far = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [near.do_handshake, far.do_handshake]
    while waiting:
        step = waiting.pop(0)
        try:
            step()
        except ssl.SSLWantReadError:
            waiting.append(step)
    shown = near.getpeercert() or {}
    return Validity(
        *(ssl.cert_time_to_seconds(str(shown[end])) for end in ("notBefore", "notAfter"))
    )


def _refusal(error: ssl.SSLCertVerificationError, expected: Expected) -> str:
    certificate, reason = expected.certificate, error.verify_message
    if error.verify_code == HOSTNAME_MISMATCH:
        return (
            f"{certificate} is not for the Service: have it issued with the DNS name "
            f"{expected.service}.svc"
        )
    if expected.bundle:
        return (
            f"no authority in {expected.bundle} vouches for {certificate} ({reason}): "
            "write a pair of that authority, then its issuers"
        )
    return (
        f"the certificates in {certificate} do not lead from the first to the last ({reason}): "
        "write the server's certificate, then its issuers"
    )
