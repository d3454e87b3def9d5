"""The page of exceptions: what became of them, a form that grants one, a page that revokes one.

An exception is created and deleted with the rights of whoever asks, and the API server's refusal is
shown as it says it. Who may not grant one gets the text to send to somebody who may.
"""

import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from webhook import kube
from webhook.console import exception_form, exceptions_view
from webhook.console.fleet_list.fleet_view import look_at_fleet
from webhook.console.frame.error_pages import status_of
from webhook.console.frame.page import Page, Route
from webhook.console.frame.visit import Visit
from webhook.console.pages.server_page import STATES_OF_EXCEPTIONS, asked_server, server_address
from webhook.console.server_view import server_findings, server_reading, whole_server
from webhook.controller.settings.namespace_store import EXCEPTIONS
from webhook.fleet import exception_use
from webhook.fleet.report import WorkloadKey
from webhook.fleet.settings_in_force import JudgingSettings, judging_settings_in_force
from webhook.settings import API_VERSION, EXCEPTION_PLURAL, LONGEST_REASON

Json = dict[str, Any]
GROUP = API_VERSION.partition("/")[0]
ALL, GRANT, REVOKE = "/exceptions", "/exceptions/grant", "/exceptions/revoke"
LONGEST_SEARCH = 100
WAITED_SECONDS = 0.3
"""How long the page waits for a fleet that is not read yet."""
GONE = "there is no exception of this name any more"
NOT_SEEN = "the form did not say which exception you saw: look at this one, then revoke it"


async def show_exceptions(visit: Visit) -> Page:
    """A page of the exceptions that are asked about."""
    query = visit.request.query
    by = await _judging(visit)
    rows, unread = await exceptions_view.read_exceptions(visit.api, by)
    unused, kinds = await _of_fleet(visit)
    asked = exceptions_view.ExceptionFilter(
        _one_of(query.get("state", ""), exceptions_view.STATES),
        query.get("search", "")[:LONGEST_SEARCH],
        _number(query.get("page", "")),
    )
    found = exceptions_view.view_exceptions(rows, unread, unused, asked)
    told = {each.name for each in rows}
    servers = {
        each.name: server_address(each.namespace, kind, each.workload)
        for each in found.rows
        if (kind := kinds.get((each.namespace, each.workload)))
    }
    return Page(
        "exceptions.html",
        {
            "found": found,
            "asked": asked,
            "notes": [by.unknown] if by.unknown else [],
            "granted": _one_of(query.get("granted", ""), told),
            "revoked": query.get("revoked", "")[:253],
            "links": {each: _link(asked, state=each, page=1) for each in exceptions_view.STATES},
            "page_links": {
                "before": _link(asked, page=found.page - 1) if found.page > 1 else "",
                "after": _link(asked, page=found.page + 1) if found.page < found.pages else "",
            },
            "servers": servers,
            "revoke_links": {each.name: _revoke_link(each.name) for each in found.rows},
            "may_grant": await _may(visit, "create"),
            "may_revoke": await _may(visit, "delete"),
            "states_of_exceptions": STATES_OF_EXCEPTIONS,
        },
    )


async def ask_for_exception(visit: Visit) -> Page:
    """The form: empty, or filled in from what refuses the server that is named."""
    by = await _judging(visit)
    drafted = await _drafted(visit, by)
    return await _form(visit, by, drafted)


async def grant(visit: Visit) -> Page:
    """Create what the form asks for; the form again where it may not be, with what was typed."""
    by, now = await _judging(visit), visit.api.server_time()
    asked = exception_form.AskedException.of(visit.form.items()).checked(now, _longest(by))
    if asked.faults:
        return await _form(visit, by, exception_form.ShownForm(asked), status=422)
    document = asked.document(now)
    if not await _may(visit, "create"):
        text = exception_form.document_text(document)
        return await _form(visit, by, exception_form.ShownForm(asked, text=text))
    try:
        await visit.api.create(EXCEPTIONS.path, document)
    except kube.ApiError as error:
        if error.status == 401:
            raise
        if isinstance(error, kube.AlreadyExists) and await exceptions_view.is_granted(
            visit.api, document
        ):
            # Its form was sent twice.
            raise _granted(document) from None
        refused = exception_form.ShownForm(asked, refusal=error.message)
        return await _form(visit, by, refused, status=status_of(error))
    raise _granted(document)


async def ask_to_revoke(visit: Visit) -> Page:
    """What would be revoked, and what that does."""
    return await _revoke_page(visit)


