"""The serving replicas: which there are, what each of them serves, and how their pods sync.

A replica shows its certificate in a TLS handshake, as an API server would meet it. It reports the
digest of its settings on its port for probes.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from certs.authority import Certificate
from certs.bundle import BundleError, parse_certificates
from webhook import names
from webhook.controller.installation import Installation
from webhook.kube import Api, ApiError, namespaced
from webhook.settings import HEADER

HANDSHAKE_SECONDS, ASK_SECONDS = 3.0, 1.0
# Where the Service has several ports, the one for API servers.
API_PORT, METRICS_PORT = "https", "metrics"

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Replica:
    """A serving process, and the pod that it runs in where there is one.

    `ready` is whether the Service leads to it.
    """

    host: str
    port: int
    pod: str | None = None
    ready: bool = True

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.pod or f"{self.host}:{self.port}"


FindReplicas = Callable[[], Awaitable[Sequence[Replica]]]


async def endpoint_replicas(
    api: Api, installation: Installation, port: str = API_PORT
) -> list[Replica]:
    """Every replica behind the Service, ready or not: it may become ready at any time.

    Each with its port of this name; a Service without one for API servers, with its first.
    """
    path = namespaced("discovery.k8s.io/v1", "endpointslices", installation.namespace)
    selector = f"kubernetes.io/service-name={installation.service}"
    found: dict[str, Replica] = {}
    for item in (await api.list(path, label_selector=selector)).items:
        for replica in _of_slice(item, port):
            found.setdefault(replica.name, replica)
    return list(found.values())


async def ask_certificates(replicas: Sequence[Replica], host: str) -> dict[str, Certificate | None]:
    """The certificate that each replica shows under this name; None where it shows none."""
    shown = await asyncio.gather(*(_shown(replica, host) for replica in replicas))
    return {replica.name: one for replica, one in zip(replicas, shown, strict=True)}


def _of_slice(item: Mapping[str, Any], name: str) -> list[Replica]:
    named = {port.get("name"): port["port"] for port in item.get("ports") or [] if "port" in port}
    first = next(iter(named.values()), None) if name == API_PORT else None
    port = named.get(name) or first
    return [
        Replica(
            endpoint["addresses"][0],
            port,
            (endpoint.get("targetRef") or {}).get("name"),
            (endpoint.get("conditions") or {}).get("ready") is not False,
        )
        for endpoint in item.get("endpoints") or []
        if port and not _has_left(endpoint.get("conditions") or {})
    ]


def _has_left(conditions: Mapping[str, Any]) -> bool:
    return bool(conditions.get("terminating")) and not conditions.get("serving")


async def _shown(replica: Replica, host: str) -> Certificate | None:
    # Any certificate is of interest here, above all one that cannot be trusted.
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


async def sync_pod_volumes(
    api: Api, installation: Installation, pod: str, what: str, version: str
) -> None:
    """Annotate a pod of the installation with the version of `what` that it should get.

    Where that fails, it is logged: the kubelet comes by itself, later.
    """
    annotations = {"metadata": {"annotations": {f"{names.PREFIX}{what}": version}}}
    path = namespaced("v1", "pods", installation.namespace, pod)
    try:
        await api.patch(path, annotations, kind="merge")
    except ApiError as error:
        fields = {"name": pod, "reason": error.message}
        LOG.warning("pod not touched", extra={"fields": fields})


async def ask_digests(replicas: Sequence[Replica]) -> dict[str, str | None]:
    """The digest of the settings of each replica, by its name; None where it does not say."""
    ends = aiohttp.ClientTimeout(total=ASK_SECONDS)
    async with aiohttp.ClientSession(timeout=ends) as session:
        digests = await asyncio.gather(*(_digest(session, replica) for replica in replicas))
    return {replica.name: one for replica, one in zip(replicas, digests, strict=True)}


async def _digest(session: aiohttp.ClientSession, replica: Replica) -> str | None:
    host = f"[{replica.host}]" if ":" in replica.host else replica.host
    try:
        async with session.get(
            f"http://{host}:{replica.port}/readyz", allow_redirects=False
        ) as answer:
            return answer.headers.get(HEADER)
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None
