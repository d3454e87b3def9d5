"""What the page of the fleet shows of a report: tiles, filters, rows and the way between pages.

All of it is text and addresses: the template only puts it into place.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

from webhook.console.fleet_list.fleet_downloads import FILES
from webhook.console.fleet_list.fleet_rows import (
    DESCENDING,
    EXCEPTED,
    MARKS,
    ROWS,
    RULE_IDS,
    FleetQuery,
    FleetRows,
    Row,
    choose_rows,
    marks_of,
)
from webhook.fleet.report import REASONS, WOULD_CHANGE, WOULD_REFUSE, FleetReport
from webhook.health import STATES

PAGE_PATH, PART_PATH = "/", "/fleet"
MOST_REASONS, MOST_NAMESPACES_OFFERED = 3, 50
COLUMNS: Mapping[str, str] = {
    "namespace": "Namespace",
    "name": "Name",
    "state": "State",
    "findings": "Findings",
    "image": "Image",
    "runtime-class": "Runtime class",
    "age": "Age",
}
WOULD_SENTENCES = {
    "": "",
    WOULD_CHANGE: "enforce would change it",
    WOULD_REFUSE: "enforce would refuse it",
}
QUESTIONS: Mapping[str, str] = {
    "older-than-webhook": "Older than the webhook",
    "refused": "Refused by a rule",
    "policy-missing": "Without a network policy",
    "not-reviewed": "Not reviewed",
}
"""What people look for most, by the reason of the finding."""
ROLLS_MEND = frozenset({"older-than-webhook", "out-of-date"})
"""Reasons of findings that a roll mends."""
_LAST_FIRST = frozenset({"state", "findings"})
_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


class Link(NamedTuple):
    """A choice on the page: whether it is `chosen` now, and to how many servers it leads.

    `number` is None where that is not known.
    """

    text: str
    url: str
    chosen: bool = False
    number: int | None = 0


def table_values(
    report: FleetReport, query: FleetQuery, now: datetime, within: str = ""
) -> dict[str, Any]:
    """What the template shows of the report; `now` is what ages are reckoned by.

    `within` is the namespace of the report, empty where it is about the cluster.
    """
    found = choose_rows(report, query)
    page = min(query.page, found.pages)
    shown, first = found.on(page), (page - 1) * ROWS + 1
    return {
        "tiles": list(_tiles(query, found, report)),
        "questions": list(_questions(query)),
        "filters": list(_filters(query, within)),
        "columns": list(_columns(query)),
        "rows": [_row(row, report, now) for row in shown],
        "first": first,
        "last": first + len(shown) - 1,
        "matched": len(found.rows),
        "servers": len(report.servers),
        "page": page,
        "pages": found.pages,
        "turns": list(_turns(query, page, found.pages)),
        "files": [Link(name.upper(), query.url(f"/fleet.{name}", page=1)) for name in FILES],
        "cleared": FleetQuery(within, sort=query.sort).url(PAGE_PATH),
        "rollable": rollable_namespaces(report),
    }


def rollable_namespaces(report: FleetReport) -> list[tuple[str, int]]:
    """Namespaces with Deployments that a roll would change, those with the most of them first."""
    found = Counter(
        each.namespace
        for each in report.servers
        if each.kind == "Deployment"
        and each.namespace not in report.modes
        and not each.words.isdisjoint(ROLLS_MEND)
    )
    return found.most_common(MOST_NAMESPACES_OFFERED)


def unread_sentence(report: FleetReport, namespace: str) -> str:
    """What of the cluster, or of the namespace, may not be read, and whom to ask for the right.

    Empty where everything was looked at.
    """
    if not report.skipped:
        return ""
    where = f"in the namespace {namespace}" if namespace else "in all namespaces"
    what = ", ".join(dict.fromkeys(each.what for each in report.skipped))
    ask = f"Ask who manages the cluster to bind the ClusterRole view to you {where}."
    if report.servers:
        begin = "Servers are counted and listed as far as they could be looked at"
    else:
        begin = f"Whether there is an MCP server {where} is not known"
    return f"{begin}: you may not read {what} {where}. {ask}"


def form_values(query: FleetQuery) -> dict[str, Any]:
    """What the form with the filters shows."""
    return {
        "query": query,
        "states": STATES,
        "marks": MARKS,
        "rules": RULE_IDS,
        "reasons": REASONS,
        "here": query.url(PAGE_PATH),
        "part": query.url(PART_PATH),
    }


def age_text(created: str, now: datetime) -> str:
    """How long ago that was, as kubectl says it: in days, or the largest unit that there is one of.

    Empty where it is no time.
    """
    try:
        passed = now - datetime.fromisoformat(created)
    except (TypeError, ValueError):
        return ""
    seconds = int(max(passed, timedelta()).total_seconds())
    unit, size = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    return f"{seconds // size}{unit}"


def _tiles(query: FleetQuery, found: FleetRows, report: FleetReport) -> Iterator[Link]:
    """A tile leads to its servers; the one that is chosen leads back to all.

    Nothing is counted as none that may not be read.
    """
    if report.skipped and not report.servers:
        return
    for name in (*STATES, *MARKS):
        given = {"states": (name,), "marks": ()} if name in STATES else {"marks": (name,)}
        chosen = name in (*query.states, *query.marks)
        left = {"states": (), "marks": ()}
        changes: dict[str, Any] = {**left, **given} if not chosen else left
        unread = report.skipped or (name == EXCEPTED and report.exceptions_unread)
        number = found.counts[name] or (None if unread else 0)
        yield Link(name, query.url(PAGE_PATH, page=1, **changes), chosen, number)


def _questions(query: FleetQuery) -> Iterator[Link]:
    for reason, text in QUESTIONS.items():
        chosen = query.rules == (reason,)
        yield Link(text, query.url(PAGE_PATH, page=1, rules=() if chosen else (reason,)), chosen)


def _filters(query: FleetQuery, within: str) -> Iterator[Link]:
    """What the list is narrowed by; each leads to the page without it.

    There is none without the namespace that the report is about.
    """
    for field, what in (("namespace", "namespace"), ("search", "search")):
        value = getattr(query, field)
        if value:
            url = query.url(PAGE_PATH, page=1, **{field: ""})
            yield Link(f"{what} {value}", "" if field == "namespace" and within else url)
    for field, what in (("states", "state"), ("marks", "mark"), ("rules", "finding")):
        values = getattr(query, field)
        for value in values:
            left = tuple(each for each in values if each != value)
            yield Link(f"{what} {value}", query.url(PAGE_PATH, page=1, **{field: left}))


def _columns(query: FleetQuery) -> Iterator[dict[str, str]]:
    """The headings; the one that sorts turns the order round."""
    for name, title in COLUMNS.items():
        orders = (
            (f"{DESCENDING}{name}", name) if name in _LAST_FIRST else (name, f"{DESCENDING}{name}")
        )
        turned = orders[query.sort == orders[0]]
        order = {name: "ascending", f"{DESCENDING}{name}": "descending"}.get(query.sort, "none")
        url = query.url(PAGE_PATH, page=1, sort=turned)
        yield {"name": name, "title": title, "order": order, "url": url}


def _turns(query: FleetQuery, page: int, pages: int) -> Iterator[Link]:
    """The ways to other pages of the list."""
    wanted = {"First": 1, "Previous": page - 1, "Next": page + 1, "Last": pages}
    for text, to in wanted.items():
        if 1 <= to <= pages and to != page:
            yield Link(text, query.url(PAGE_PATH, page=to))


def _row(row: Row, report: FleetReport, now: datetime) -> dict[str, Any]:
    server, state = row
    marks, words = marks_of(server, report), sorted(server.words)
    parts = (quote(each, safe="") for each in (server.namespace, server.kind, server.name))
    return {
        "namespace": server.namespace,
        "namespace_url": FleetQuery(server.namespace).url(PAGE_PATH),
        "kind": server.kind,
        "name": server.name,
        "url": f"/servers/{'/'.join(parts)}",
        "state": state,
        "marks": [each for each in MARKS if each in marks],
        "would": WOULD_SENTENCES[server.would],
        "findings": len(server.findings),
        "words": words[:MOST_REASONS],
        "further": len(words[MOST_REASONS:]),
        "image": server.facts.image,
        "runtime_class": server.facts.runtime_class,
        "created": server.facts.created,
        "age": age_text(server.facts.created, now),
    }
