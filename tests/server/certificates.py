"""Certificate files as the kubelet mounts them, and handshakes with what they make."""

import ssl
from pathlib import Path

import trustme

HOST = "localhost"
ECDSA, RSA = trustme.KeyType.ECDSA, trustme.KeyType.RSA


class Volume:
    """A mounted Secret: files that are symlinks through `..data`, which is swapped as a whole."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._writes = 0

    def path(self, name: str) -> Path:
        """Where a file of the volume is seen."""
        return self.folder / name

    def write(self, **files: bytes) -> None:
        """Replace all content at once, as the kubelet does; `tls_crt` is the file `tls.crt`."""
        self._writes += 1
        data = self.folder / f"..{self._writes}"
        data.mkdir()
        for name, content in files.items():
            (data / name.replace("_", ".")).write_bytes(content)
        link = self.folder / "..next"
        link.symlink_to(data.name)
        link.replace(self.folder / "..data")
        for name in ("tls.crt", "tls.key"):
            if not self.path(name).is_symlink():
                self.path(name).symlink_to(Path("..data") / name)

    def write_pair(self, leaf: trustme.LeafCert) -> None:
        """Replace certificate chain and key."""
        self.write(tls_crt=chain(leaf), tls_key=key(leaf))


def chain(leaf: trustme.LeafCert) -> bytes:
    """The certificate and its issuers, in PEM."""
    return b"".join(blob.bytes() for blob in leaf.cert_chain_pems)


def key(leaf: trustme.LeafCert) -> bytes:
    """The private key, in PEM."""
    return leaf.private_key_pem.bytes()


def client(authority: trustme.CA, leaf: trustme.LeafCert | None = None) -> ssl.SSLContext:
    """What trusts the authority, and shows a certificate if it has one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    if leaf:
        leaf.configure_cert(context)
    return context


def handshake(
    server: ssl.SSLContext,
    client: ssl.SSLContext,
    name: str | None = HOST,
    session: ssl.SSLSession | None = None,
) -> ssl.SSLObject:
    """Shake hands in memory and exchange a byte; returns the client's side.

    Raises ssl.SSLError when either side refuses.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname=name, session=session)
    far = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [near.do_handshake, far.do_handshake]
    while waiting:
        step = waiting.pop(0)
        try:
            step()
        except ssl.SSLWantReadError:
            waiting.append(step)
    far.write(b"x")
    assert near.read(1) == b"x"
    return near


def serial(side: ssl.SSLObject | ssl.SSLSocket) -> str:
    """The serial number of the certificate that the other side showed."""
    shown = side.getpeercert()
    assert shown is not None
    return str(shown["serialNumber"])


def serial_of(leaf: trustme.LeafCert, authority: trustme.CA) -> str:
    """The serial number of a certificate, in the same notation."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return serial(handshake(context, client(authority)))
