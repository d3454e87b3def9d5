"""Requests to the API server, and the JSON of its answers and watch events.

The API server stores what is nested ten thousand levels deep. Users who can write an object can
nest its managedFields like that. Python's decoder recurses, like much of what handles an object
afterwards. What the product does not read must not stop it.
"""

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from pydantic_core import from_json

from webhook import names
from webhook.kube.errors import ApiError, refusal

FIELD_MANAGER = {"fieldManager": names.PRODUCT}
JSON = "application/json"
PATCHES = {"json": "application/json-patch+json", "merge": "application/merge-patch+json"}
APPLY = "application/apply-patch+yaml"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}

Body = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class ApiRequest(NamedTuple):
    """Method, path, query, and the body with its type; `traceparent` is sent where there is one."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Body | None = None
    content_type: str = JSON
    accept: str = JSON
    traceparent: str = ""

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


def time_text(moment: datetime) -> str:
    """A moment, which is in UTC, as Kubernetes writes times: in whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def selectors(label_selector: str, field_selector: str) -> dict[str, str]:
    """The part of a query that selects; nothing for an empty selector."""
    found = {"labelSelector": label_selector, "fieldSelector": field_selector}
    return {key: value for key, value in found.items() if value}


def managed_by(manager: str = "") -> dict[str, str]:
    """The query that names who manages the fields of a write: the product, or somebody else."""
    return {"fieldManager": manager} if manager else FIELD_MANAGER


def writing(*, dry_run: bool) -> dict[str, str]:
    """The query of a write; a dry run goes through admission, and is not stored."""
    return FIELD_MANAGER | ({"dryRun": "All"} if dry_run else {})


def watching(resource_version: str, seconds: int) -> dict[str, str]:
    """The query of a watch with bookmarks, which the API server ends after so many seconds."""
    return {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "resourceVersion": resource_version,
        "timeoutSeconds": str(seconds),
    }


def delete_options(uid: str | None, resource_version: str | None) -> dict[str, Any]:
    """The body of a DELETE: what it owns goes later, and it has to be the one that was seen."""
    seen = {"uid": uid, "resourceVersion": resource_version}
    return {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": {key: value for key, value in seen.items() if value},
    }


def namespaced(api_version: str, resource: str, namespace: str, *names: str) -> str:
    """The path of a resource in a namespace; of one object, or its subresource, with `names`."""
    return _joined(api_version, "namespaces", namespace, resource, *names)


def cluster_wide(api_version: str, resource: str, *names: str) -> str:
    """The path of a resource that has no namespace, or of all namespaces."""
    return _joined(api_version, resource, *names)


def _joined(api_version: str, *parts: str) -> str:
    root = "/apis" if "/" in api_version else "/api"
    return "/".join([root, api_version, *(quote(part, safe="") for part in parts)])


# Objects of Kubernetes end long before; pydantic's decoder goes down to 200.
DEEPEST = 100
# The API server stores objects of 1.5 MiB, and managedFields and escapes make them longer.
LONGEST_LINE = 16 * 1024 * 1024
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def decode_json(text: bytes) -> Any:
    """What the text says; where it is nested too deep, with null in the place of what is deeper.

    Raises ValueError for what is no JSON.
    """
    try:
        return from_json(text)
    except ValueError:
        return from_json(_shallow(text))


async def decode_json_apart(text: bytes) -> Any:
    """The same; what is nested too deep is cut on a thread, while others have their turns."""
    try:
        return from_json(text)
    except ValueError:
        return from_json(await asyncio.to_thread(_shallow, text))


def _shallow(text: bytes) -> bytes:
    kept: list[bytes] = []
    depth = begin = 0
    for token in _TOKENS.finditer(text):
        match token[0]:
            case b"{" | b"[":
                depth += 1
                if depth == DEEPEST + 1:
                    kept += [text[begin : token.start()], b"null"]
            case b"}" | b"]":
                if depth == DEEPEST + 1:
                    begin = token.end()
                depth -= 1
    return b"".join([*kept, text[begin:]])


class WatchEvent(NamedTuple):
    """One event: ADDED, MODIFIED, DELETED, or BOOKMARK with nothing but a resourceVersion."""

    type: str
    object: dict[str, Any]


async def watch_events(call: str, chunks: AsyncIterable[bytes]) -> AsyncIterator[WatchEvent]:
    """Decode until the chunks end; raises ApiError for an ERROR event, and for what is no event.

    `call` starts the messages.
    """
    async for line in _lines(chunks):
        yield await _event(call, line)


async def _lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Whole lines; the reader's own method refuses what is longer than its buffer."""
    pieces: list[bytes] = []
    length = 0
    async for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            yield b"".join([*pieces, piece])
            pieces, length = [], 0
        pieces.append(rest)
        length += len(rest)
        if length > LONGEST_LINE:
            break
    if length:
        yield b"".join(pieces)


async def _event(call: str, line: bytes) -> WatchEvent:
    try:
        found = await decode_json_apart(line)
        event = WatchEvent(str(found["type"]), dict(found["object"]))
    except (ValueError, TypeError, LookupError):
        message = f"{call}: something came that is no event of a watch"
        raise ApiError(200, "InvalidEvent", message) from None
    if event.type == "ERROR":
        raise refusal(call, int(event.object.get("code") or 500), event.object)
    return event
