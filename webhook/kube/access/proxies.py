"""The proxy of the environment, as programs written in Go read it, and so kubectl.

https://pkg.go.dev/golang.org/x/net/http/httpproxy. Python's own reading differs: it knows no
networks in NO_PROXY, and sends what is meant for this machine through the proxy.
"""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from webhook.kube.errors import ConfigurationError

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
