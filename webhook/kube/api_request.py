"""A request to the API server: its method, its path, its query and its body."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from webhook import names

FIELD_MANAGER = {"fieldManager": names.PRODUCT}
JSON = "application/json"
PATCHES = {"json": "application/json-patch+json", "merge": "application/merge-patch+json"}
APPLY = "application/apply-patch+yaml"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}

Body = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class ApiRequest(NamedTuple):
    """Method, path, query, and the body with its type."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Body | None = None
    content_type: str = JSON
    accept: str = JSON

    @property
    def call(self) -> str:
        """What messages call it."""
        return f"{self.method} {self.path}"

    @property
    def verb(self) -> str:
        """What it does, as roles name it."""
        if "watch" in self.query:
            return "watch"
        return "list" if "limit" in self.query else VERBS[self.method]

    @property
    def resource(self) -> str:
        """The plural of the kind that it is about; the path itself where it is about no kind."""
        parts = self.path.split("/")[3 if self.path.startswith("/api/") else 4 :]
        if not parts:
            return self.path
        return parts[2] if parts[0] == "namespaces" and len(parts) > 2 else parts[0]


def selectors(label_selector: str, field_selector: str) -> dict[str, str]:
    """The part of a query that selects; nothing for an empty selector."""
    found = {"labelSelector": label_selector, "fieldSelector": field_selector}
    return {key: value for key, value in found.items() if value}


def writing(*, dry_run: bool) -> dict[str, str]:
    """The query of a write; a dry run goes through admission, and is not stored."""
    return FIELD_MANAGER | ({"dryRun": "All"} if dry_run else {})


def namespaced(api_version: str, resource: str, namespace: str, *names: str) -> str:
    """The path of a resource in a namespace; of one object, or its subresource, with `names`."""
    return _joined(api_version, "namespaces", namespace, resource, *names)


def cluster_wide(api_version: str, resource: str, *names: str) -> str:
    """The path of a resource that has no namespace, or of all namespaces."""
    return _joined(api_version, resource, *names)


def _joined(api_version: str, *parts: str) -> str:
    root = "/apis" if "/" in api_version else "/api"
    return "/".join([root, api_version, *(quote(part, safe="") for part in parts)])
