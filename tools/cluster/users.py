"""Who talks to the API server: a kubeconfig for kubectl, the same credentials for raw HTTP.

Users are what the API server makes of their client certificate or ServiceAccount token; nobody is
impersonated, so that RBAC and admission see the same user as in a cluster.
"""

import base64
import json
import ssl
from dataclasses import dataclass
from pathlib import Path

from tools.cluster.authority import Pair


@dataclass(frozen=True)
class User:
    """Somebody with credentials."""

    name: str
    kubeconfig: Path
    tls: ssl.SSLContext
    token: str | None = None


def with_certificate(name: str, pair: Pair, *, url: str, authority: Path, file: Path) -> User:
    """The user whose client certificate this is."""
    tls = ssl.create_default_context(cafile=authority)
    tls.load_cert_chain(pair.certificate, pair.key)
    credentials = {
        "client-certificate-data": _encoded(pair.certificate.read_bytes()),
        "client-key-data": _encoded(pair.key.read_bytes()),
    }
    _write(file, name, credentials, url=url, authority=authority)
    return User(name, file, tls)


def with_token(name: str, token: str, *, url: str, authority: Path, file: Path) -> User:
    """The ServiceAccount whose token this is."""
    _write(file, name, {"token": token}, url=url, authority=authority)
    return User(name, file, ssl.create_default_context(cafile=authority), token)


def _write(
    file: Path, name: str, credentials: dict[str, str], *, url: str, authority: Path
) -> None:
    cluster = {"server": url, "certificate-authority-data": _encoded(authority.read_bytes())}
    context = {"cluster": "control-plane", "user": name, "namespace": "default"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "control-plane", "cluster": cluster}],
        "users": [{"name": name, "user": credentials}],
        "contexts": [{"name": "control-plane", "context": context}],
        "current-context": "control-plane",
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(config, indent=2), encoding="utf-8")


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
