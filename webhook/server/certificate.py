"""The certificate that the server presents, and the authority of its clients.

Both change while connections are open. A TLS context cannot be changed safely: a key that does not
match breaks every later handshake, and a key of another type is never used. So each change builds a
new context. The context that listens hands every handshake to the newest one that is valid now.
"""

import ssl
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from webhook.server.file_watch import FileError, FileSet, Swap
from webhook.server.proof import Expected, Validity, prove

LARGEST_FILE = 1024 * 1024
CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
KEY = b"PRIVATE KEY-----"


class Shown(NamedTuple):
    """A context that is ready to be presented, and its validity."""

    context: ssl.SSLContext
    validity: Validity


class CertificateStore:
    """A TLS context whose certificate, key and client authority follow their files.

    A pair is proven before it is shown: to the bundle (`caBundle`) and for the Service
    (NAME.NAMESPACE), where they are known. With a client authority, only clients with a
    certificate from it complete the handshake. `context` refuses every handshake until `file_sets`
    have been loaded.
    """

    def __init__(  # noqa: PLR0913 - each is an option of the command line, but the clock
        self,
        certificate: Path,
        key: Path,
        client_ca: Path | None = None,
        *,
        ca_bundle: Path | None = None,
        service: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._expected = Expected(certificate, service, ca_bundle)
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self._clock = clock
        self._authority: str | None = None
        self._pairs: tuple[Shown, ...] = ()
        self.context = self._empty()
        if client_ca:
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.sni_callback = self._choose
        paths = (certificate, key, *([ca_bundle] if ca_bundle else []))
        self.file_sets = [FileSet("certificate", paths, self._load_certificate)]
        if client_ca:
            load = partial(self._load_client_ca, client_ca)
            self.file_sets.append(FileSet("client-ca", (client_ca,), load))

    @property
    def ends(self) -> float:
        """When the presented certificate ends, in seconds since 1970; 0 without any."""
        shown = self._shown()
        return shown.validity.ends if shown else 0.0

    @property
    def problem(self) -> str | None:
        """Why no client can accept the presented certificate; None where clients can."""
        shown = self._shown()
        if shown is None:
            return "there is no certificate yet"
        if shown.validity.ends <= self._clock():
            return f"the certificate ended on {_written(shown.validity.ends)}"
        if not self._is_valid(shown):
            return f"the certificate is not valid before {_written(shown.validity.starts)}"
        return None

    def _choose(self, handshake: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        """Run in every handshake, also in one without a server name."""
        shown = self._shown()
        if shown:
            handshake.context = shown.context

    def _shown(self) -> Shown | None:
        """The newest pair that is valid now, or else the newest."""
        pairs = self._pairs
        return next(filter(self._is_valid, pairs), pairs[0] if pairs else None)

    def _is_valid(self, shown: Shown) -> bool:
        return shown.validity.starts <= self._clock() < shown.validity.ends

    def _load_certificate(self) -> Swap:
        """Prove the pair; a client authority that cannot be read does not block a renewal."""
        authority = self._authority
        if self._client_ca:
            with suppress(FileError):  # its own file set reports it
                authority = _authority(self._client_ca)
        return self._proven(authority)

    def _load_client_ca(self, path: Path) -> Swap:
        return self._proven(_authority(path))

    def _proven(self, authority: str | None) -> Swap:
        """Build the context of these files; raises FileError where they are invalid."""
        for path, marker, what in (
            (self._certificate, CERTIFICATE, "certificate"),
            (self._key, KEY, "private key"),
        ):
            text = _read(path, marker, what)
            if b"ENCRYPTED" in text:
                raise FileError(f"{path} is encrypted: write the key without a passphrase")
        context = self._empty()
        try:
            # The empty password keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(self._certificate, self._key, password="")
        except ssl.SSLError as error:
            raise FileError(self._unusable(error)) from None
        except OSError as error:
            raise FileError(f"{self._certificate} and {self._key}: {error.strerror}") from None
        shown = Shown(context, self._validity(context))
        if self._client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
        if authority:
            context.load_verify_locations(cadata=authority)
        return partial(self._swap, shown, authority)

    def _validity(self, context: ssl.SSLContext) -> Validity:
        """The validity of a proven pair; an expired pair never replaces one that clients accept.

        At the start an expired pair is loaded: the process is not ready then, and loading the next
        pair is faster than a new start.
        """
        bundle = self._expected.bundle
        chain = _read(self._certificate, CERTIFICATE, "certificate").decode(errors="ignore")
        validity = prove(context, chain, _authority(bundle) if bundle else None, self._expected)
        if validity.ends <= self._clock() and self.problem is None:
            raise FileError(
                f"{self._certificate} ended on {_written(validity.ends)}: write one that is valid"
            )
        return validity

    def _unusable(self, error: ssl.SSLError) -> str:
        if (error.reason or "").startswith("KEY_"):
            return (
                f"the key in {self._key} is not that of the first certificate in "
                f"{self._certificate}: write both files of one pair"
            )
        if (error.reason or "").endswith(("TOO_SMALL", "TOO_WEAK")):
            return (
                f"the certificate in {self._certificate} is too weak for TLS ({error.reason}): "
                "use ECDSA P-256, or RSA with 2048 bits, and SHA-256"
            )
        return (
            f"{self._certificate} and {self._key} are no certificate chain and key in PEM "
            f"({error.reason}): write the server's certificate, then its issuers, and its key"
        )

    def _swap(self, new: Shown, authority: str | None) -> None:
        """Present the new pair; keep the previous one until the new one is valid."""
        before = self._shown()
        self._authority = authority
        self._pairs = (new,) if self._is_valid(new) or before is None else (new, before)

    def _empty(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # A resumed session would keep the authority of its first handshake after a change.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
        return context


def _written(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))


def _authority(path: Path) -> str:
    """The certificates in a file, proven to be such."""
    text = _read(path, CERTIFICATE, "certificate").decode("ascii", errors="ignore")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=text)
    except ssl.SSLError as error:
        raise FileError(f"{path} holds a certificate that is not PEM ({error.reason})") from None
    return text


def _read(path: Path, marker: bytes, what: str) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileError(f"{path} is not a file: name a file with a {what} in PEM")
        with path.open("rb") as file:
            text = file.read(LARGEST_FILE)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None
    if marker not in text:
        raise FileError(f"{path} holds no {what} in PEM: write one that starts with -----BEGIN")
    return text
