"""What each serving replica shows: asked by a TLS handshake, as an API server would meet it."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from certs.authority import Certificate
from certs.bundle import BundleError, parse_certificates
from webhook.controller.installation import Places
from webhook.kube.api import Api
from webhook.kube.paths import namespaced

HANDSHAKE_SECONDS = 3.0
# Where the Service has several ports, the one for API servers.
PORT = "https"


@dataclass(frozen=True)
class Replica:
    """A serving process, and the pod that it runs in where there is one."""

    host: str
    port: int
    pod: str | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.pod or f"{self.host}:{self.port}"


FindReplicas = Callable[[], Awaitable[Sequence[Replica]]]


async def endpoints(api: Api, places: Places, port: str = PORT) -> list[Replica]:
    """Every replica behind the Service, ready or not: it may become ready at any time.

    Each with its port of this name; a Service without one for API servers, with its first.
    """
    path = namespaced("discovery.k8s.io/v1", "endpointslices", places.namespace)
    selector = f"kubernetes.io/service-name={places.service}"
    found: dict[str, Replica] = {}
    for item in (await api.list(path, label_selector=selector)).items:
        for replica in _of_slice(item, port):
            found.setdefault(replica.name, replica)
    return list(found.values())


async def ask(replicas: Sequence[Replica], host: str) -> dict[str, Certificate | None]:
    """The certificate that each replica shows under this name; None where it shows none."""
    shown = await asyncio.gather(*(_shown(replica, host) for replica in replicas))
    return {replica.name: one for replica, one in zip(replicas, shown, strict=True)}


def _of_slice(item: Mapping[str, Any], name: str) -> list[Replica]:
    named = {port.get("name"): port["port"] for port in item.get("ports") or [] if "port" in port}
    first = next(iter(named.values()), None) if name == PORT else None
    port = named.get(name) or first
    return [
        Replica(endpoint["addresses"][0], port, (endpoint.get("targetRef") or {}).get("name"))
        for endpoint in item.get("endpoints") or []
        if port and not _has_left(endpoint.get("conditions") or {})
    ]


def _has_left(conditions: Mapping[str, Any]) -> bool:
    return bool(conditions.get("terminating")) and not conditions.get("serving")


async def _shown(replica: Replica, host: str) -> Certificate | None:
    # Any certificate is of interest here, above all one that nobody should trust.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            _, writer = await asyncio.open_connection(
                replica.host, replica.port, ssl=context, server_hostname=host
            )
    except (OSError, TimeoutError):
        return None
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    try:
        return parse_certificates(ssl.DER_cert_to_PEM_cert(der).encode(), replica.name)[0]
    except BundleError:
        return None
