"""The exceptions of a fleet as a page shows them: in force, ending, ended, unused.

What an exception grants, and what became of it, says the reader of its resource, by which `audit`
reads it too. Whether a server needs it, an audit of the fleet has found out.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from webhook import kube
from webhook.console.bounded_text import LONGEST_NOTE_SHOWN, bounded_text
from webhook.controller.settings.namespace_store import EXCEPTIONS
from webhook.fleet import exception_use
from webhook.fleet.cluster_pages import ClusterPages
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.settings import API_VERSION, EXCEPTION_PLURAL

Json = dict[str, Any]
PAGE_SIZE = 50
STATES = (
    exception_use.IN_FORCE,
    exception_use.ENDING,
    exception_use.ENDED,
    exception_use.UNUSED,
    exception_use.NOT_IN_FORCE,
)
UNUSED_SAID = "no server needs it, or another exception lasts longer: revoke it"


class ExceptionRow(NamedTuple):
    """An exception: what it is for, what became of it, and why it was granted.

    `expires` is a time as Kubernetes writes it, or what was written that is none.
    """

    name: str
    uid: str
    state: str
    message: str
    namespace: str
    workload: str
    rules: tuple[str, ...]
    images: tuple[str, ...]
    reason: str
    expires: str
    granted: str


class ExceptionFilter(NamedTuple):
    """Which exceptions are asked for: those in a state, with these words somewhere; and a page."""

    state: str = ""
    search: str = ""
    page: int = 1


NO_FILTER = ExceptionFilter()


class ExceptionsView(NamedTuple):
    """One page of the exceptions that were asked about; `counts` are those of all, by state.

    `unread` is why the resources may not be read; then only those in force are known. `use_known`
    is whether it is known which of them a server needs.
    """

    rows: tuple[ExceptionRow, ...]
    counts: Mapping[str, int]
    page: int
    pages: int
    total: int
    unread: str
    use_known: bool


async def read_exceptions(api: kube.Api, by: JudgingSettings) -> tuple[list[ExceptionRow], str]:
    """All exceptions in the order of their names, and why others may not be read."""
    documents: dict[str, Json] = {}
    use = exception_use.ExceptionUse(by.settings)

    def take(found: Json) -> None:
        documents[found["metadata"]["name"]] = found
        use.add_document(found)

    why = await ClusterPages(api, None).read(EXCEPTIONS.path, take)
    found = use.statuses(api.server_time().timestamp(), all_seen=False)
    in_force = (each for overlay in by.settings.overlays.values() for each in overlay.exceptions)
    ends = {each.name: _time_text(each.expires) for each in in_force}
    rows = [_row(each, documents.get(each.name, {}), ends.get(each.name, "")) for each in found]
    return rows, bounded_text(why, LONGEST_NOTE_SHOWN)


def exception_path(name: str) -> str:
    """Where the API server has an exception."""
    return kube.cluster_wide(API_VERSION, EXCEPTION_PLURAL, name)


async def is_granted(api: kube.Api, document: Json) -> bool:
    """Whether the exception of this name is the very one that the document asks for."""
    try:
        found = await api.get(exception_path(document["metadata"]["name"]))
    except kube.ApiError:
        return False
    return bool(found.get("spec") == document["spec"])


def view_exceptions(
    rows: Sequence[ExceptionRow],
    unread: str,
    unused: frozenset[str] | None,
    asked: ExceptionFilter = NO_FILTER,
) -> ExceptionsView:
    """A page of the exceptions in a state, or of all, that have the words somewhere.

    `unused` are the names of those that no server needs, None where that is not known.
    """
    judged = [_judged(each, unused or frozenset()) for each in rows]
    counts = {each: sum(row.state == each for row in judged) for each in STATES}
    words = asked.search.lower().split()
    chosen = [
        each
        for each in judged
        if (not asked.state or each.state == asked.state)
        and all(word in _words(each) for word in words)
    ]
    pages = max(1, -(-len(chosen) // PAGE_SIZE))
    at = min(max(asked.page, 1), pages)
    shown = tuple(chosen[(at - 1) * PAGE_SIZE : at * PAGE_SIZE])
    return ExceptionsView(shown, counts, at, pages, len(chosen), unread, unused is not None)


def _row(status: exception_use.ExceptionStatus, document: Json, end: str) -> ExceptionRow:
    spec, metadata = document.get("spec") or {}, document.get("metadata") or {}
    state, message = status.state, status.message
    if state in (exception_use.IN_FORCE, exception_use.ENDING):
        state, message = _as_controller_says(document, state, message)
    return ExceptionRow(
        status.name,
        str(metadata.get("uid") or ""),
        state,
        bounded_text(message, LONGEST_NOTE_SHOWN),
        status.namespace,
        status.workload,
        status.rules,
        tuple(bounded_text(str(each)) for each in (spec.get("images") or [])[:20]),
        bounded_text(str(spec.get("reason") or ""), LONGEST_NOTE_SHOWN),
        end or bounded_text(str(spec.get("expires") or "")),
        str(metadata.get("creationTimestamp") or ""),
    )


def _time_text(seconds: float) -> str:
    return kube.time_text(datetime.fromtimestamp(seconds, UTC))


def _as_controller_says(document: Json, state: str, message: str) -> tuple[str, str]:
    """What became of it by its status, where that is about the present document."""
    for each in (document.get("status") or {}).get("conditions") or []:
        seen = each.get("observedGeneration") == document["metadata"].get("generation")
        if each.get("type") == "InForce" and each.get("status") == "False" and seen:
            return exception_use.NOT_IN_FORCE, str(each.get("message") or message)
    return state, message


def _judged(row: ExceptionRow, unused: frozenset[str]) -> ExceptionRow:
    if row.name in unused and row.state in (exception_use.IN_FORCE, exception_use.ENDING):
        return row._replace(state=exception_use.UNUSED, message=UNUSED_SAID)
    return row


def _words(row: ExceptionRow) -> str:
    return " ".join((row.name, row.namespace, row.workload, *row.rules, row.reason)).lower()
