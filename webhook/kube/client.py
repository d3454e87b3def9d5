"""A connection to an API server: TLS, proxy and credentials as they were found, and its errors.

Requests are encoded here: the official client copies each body twice before it writes it.
"""

import logging
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import incluster_config
from multidict import CIMultiDict
from pydantic_core import to_json
from yarl import URL

from webhook.kube.access import client_config, transport
from webhook.kube.access.credentials import Credentials, FixedHeader, TokenFile
from webhook.kube.access.kubeconfig import UserEntry
from webhook.kube.errors import ConfigurationError, Unreachable, no_configuration
from webhook.kube.messages import ApiRequest
from webhook.observe.traces import TRACEPARENT, TRACES

POD = "the ServiceAccount of the pod"
USER_AGENT = f"mcp-admission/{version('mcp-admission')}"
# Events of a watch are longer than aiohttp expects.
BUFFER_BYTES = 2**21

# The client's own log lines follow the configuration of the process, and never a terminal.
logging.getLogger("kubernetes").addHandler(logging.NullHandler())


class ApiConnection(NamedTuple):
    """The session, the server and its name, the proxy, who we are to it, and as whom we act."""

    session: aiohttp.ClientSession
    server: str
    server_name: str | None
    proxy: str | None
    credentials: Credentials
    impersonation: CIMultiDict[str]


async def open_connection(
    kubeconfig: Path | None, overrides: client_config.Overrides
) -> ApiConnection:
    """Prepare a connection. No request is sent; a credential plugin may run.

    Raises ConfigurationError where there is no way to a cluster.
    """
    config_of_file = await client_config.load_client_config(kubeconfig, overrides, os.environ)
    found = config_of_file or _in_pod(overrides)
    return _opened(found)


def open_without_credentials(server: str, authority: Path) -> ApiConnection:
    """Prepare a connection to this URL on which nobody is known; no request is sent.

    No kubeconfig and no ServiceAccount is looked for. Raises ConfigurationError where the file
    has no authority in it.
    """
    try:
        text = authority.read_text(encoding="ascii")
        if not text.strip():
            # Without any, those of the machine would be trusted.
            raise ConfigurationError(f"{authority} is empty: it has no certificate")
        tls = ssl.create_default_context(cadata=text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificates in PEM"
        raise ConfigurationError(f"{authority} cannot be used ({reason})") from None
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    proxy = transport.proxy_of_environment(server, os.environ)
    nobody = FixedHeader(None)
    return _opened(client_config.ClientConfig(server, "", proxy, tls, nobody, CIMultiDict()))


def _opened(found: client_config.ClientConfig) -> ApiConnection:
    # Workers and watches bound how many connections there are. The proxy is known already.
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=found.tls, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=BUFFER_BYTES,
    )
    return ApiConnection(
        session,
        str(URL(found.server)).rstrip("/"),
        found.server_name or None,
        found.proxy,
        found.credentials,
        found.headers,
    )


def _in_pod(overrides: client_config.Overrides) -> client_config.ClientConfig:
    if overrides.context:
        raise no_configuration(POD, "it has no contexts")
    found = Configuration()
    try:
        config.load_incluster_config(client_configuration=found)
        tls = ssl.create_default_context(cafile=found.ssl_ca_cert)
    except config.ConfigException as error:
        raise no_configuration(POD, str(error)) from None
    except (OSError, ValueError) as error:
        raise no_configuration(POD, type(error).__name__) from None
    # Python 3.13 would refuse authorities without key identifiers, which many clusters have.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return client_config.ClientConfig(
        server=found.host,
        server_name="",
        proxy=transport.proxy_of_environment(found.host, os.environ),
        tls=tls,
        credentials=TokenFile(Path(incluster_config.SERVICE_TOKEN_FILENAME)),
        headers=client_config.impersonation_headers(UserEntry(), overrides),
    )


@contextmanager
def explained(call: str) -> Iterator[None]:
    """Raise Unreachable for whatever keeps an answer away; `call` starts the message."""
    try:
        yield
    except TimeoutError:
        raise Unreachable(f"{call}: no answer in time") from None
    except ConfigurationError as error:
        raise Unreachable(f"{call}: not sent: {error}") from None
    except aiohttp.ClientConnectorCertificateError as error:
        # A clock that is wrong is recognised by this alone: "certificate has expired".
        why = getattr(error.certificate_error, "verify_message", "it is not trusted")
        reason = f"{type(error).__name__}: {why}"
        raise Unreachable(f"{call}: no answer ({reason})") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unreachable(f"{call}: no answer ({type(error).__name__})") from error


@contextmanager
def traced(request: ApiRequest) -> Iterator[ApiRequest]:
    """The request as it is sent, with its span where there is one; raises what `explained` does."""
    said = {"http.request.method": request.method, "url.path": request.path}
    with (
        TRACES.call(f"{request.verb} {request.resource}", said) as parent,
        explained(request.call),
    ):
        yield request._replace(traceparent=parent)


@asynccontextmanager
async def left_early(answer: aiohttp.ClientResponse) -> AsyncIterator[None]:
    """Cut the connection of an answer that is not read to its end, instead of seeing it out."""
    try:
        yield
    finally:
        transport = answer.connection.transport if answer.connection else None
        if transport is not None:
            transport.abort()


async def send(
    connection: ApiConnection, request: ApiRequest, ends: aiohttp.ClientTimeout
) -> aiohttp.ClientResponse:
    """Send a request with the credentials of the connection; returns the answer, still unread."""
    session, server, server_name, proxy, credentials, impersonation = connection
    # Not by the session's headers: those are sent to proxies, too. A group is a header each.
    headers = CIMultiDict(impersonation)
    headers["User-Agent"] = USER_AGENT
    headers["Accept"] = request.accept
    headers["Content-Type"] = request.content_type
    if request.traceparent:
        headers[TRACEPARENT] = request.traceparent
    # What is packed small may be anything but small.
    headers["Accept-Encoding"] = "identity"
    authorization = await credentials.authorization()
    if authorization is not None:
        headers["Authorization"] = authorization
    if credentials.changing:
        headers["Connection"] = "close"
    query = f"?{urlencode(request.query, quote_via=quote)}" if request.query else ""
    answer = await session.request(
        request.method,
        URL(f"{server}{request.path}{query}", encoded=True),
        data=None if request.body is None else to_json(request.body),
        headers=headers,
        timeout=ends,
        proxy=proxy,
        server_hostname=server_name,
        # Whoever answers instead of the API server could name any address of our network.
        allow_redirects=False,
    )
    if answer.status == 401:
        credentials.refused()
    return answer
