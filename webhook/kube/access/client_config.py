"""Finds the way: the files that kubectl would read, and what their context says.

The order is kubectl's: --kubeconfig, $KUBECONFIG, ~/.kube/config, the ServiceAccount of the pod.
"""

import base64
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from multidict import CIMultiDict

from webhook.kube.access import impersonation, proxies, tls
from webhook.kube.access.credentials import Credentials, FixedHeader, stored_credentials
from webhook.kube.access.entries import ClusterEntry
from webhook.kube.access.kubeconfig import (
    ChosenContext,
    Kubeconfig,
    choose_context,
    load_kubeconfig,
)
from webhook.kube.access.overrides import Overrides
from webhook.kube.access.plugin import CLUSTER_INFO, CredentialPlugin
from webhook.kube.errors import ConfigurationError, no_configuration

HOME = os.path.join("~", ".kube", "config")  # noqa: PTH118 - it is expanded as a text


class ClientConfig(NamedTuple):
    """All that a connection needs."""

    server: str
    server_name: str
    proxy: str | None
    tls: ssl.SSLContext
    credentials: Credentials
    headers: CIMultiDict[str]


async def load_client_config(
    kubeconfig: Path | None, overrides: Overrides, environment: Mapping[str, str]
) -> ClientConfig | None:
    """The way by a kubeconfig; None where it is the one of the pod.

    Raises ConfigurationError where there is none, or none that can be gone as kubectl would.
    """
    source, found = _files(kubeconfig, environment)
    if found is None:
        return None
    try:
        way = _way(choose_context(found, overrides.context), overrides, environment)
        await way.credentials.authorization()
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from None
    return way


def _files(
    kubeconfig: Path | None, environment: Mapping[str, str]
) -> tuple[str, Kubeconfig | None]:
    if kubeconfig is not None:
        return _read(str(kubeconfig), [kubeconfig])
    listed = environment.get("KUBECONFIG")
    if listed:
        return _read(listed, [Path(each) for each in listed.split(os.pathsep) if each])
    home = os.path.expanduser(HOME)  # noqa: PTH111 - without a home it stays as it is
    in_pod = bool(environment.get("KUBERNETES_SERVICE_HOST"))
    if in_pod and not os.path.exists(home):  # noqa: PTH110 - what may not be looked at is none
        return "", None
    source, found = _read(home, [Path(home)])
    return source, None if in_pod and not any(found.lists.values()) else found


def _read(source: str, files: list[Path]) -> tuple[str, Kubeconfig]:
    if not any(os.path.lexists(file) for file in files):
        raise no_configuration(source, "there is no such file")
    return source, load_kubeconfig(files)


def _way(
    chosen: ChosenContext, overrides: Overrides, environment: Mapping[str, str]
) -> ClientConfig:
    cluster = chosen.cluster
    server = _server(cluster)
    trusted = tls.cluster_authority(cluster, chosen.cluster_file)
    context = tls.tls_context(cluster, trusted)
    named = cluster.proxy_url and proxies.usable_proxy(cluster.proxy_url, "proxy-url")
    proxy = named or proxies.proxy_of_environment(server, environment)
    # Nobody sends credentials without TLS, kubectl neither.
    secret = server.startswith("https:")
    info = _cluster_info(cluster, server, trusted)
    credentials = _credentials(chosen, context, info) if secret else FixedHeader(None)
    headers = impersonation.impersonation_headers(chosen.user, overrides)
    return ClientConfig(server, cluster.tls_server_name, proxy, context, credentials, headers)


def _server(cluster: ClusterEntry) -> str:
    """The URL without a slash at its end; raises ConfigurationError for one that is none."""
    try:
        parts = urlsplit(cluster.server)
        fine = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        fine = False
    if not fine or "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError("server is no URL such as https://api.example.com:6443")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _credentials(
    chosen: ChosenContext, context: ssl.SSLContext, info: Mapping[str, Any]
) -> Credentials:
    """What the user has, in kubectl's order: a plugin is not asked beside anything else."""
    user = chosen.user
    if user.auth_provider is not None:
        raise ConfigurationError(
            "auth-provider is not known here, and kubectl has dropped most of them: use an exec "
            "plugin, or a token"
        )
    certificate = tls.client_certificate(user, chosen.user_file)
    if certificate:
        tls.present_certificate(context, certificate)
    found = stored_credentials(user, chosen.user_file)
    if found is not None:
        return found
    if user.exec is None or certificate:
        return FixedHeader(None)
    return CredentialPlugin(user.exec, chosen.user_file, info, context)


def _cluster_info(cluster: ClusterEntry, server: str, trusted: bytes) -> dict[str, Any]:
    """What a plugin with `provideClusterInfo` is told."""
    config = [
        each.get("extension")
        for each in cluster.extensions
        if isinstance(each, dict) and each.get("name") == CLUSTER_INFO
    ]
    told = {
        "server": server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": base64.b64encode(trusted).decode(),
        "proxy-url": cluster.proxy_url,
        "disable-compression": cluster.disable_compression,
        "config": config[0] if config else None,
    }
    return {key: value for key, value in told.items() if value or key == "config"}
