"""How the API server proves who it is, and how a client certificate proves who we are."""

import base64
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from webhook.kube.access.kubeconfig import ClusterEntry, UserEntry, beside
from webhook.kube.errors import ConfigurationError


class ClientCertificate(NamedTuple):
    """A client certificate and its key, in PEM."""

    certificate: bytes
    key: bytes


def cluster_authority(cluster: ClusterEntry, file: Path) -> bytes:
    """The authorities of the cluster, in PEM; empty where those of the machine are meant."""
    data = _content(
        "certificate-authority",
        cluster.certificate_authority_data,
        cluster.certificate_authority,
        file,
    )
    if data and cluster.insecure_skip_tls_verify:
        raise ConfigurationError(
            "insecure-skip-tls-verify and certificate-authority contradict each other: remove one"
        )
    return data


def client_certificate(user: UserEntry, file: Path) -> ClientCertificate | None:
    """The client certificate of the user."""
    certificate = _content(
        "client-certificate", user.client_certificate_data, user.client_certificate, file
    )
    if not certificate:
        return None
    key = _content("client-key", user.client_key_data, user.client_key, file)
    if not key:
        raise ConfigurationError("there is a client-certificate without its client-key: add it")
    return ClientCertificate(certificate, key)


def tls_context(cluster: ClusterEntry, trusted: bytes) -> ssl.SSLContext:
    """What a connection to the server has to fulfil."""
    try:
        found = ssl.create_default_context(cadata=trusted.decode() if trusted else None)
    except (ValueError, OSError):
        raise _unusable("certificate-authority") from None
    # Python 3.13 would refuse authorities without key identifiers, which many clusters have.
    found.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if cluster.insecure_skip_tls_verify:
        found.check_hostname = False
        found.verify_mode = ssl.CERT_NONE
    return found


def present_certificate(found: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Show this certificate on new connections; OpenSSL wants it in files, for a moment."""
    with TemporaryDirectory(prefix="mcp-admission-") as folder:
        names = [str(Path(folder) / name) for name in ClientCertificate._fields]
        for name, content in zip(names, certificate, strict=True):
            Path(name).write_bytes(content)
        try:
            # Without a password OpenSSL would ask for one on the terminal.
            found.load_cert_chain(names[0], names[1], password="")
        except (ValueError, OSError):
            raise _unusable("client-certificate and client-key") from None


def _content(key: str, data: str, path: str, file: Path) -> bytes:
    if data:
        try:
            return base64.b64decode("".join(data.split()), validate=True)
        except ValueError:
            raise ConfigurationError(f"{key}-data is not base64") from None
    if not path:
        return b""
    try:
        return beside(file, path).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{key} {beside(file, path)} cannot be read ({error.strerror})"
        ) from None


def _unusable(what: str) -> ConfigurationError:
    return ConfigurationError(f"the certificates for the API server cannot be used: check {what}")