async def revoke(visit: Visit) -> Page:
    """Delete the very exception that the person saw."""
    name, seen = _name(visit), visit.form.get("uid", "").strip()
    if not seen:
        return await _revoke_page(visit, refusal=NOT_SEEN, status=409)
    try:
        await visit.api.delete(exceptions_view.exception_path(name), uid=seen)
    except (kube.Forbidden, kube.Conflict) as error:
        return await _revoke_page(visit, refusal=error.message, status=status_of(error))
    raise web.HTTPSeeOther(f"{ALL}?{urlencode({'revoked': name})}")


def _granted(document: Json) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"{ALL}?{urlencode({'granted': document['metadata']['name']})}")


async def _judging(visit: Visit) -> JudgingSettings:
    return await judging_settings_in_force(visit.api, visit.places.namespace)


async def _of_fleet(
    visit: Visit,
) -> tuple[frozenset[str] | None, Mapping[tuple[str, str], str]]:
    """The exceptions that no server needs, None where that is not known; and kinds of servers."""
    try:
        reading = await look_at_fleet(visit, "", WAITED_SECONDS)
    except kube.TooManyRequests:
        # Exceptions are listed without it.
        return None, {}
    report = None if reading is None else reading.report
    if report is None:
        return None, {}
    kinds = {(each.namespace, each.name): each.kind for each in report.servers}
    unused = {each.name for each in report.exceptions if each.state == exception_use.UNUSED}
    return None if report.skipped else frozenset(unused), kinds


async def _drafted(visit: Visit, by: JudgingSettings) -> exception_form.ShownForm:
    """The form for the server that the address names, if it names one."""
    query, now, longest = visit.request.query, visit.api.server_time(), _longest(by)
    empty = exception_form.AskedException(expires=exception_form.usual_end(now, longest))
    if not query.get("name"):
        return exception_form.ShownForm(empty)
    named = (query.get(part, "") for part in WorkloadKey._fields)
    key = asked_server(*named)
    read = await server_reading.read_server(visit.api, visit.places, by, key)
    if read.found is None:
        return exception_form.ShownForm(empty._replace(namespace=key.namespace, workload=key.name))
    scope = whole_server.surroundings_of(read, by, visit.places.namespace).scope
    draft = exception_form.draft_of_server(read.found, key.kind, by, scope)
    return exception_form.drafted_form(draft, empty._replace(workload=key.name))


async def _form(
    visit: Visit, by: JudgingSettings, drafted: exception_form.ShownForm, *, status: int = 200
) -> Page:
    form, longest = drafted.form, _longest(by)
    texts = server_findings.rule_texts()
    values = {
        "form": form,
        "drafted_for": drafted.title if drafted.excepted.shown else "",
        "excepted": drafted.excepted,
        "others": drafted.others,
        "notes": [*drafted.notes, *([by.unknown] if by.unknown else [])],
        "rules": [texts[each] for each in exception_form.offered_rules(form.rules)],
        "longest_days": longest,
        "longest_reason": LONGEST_REASON,
        "last_day": exception_form.last_day(visit.api.server_time(), longest),
        "refusal": drafted.refusal,
        "document": drafted.text,
        "may_grant": await _may(visit, "create"),
    }
    return Page("exception_grant.html", values, status)


async def _revoke_page(visit: Visit, *, refusal: str = "", status: int = 200) -> Page:
    name = _name(visit)
    rows, unread = await exceptions_view.read_exceptions(visit.api, await _judging(visit))
    row = next((each for each in rows if each.name == name), None)
    if row is None:
        raise kube.NotFound(404, "NotFound", unread or GONE)
    values = {
        "row": row,
        "refusal": refusal,
        "address": _revoke_link(name),
        "revoking": f"kubectl delete {EXCEPTION_PLURAL} {shlex.quote(name)}",
        "may_revoke": bool(row.uid) and await _may(visit, "delete"),
        "states_of_exceptions": STATES_OF_EXCEPTIONS,
    }
    return Page("exception_revoke.html", values, status)


async def _may(visit: Visit, verb: str) -> bool:
    return await visit.may(verb, GROUP, EXCEPTION_PLURAL)


def _name(visit: Visit) -> str:
    return asked_server("all", "all", visit.request.match_info["name"]).name


def _longest(by: JudgingSettings) -> int:
    return by.settings.cluster.exceptions.longest_days


def _revoke_link(name: str) -> str:
    return f"{REVOKE}/{quote(name, safe='')}"


def _link(asked: exceptions_view.ExceptionFilter, **other: Any) -> str:
    query = {key: value for key, value in (asked._asdict() | other).items() if value}
    return f"{ALL}?{urlencode(query)}"


def _one_of(text: str, known: Any) -> str:
    return text if text in known else ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


ROUTES = (
    Route("GET", ALL, show_exceptions),
    Route("GET", GRANT, ask_for_exception),
    Route("POST", GRANT, grant),
    Route("GET", f"{REVOKE}/{{name}}", ask_to_revoke),
    Route("POST", f"{REVOKE}/{{name}}", revoke),
)
