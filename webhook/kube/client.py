"""The official client: its transport, with the configuration that was found, and its errors."""

import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, cast

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import ConfigException
from multidict import CIMultiDict

from webhook.kube.access import client_config, transport
from webhook.kube.access.credentials import Credentials, FixedHeader
from webhook.kube.access.kubeconfig import UserEntry
from webhook.kube.errors import ConfigurationError, Unreachable, no_configuration
from webhook.kube.messages import ApiRequest

POD = "the ServiceAccount of the pod"

# The client's own log lines follow the configuration of the process, and never a terminal.
logging.getLogger("kubernetes").addHandler(logging.NullHandler())


class ApiConnection(NamedTuple):
    """The client, who we are to the API server beside what it knows, and as whom we act."""

    client: Any
    credentials: Credentials
    impersonation: CIMultiDict[str]


async def open_connection(
    kubeconfig: Path | None, overrides: client_config.Overrides
) -> ApiConnection:
    """Prepare a connection. No request is sent; a credential plugin may run.

    Raises ConfigurationError where there is no way to a cluster.
    """
    config_of_file = await client_config.load_client_config(kubeconfig, overrides, os.environ)
    return _in_pod(overrides) if config_of_file is None else _by_kubeconfig(config_of_file)


def _by_kubeconfig(found: client_config.ClientConfig) -> ApiConnection:
    configuration = Configuration()
    configuration.host = found.server
    configuration.tls_server_name = found.server_name or None
    configuration.proxy = found.proxy
    client = _client(configuration)
    client.rest_client.ssl_context = found.tls
    return ApiConnection(client, found.credentials, found.headers)


def _in_pod(overrides: client_config.Overrides) -> ApiConnection:
    if overrides.context:
        raise no_configuration(POD, "it has no contexts")
    configuration = Configuration()
    # Python 3.13 would refuse authorities without key identifiers, which many clusters have.
    configuration.disable_strict_ssl_verification = True
    try:
        config.load_incluster_config(client_configuration=configuration)
        configuration.proxy = transport.proxy_of_environment(configuration.host, os.environ)
        headers = client_config.impersonation_headers(UserEntry(), overrides)
        client = _client(configuration)
    except ConfigException as error:
        raise no_configuration(POD, str(error)) from None
    except (OSError, ValueError) as error:
        raise no_configuration(POD, type(error).__name__) from None
    return ApiConnection(client, FixedHeader(None), headers)


def _client(configuration: Configuration) -> Any:
    """Its proxy is known: it would look it up for each request, on a thread of its own."""
    configuration.client_session_kwargs = {"trust_env": False}
    client = ApiClient(configuration)
    client.user_agent = f"mcp-admission/{version('mcp-admission')}"
    return client


@contextmanager
def explained(call: str) -> Iterator[None]:
    """Raise Unreachable for whatever keeps an answer away; `call` starts the message."""
    try:
        yield
    except TimeoutError:
        raise Unreachable(f"{call}: no answer in time") from None
    except ConfigurationError as error:
        raise Unreachable(f"{call}: not sent: {error}") from None
    except (aiohttp.ClientError, OSError, ConfigException) as error:
        raise Unreachable(f"{call}: no answer ({type(error).__name__})") from error


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
    client, credentials, impersonation = connection
    headers = {"Accept": request.accept, "Content-Type": request.content_type}
    # What is packed small may be anything but small.
    headers["Accept-Encoding"] = "identity"
    authorization = await credentials.authorization()
    if authorization is not None:
        headers["Authorization"] = authorization
    if credentials.changing:
        headers["Connection"] = "close"
    method, url, headers, *content = await client.param_serialize(
        method=request.method,
        resource_path=request.path,
        query_params=list(request.query.items()),
        header_params=headers,
        body=request.body,
        auth_settings=["BearerToken"],
    )
    # Not by the session's headers: those are sent to proxies, too. A group is a header each.
    sent = CIMultiDict(headers)
    sent.extend(impersonation)
    answer = await client.call_api(method, url, sent, *content, _request_timeout=ends)
    if answer.response.status == 401:
        credentials.refused()
    return cast("aiohttp.ClientResponse", answer.response)
