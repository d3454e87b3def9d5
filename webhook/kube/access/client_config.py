"""How to reach the API server: the files that kubectl would read, and what their context says.

The order is kubectl's: --kubeconfig, $KUBECONFIG, ~/.kube/config, the ServiceAccount of the pod.
Impersonation headers are those that kubectl sends:
https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
"""

import base64
import os
import ssl
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from multidict import CIMultiDict

from webhook.kube.access import transport
from webhook.kube.access.credentials import (
    CLUSTER_INFO,
    NOT_IN_HEADERS,
    CredentialPlugin,
    Credentials,
    FixedHeader,
    stored_credentials,
)
from webhook.kube.access.kubeconfig import (
    ChosenContext,
    ClusterEntry,
    Kubeconfig,
    UserEntry,
    choose_context,
    load_kubeconfig,
)
from webhook.kube.errors import ConfigurationError, no_configuration

HOME = os.path.join("~", ".kube", "config")  # noqa: PTH118 - it is expanded as a text
# RFC 9110, 5.6.2; a percent sign begins an escape.
LEGAL_IN_NAMES = frozenset((string.ascii_letters + string.digits + "!#$&'*+-.^_`|~").encode())


class Overrides(NamedTuple):
    """The context, and who is impersonated; what is empty is left to the kubeconfig."""

    context: str = ""
    user: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()


NONE = Overrides()


def impersonation_headers(user: UserEntry, overrides: Overrides) -> CIMultiDict[str]:
    """The headers of every request; none without impersonation.

    Raises ConfigurationError for groups, a uid or extra without a user, which API servers refuse.
    """
    name = overrides.user or user.as_user
    uid = overrides.uid or user.as_uid
    groups = overrides.groups or tuple(user.as_groups)
    found: CIMultiDict[str] = CIMultiDict()
    if not name:
        if uid or groups or user.as_user_extra:
            raise ConfigurationError(
                "a group, uid or extra is to be impersonated without a user: say who with --as"
            )
        return found
    found.add("Impersonate-User", name)
    if uid:
        found.add("Impersonate-Uid", uid)
    for group in groups:
        found.add("Impersonate-Group", group)
    for key, values in user.as_user_extra.items():
        for value in values:
            found.add(f"Impersonate-Extra-{_escaped(key)}", value)
    if any(NOT_IN_HEADERS.search(value) for value in found.values()):
        raise ConfigurationError("who is to be impersonated has control characters in it")
    return found


def _escaped(key: str) -> str:
    return "".join(chr(byte) if byte in LEGAL_IN_NAMES else f"%{byte:02X}" for byte in key.encode())


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
    """The configuration by a kubeconfig; None where it is that of the pod.

    Raises ConfigurationError where there is none, or none that kubectl would read alike.
    """
    source, found = _files(kubeconfig, environment)
    if found is None:
        return None
    try:
        chosen = choose_context(found, overrides.context)
        config = _client_config(chosen, overrides, environment)
        await config.credentials.authorization()
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from None
    return config


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


def _client_config(
    chosen: ChosenContext, overrides: Overrides, environment: Mapping[str, str]
) -> ClientConfig:
    cluster = chosen.cluster
    server = _server(cluster)
    trusted = transport.cluster_authority(cluster, chosen.cluster_file)
    context = transport.tls_context(cluster, trusted)
    named = cluster.proxy_url and transport.usable_proxy(cluster.proxy_url, "proxy-url")
    proxy = named or transport.proxy_of_environment(server, environment)
    # Credentials are not sent without TLS, as by kubectl.
    secret = server.startswith("https:")
    info = _cluster_info(cluster, server, trusted)
    credentials = _credentials(chosen, context, info) if secret else FixedHeader(None)
    headers = impersonation_headers(chosen.user, overrides)
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
    certificate = transport.client_certificate(user, chosen.user_file)
    if certificate:
        transport.present_certificate(context, certificate)
    found = stored_credentials(user, chosen.user_file)
    if found is not None:
        return found
    if user.exec is None or certificate:
        return FixedHeader(None)
    return CredentialPlugin(user.exec, chosen.user_file, info, context)


def _cluster_info(cluster: ClusterEntry, server: str, trusted: bytes) -> dict[str, Any]:
    """What a plugin with `provideClusterInfo` gets."""
    config = [
        each.get("extension")
        for each in cluster.extensions
        if isinstance(each, dict) and each.get("name") == CLUSTER_INFO
    ]
    info = {
        "server": server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": base64.b64encode(trusted).decode(),
        "proxy-url": cluster.proxy_url,
        "disable-compression": cluster.disable_compression,
        "config": config[0] if config else None,
    }
    return {key: value for key, value in info.items() if value or key == "config"}
