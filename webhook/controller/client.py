"""The official client: where it finds credentials, and what its errors are in our words."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import ConfigException
from yaml import YAMLError

from webhook.controller.errors import Unreachable, no_way

HOME_CONFIG = os.path.join("~", ".kube", "config")  # noqa: PTH118 - the client wants a str


async def load(configuration: Configuration, file: str) -> None:
    """Fill the configuration from the file, the pod, or ~/.kube/config.

    Raises ConfigurationError where there is no way to a cluster.
    """
    in_pod = not file and "KUBERNETES_SERVICE_HOST" in os.environ
    file = file or os.path.expanduser(HOME_CONFIG)  # noqa: PTH111, ASYNC240 - no file is touched
    source = "the ServiceAccount of the pod" if in_pod else file
    # Python 3.13 would refuse authorities without key identifiers, which many clusters have.
    configuration.disable_strict_ssl_verification = True
    if not (in_pod or any(map(os.path.exists, file.split(os.pathsep)))):
        raise no_way(source, "there is no such file")
    try:
        if in_pod:
            config.load_incluster_config(client_configuration=configuration)
        else:
            given = {"client_configuration": configuration, "persist_config": False}
            await config.load_kube_config(file, **given)
    except ConfigException as error:
        raise no_way(source, str(error)) from None
    except (OSError, ValueError, TypeError, LookupError, AttributeError, YAMLError) as error:
        # Its message may quote the file.
        raise no_way(source, type(error).__name__) from None
    _find_proxy(configuration)


def _find_proxy(configuration: Configuration) -> None:
    """Take the proxy of the environment, where the kubeconfig names none and NO_PROXY allows it.

    It is looked up once: the client would do so for each request, on a thread of its own.
    """
    server = urlsplit(configuration.host)
    if not configuration.proxy and not proxy_bypass(server.hostname or ""):
        configuration.proxy = getproxies().get(server.scheme)
    configuration.client_session_kwargs = {"trust_env": False}


@contextmanager
def explained(call: str) -> Iterator[None]:
    """Raise Unreachable for whatever keeps an answer away; `call` starts the message."""
    try:
        yield
    except TimeoutError:
        raise Unreachable(f"{call}: no answer in time") from None
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
