"""Where the API server keeps what we read and write."""

from urllib.parse import quote


def namespaced(api_version: str, resource: str, namespace: str, *names: str) -> str:
    """The path of a resource in a namespace; of one object, or its subresource, with `names`."""
    return _joined(api_version, "namespaces", namespace, resource, *names)


def cluster_wide(api_version: str, resource: str, *names: str) -> str:
    """The path of a resource that has no namespace, or of all namespaces."""
    return _joined(api_version, resource, *names)


def _joined(api_version: str, *parts: str) -> str:
    root = "/apis" if "/" in api_version else "/api"
    return "/".join([root, api_version, *(quote(part, safe="") for part in parts)])
