"""The certificate that the server shows, and the authority whose clients it lets in.

Both change while connections are open. A live context cannot be changed safely: a key that does
not match breaks every later handshake, and a key of another type is never used. So each change
builds a new context, and the context that listens hands every handshake to the newest one.
"""

from __future__ import annotations

import ssl
import stat
from contextlib import suppress
from functools import partial
from pathlib import Path

from webhook.server.watch import FileError, Source, Swap

LARGEST_FILE = 1024 * 1024
CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
KEY = b"PRIVATE KEY-----"


class CertificateStore:
    """A TLS context whose certificate, key and client authority follow their files.

    With a client authority, only clients with a certificate from it complete the handshake.
    `context` refuses every handshake until `sources` have been loaded.
    """

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None = None) -> None:
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self._authority: str | None = None
        self._newest: ssl.SSLContext | None = None
        self.context = self._empty()
        self.context.sni_callback = self._choose
        self.sources = [Source("certificate", (certificate, key), self._load_certificate)]
        if client_ca:
            load = partial(self._load_client_ca, client_ca)
            self.sources.append(Source("client-ca", (client_ca,), load))

    def _choose(self, handshake: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        """Run in every handshake, also in one without a server name."""
        if self._newest:
            handshake.context = self._newest

    def _load_certificate(self) -> Swap:
        """Prove the pair; a client authority that cannot be read must not hold a renewal up."""
        authority = self._authority
        if self._client_ca:
            with suppress(FileError):  # its own source tells
                authority = _authority(self._client_ca)
        return self._proven(authority)

    def _load_client_ca(self, path: Path) -> Swap:
        return self._proven(_authority(path))

    def _proven(self, authority: str | None) -> Swap:
        """Build the context that these files make; FileError when they make none."""
        for path, marker, what in (
            (self._certificate, CERTIFICATE, "certificate"),
            (self._key, KEY, "private key"),
        ):
            text = _read(path, marker, what)
            if b"ENCRYPTED" in text:
                raise FileError(f"{path} is encrypted: write the key without a passphrase")
        context = self._empty()
        if authority:
            context.load_verify_locations(cadata=authority)
        try:
            # The empty password keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(self._certificate, self._key, password="")
        except ssl.SSLError as error:
            raise FileError(self._unusable(error)) from None
        except OSError as error:
            raise FileError(f"{self._certificate} and {self._key}: {error.strerror}") from None
        return partial(self._swap, context, authority)

    def _unusable(self, error: ssl.SSLError) -> str:
        if (error.reason or "").startswith("KEY_"):
            return (
                f"the key in {self._key} is not that of the first certificate in "
                f"{self._certificate}: write both files of one pair"
            )
        return (
            f"{self._certificate} and {self._key} are no certificate chain and key in PEM "
            f"({error.reason}): write the server's certificate, then its issuers, and its key"
        )

    def _swap(self, context: ssl.SSLContext, authority: str | None) -> None:
        self._authority = authority
        self._newest = context

    def _empty(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # A resumed session would keep the authority of its first handshake after a change.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
        if self._client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
        return context


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
