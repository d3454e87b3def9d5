"""Calls to the API server: JSON in, JSON out, and a timeout for every call.

The models and watches of the official client are not used: they refuse what they do not know, and
take ten times as long.
"""

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import inf
from pathlib import Path
from typing import Any, Literal, Self

import aiohttp

from webhook.kube import client, messages
from webhook.kube.access.client_config import NONE, Overrides
from webhook.kube.access.credentials import Credentials
from webhook.kube.errors import NotLeading, refusal
from webhook.kube.messages import ApiRequest, Body, WatchEvent, decode_json_apart, watch_events
from webhook.kube.pages import Listing, Pages, each_page

CALL_SECONDS, IDLE_SECONDS = 10.0, 100.0  # bookmarks come once a minute
PAGE = 500

Json = dict[str, Any]
OnRequest = Callable[[str, str], None]
MayWrite = Callable[[], float]
Read = Callable[[aiohttp.ClientResponse], Awaitable[bytes]]
_BODY: Read = aiohttp.ClientResponse.read
LOG = logging.getLogger(__name__)


class Api:
    """A connection to one API server; raises ApiError for whatever is not a success.

    `on_request` is called with verb and resource of each request, before it is sent. `may_write`
    returns for how many seconds from now this process may write. When these are over, a write is
    not sent, or its answer not waited for: a process that was stopped for a minute continues its
    work before its timers report that the minute has passed.
    """

    def __init__(
        self,
        connection: client.ApiConnection,
        *,
        on_request: OnRequest = lambda _verb, _resource: None,
        may_write: MayWrite = lambda: inf,
    ) -> None:
        self._connection = connection
        self._on_request, self._may_write = on_request, may_write
        self._date, self._date_at = datetime.now(UTC), time.monotonic()

    @classmethod
    async def connect(
        cls,
        kubeconfig: Path | None = None,
        overrides: Overrides = NONE,
        *,
        on_request: OnRequest = lambda _verb, _resource: None,
        may_write: MayWrite = lambda: inf,
    ) -> Self:
        """Credentials from the file, $KUBECONFIG, ~/.kube/config or the pod, the first there is.

        Sends no request yet. Raises ConfigurationError where there are none that can be used.
        """
        connection = await client.open_connection(kubeconfig, overrides)
        return cls(connection, on_request=on_request, may_write=may_write)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.session.close()

    def acting_as(self, credentials: Credentials) -> Self:
        """The same connection, which has no client certificate, with these credentials."""
        return type(self)(self._connection._replace(credentials=credentials))

    @property
    def server(self) -> str:
        """The address of the API server."""
        return self._connection.server

    def server_time(self) -> datetime:
        """The API server's clock, as of its last answer; before any, the one of this machine."""
        return self._date + timedelta(seconds=time.monotonic() - self._date_at)

    async def get(self, path: str, *, seconds: float = CALL_SECONDS, read: Read = _BODY) -> Json:
        """Read an object; `read` reads the answer."""
        return await self._call(ApiRequest("GET", path, {}), seconds, read)

    async def list(
        self, path: str, *, label_selector: str = "", field_selector: str = ""
    ) -> Listing:
        """Read all objects; raises Gone when that took too long."""
        found: list[Json] = []
        given: Json = {"label_selector": label_selector, "field_selector": field_selector}
        return Listing(found, await self.list_each(path, found.append, **given))

    async def stored_version(self, path: str, label_selector: str, field_selector: str) -> str:
        """The version of what is stored now, by a list that ends with its first object."""
        query = {"limit": "1", **messages.selectors(label_selector, field_selector)}
        request = ApiRequest("GET", path, query, accept=messages.METADATA_LIST)
        found = await self._call(request, CALL_SECONDS)
        return str((found.get("metadata") or {}).get("resourceVersion", ""))

    async def list_each(  # noqa: PLR0913 - each is a part of one request
        self,
        path: str,
        take: Callable[[Json], object],
        *,
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
        page: int | None = None,
        between: Callable[[], Awaitable[None]] | None = None,
    ) -> str:
        """Hand over all objects; returns the version from which a watch continues.

        At most `page` a call, and fewer where they are large; `between` is awaited after each.
        Raises Gone when that took too long. With `metadata_only`, objects are their metadata alone.
        """
        selected = messages.selectors(label_selector, field_selector)
        accept = messages.METADATA_LIST if metadata_only else messages.JSON
        pages = Pages(page or PAGE)

        async def read(query: Json) -> Json:
            request = ApiRequest("GET", path, {**query, **selected}, accept=accept)
            return await self._call(request, CALL_SECONDS, pages.read)

        return await each_page(pages, read, take, between)

    async def create(
        self,
        path: str,
        body: Body,
        *,
        dry_run: bool = False,
        seconds: float = CALL_SECONDS,
        read: Read = _BODY,
    ) -> Json:
        """POST to a resource, or to a subresource such as `eviction`; `read` reads the answer."""
        request = ApiRequest("POST", path, messages.writing(dry_run=dry_run), body)
        return await self._call(request, seconds, read)

    async def replace(
        self, path: str, body: Body, *, manager: str = "", seconds: float = CALL_SECONDS
    ) -> Json:
        """PUT; with metadata.resourceVersion only what was seen is replaced, else Conflict."""
        query = messages.managed_by(manager)
        return await self._call(ApiRequest("PUT", path, query, body), seconds)

    async def patch(
        self,
        path: str,
        body: Body,
        *,
        kind: Literal["json", "merge"],
        dry_run: bool = False,
        seconds: float = CALL_SECONDS,
    ) -> Json:
        """JSON patch operations (a failing `test` is Invalid), or an object to be merged."""
        query, content = messages.writing(dry_run=dry_run), messages.PATCHES[kind]
        return await self._call(ApiRequest("PATCH", path, query, body, content), seconds)

    async def apply(self, path: str, body: Body, *, force: bool = True, manager: str = "") -> Json:
        """Server-side apply; without `force`, fields of other managers are a Conflict."""
        query = messages.managed_by(manager) | {"force": str(force).lower()}
        request = ApiRequest("PATCH", path, query, body, messages.APPLY)
        return await self._call(request, CALL_SECONDS)

    async def delete(
        self,
        path: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        seconds: float = CALL_SECONDS,
    ) -> Json:
        """Delete an object, what it owns later; Conflict where it is not the one that was seen."""
        body = messages.delete_options(uid, resource_version)
        return await self._call(ApiRequest("DELETE", path, {}, body), seconds)

    async def watch(  # noqa: PLR0913 - each is a part of one request
        self,
        path: str,
        *,
        resource_version: str,
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
        seconds: int = 290,
        idle_seconds: float = IDLE_SECONDS,
    ) -> AsyncGenerator[WatchEvent, None]:
        """What changes after this version, with bookmarks, until the API server ends it.

        Raises Gone when the version is too old, ApiError for any other ERROR event or for
        something that is no event, and Unreachable when nothing comes for `idle_seconds`.
        A caller that leaves early closes it: `async with aclosing(api.watch(...)) as events`.
        """
        selected = messages.selectors(label_selector, field_selector)
        query = {**messages.watching(resource_version, seconds), **selected}
        accept = messages.METADATA if metadata_only else messages.JSON
        request = ApiRequest("GET", path, query, accept=accept)
        ends = aiohttp.ClientTimeout(total=None, connect=CALL_SECONDS, sock_read=idle_seconds)
        with client.explained(request.call):
            async with await self._send(request, ends) as answer, client.left_early(answer):
                if answer.status != 200:
                    await self._decoded(request, answer)
                async for event in watch_events(request.call, answer.content.iter_any()):
                    yield event

    async def _call(self, request: ApiRequest, seconds: float, read: Read = _BODY) -> Json:
        if request.method != "GET":
            left = self._may_write()
            if left <= 0:
                raise NotLeading(request.call)
            seconds = min(seconds, left)
        with client.traced(request) as sent:
            async with await self._send(sent, aiohttp.ClientTimeout(total=seconds)) as answer:
                return await self._decoded(request, answer, read)

    async def _send(
        self, request: ApiRequest, ends: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        self._on_request(request.verb, request.resource)
        LOG.debug(request.call)
        return await client.send(self._connection, request, ends)

    async def _decoded(
        self, request: ApiRequest, answer: aiohttp.ClientResponse, read: Read = _BODY
    ) -> Json:
        try:
            found = await decode_json_apart(await read(answer))
        except ValueError:
            found = None
        if not 200 <= answer.status < 300 or not isinstance(found, dict):
            raise refusal(request.call, answer.status, found, answer.headers.get("Retry-After"))
        with suppress(ValueError):
            date = parsedate_to_datetime(answer.headers.get("Date", ""))
            self._date, self._date_at = date, time.monotonic()
        return found
