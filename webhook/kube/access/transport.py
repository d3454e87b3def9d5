"""How bytes reach the API server: TLS with the cluster's CA, a client certificate, and a proxy.

The proxy of the environment is read as programs written in Go read it, and so kubectl:
https://pkg.go.dev/golang.org/x/net/http/httpproxy. Python reads it otherwise: it knows no networks
in NO_PROXY, and sends what is meant for this machine through the proxy.
"""

import base64
import ssl
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

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


PORTS = {"http": 80, "https": 443}


def usable_proxy(proxy: str, source: str) -> str:
    """The URL of a proxy that we can speak to; raises ConfigurationError, without its password."""
    try:
        parts = urlsplit(proxy)
        known = parts.scheme == "http" and parts.hostname and (parts.port or True)
    except ValueError:
        known = False
    if not known:
        raise ConfigurationError(f"{source} is no http:// URL of a proxy, the only kind known here")
    return proxy


def proxy_of_environment(server: str, environment: Mapping[str, str]) -> str | None:
    """The proxy for this server, None for a direct connection; raises ConfigurationError."""
    parts = urlsplit(server)
    host = (parts.hostname or "").rstrip(".")
    names = (f"{parts.scheme.upper()}_PROXY", f"{parts.scheme}_proxy")
    variable = next((name for name in names if environment.get(name)), None)
    if variable is None or _of_this_machine(host):
        return None
    excluded = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    port = parts.port or PORTS[parts.scheme]
    if any(_matches(each.strip().lower(), host, port) for each in excluded.split(",")):
        return None
    named = environment[variable]
    return usable_proxy(named if "://" in named else f"http://{named}", variable)


def _of_this_machine(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _matches(excluded: str, host: str, port: int) -> bool:
    """One entry of NO_PROXY: *, a network, an address or a domain, these two with a port."""
    if excluded == "*":
        return True
    if "/" in excluded:
        return _in_network(excluded, host)
    name, wanted = _split(excluded)
    if not name or (wanted and wanted != str(port)):
        return False
    if _is_address(name):
        return _is_address(host) and ip_address(name) == ip_address(host)
    name = name.removeprefix("*")
    suffix = name if name.startswith(".") else f".{name}"
    return host.endswith(suffix) or (not name.startswith(".") and host == name)


def _in_network(excluded: str, host: str) -> bool:
    try:
        return _is_address(host) and ip_address(host) in ip_network(excluded, strict=False)
    except ValueError:
        return False


def _split(excluded: str) -> tuple[str, str]:
    """Host and port; an IPv6 address has colons of its own."""
    if excluded.startswith("["):
        name, _, rest = excluded[1:].partition("]")
        return name, rest.removeprefix(":")
    name, colon, port = excluded.rpartition(":")
    return (name, port) if colon and ":" not in name else (excluded, "")
