"""The first page: the fleet by state, and a list of servers that can be narrowed, sorted and kept.

A cluster is read once for each person. Until it has been, the page says how far that is.
"""

from functools import partial
from typing import Any

from webhook.console.fleet_list import fleet_downloads, fleet_view
from webhook.console.fleet_list.fleet_reading import WATCHED, FleetReading
from webhook.console.fleet_list.fleet_rows import FleetQuery, QueryError, read_query
from webhook.console.fleet_list.fleet_table import (
    PAGE_PATH,
    PART_PATH,
    form_values,
    table_values,
    unread_sentence,
)
from webhook.console.frame import error_pages
from webhook.console.frame.download import FileAnswer, send_file
from webhook.console.frame.page import Page, PageAnswer, Route, see_other
from webhook.console.frame.visit import Visit
from webhook.console.rolls.roll_form import NAMESPACE, fields_again
from webhook.console.rolls.roll_run import RollBounds
from webhook.fleet.report import FleetReport
from webhook.settings import SettingsError

READ_LATER = ("statefulsets", "daemonsets", "jobs", "cronjobs", "pods", "secrets")
WHOLE_PAGE = "fleet.html"
WAITED_SECONDS, DOWNLOAD_SECONDS = 0.3, 60.0
"""How long the first page waits for a cluster that is not read yet; small ones are by then."""


async def show_fleet(visit: Visit, template: str = WHOLE_PAGE) -> PageAnswer:
    """The page, or the part of it that is renewed."""
    try:
        query = read_query(visit.request.query.items())
    except QueryError as error:
        return error_pages.error_page(400, str(error), PAGE_PATH)
    reading = await fleet_view.look_at_fleet(visit, query.namespace, WAITED_SECONDS)
    if reading is None:
        return _choose_namespace(visit, query, template)
    values = {**form_values(query), "roll": None}
    if template == WHOLE_PAGE:
        values["roll"] = await _roll(visit, reading, query.namespace)
    report = reading.report
    if report is None:
        return _unread(reading, values, template)
    table = table_values(report, query, visit.api.server_time(), reading.namespace)
    return Page(template, {**values, **table, **_about(reading, report), "read": True})


async def download(visit: Visit, name: str) -> Page | FileAnswer:
    """What the page lists, on all its pages, as a file."""
    try:
        query = read_query(visit.request.query.items())
    except QueryError as error:
        return error_pages.error_page(400, str(error), PAGE_PATH)
    reading = await fleet_view.look_at_fleet(visit, query.namespace, DOWNLOAD_SECONDS)
    if reading is None:
        return Page("fleet_namespace.html", {})
    if reading.report is None:
        values = {**form_values(query), "roll": None}
        return _unread(reading, values, WHOLE_PAGE, 503)
    file = fleet_downloads.FILES[name]
    sentence = unread_sentence(reading.report, reading.namespace)
    if sentence and not reading.report.servers and not file.says_unread:
        return error_pages.error_page(403, sentence, PAGE_PATH)
    parts = file.write(reading.report, query)
    return await send_file(visit, f"mcp-servers.{name}", file.content_type, parts)


def _choose_namespace(visit: Visit, query: FleetQuery, template: str) -> PageAnswer:
    """The namespace that the person looked at last; where there is none yet, they name one."""
    last = fleet_view.fleet_of(visit).last_read
    if last and template == WHOLE_PAGE:
        return see_other(query.url(PAGE_PATH, namespace=last))
    return Page("fleet_namespace.html", {})


async def _roll(
    visit: Visit, reading: FleetReading, namespace: str
) -> list[tuple[str, str]] | None:
    """The fields of a form that tries a roll; None where the person may not roll, or nothing would.

    Below the mode `enforce`, a roll changes nothing.
    """
    below = namespace in (reading.report.modes if reading.report else ())
    if below or not await visit.may("patch", "apps", "deployments", namespace):
        return None
    return [("scope", NAMESPACE), *fields_again(RollBounds())]


def _unread(
    reading: FleetReading, values: dict[str, Any], template: str, status: int = 200
) -> Page:
    """How far the first reading is, or by what settings it would have to judge; raises ApiError."""
    if isinstance(reading.error, SettingsError):
        return Page("fleet_unjudged.html", {"sentence": str(reading.error)}, 503)
    if reading.error:
        raise reading.error
    counts, known = reading.counts, reading.deployments
    done = min(counts[WATCHED], known) if known else counts[WATCHED]
    of = f" of {known:,}" if known else ""
    others = [f"{counts[name]:,} {name}" for name in READ_LATER if counts[name]]
    seen = f"{', '.join([f'{done:,}{of} Deployments', *others])} read"
    progress = {"read": False, "seen": seen, "done": done, "deployments": known}
    return Page(template, {**values, **progress}, status)


def _about(reading: FleetReading, report: FleetReport) -> dict[str, Any]:
    """What is said beside the table: when and by what it was judged, and what was not read."""
    return {
        "error": reading.error,
        "unread": report.skipped,
        "unread_sentence": unread_sentence(report, reading.namespace),
        "exceptions_unread": report.exceptions_unread,
        "unknown": report.unknown,
        "registered": report.registered,
        "settings": report.settings,
        "modes": report.modes,
        "watched": reading.watched,
        "reading": reading.reading,
        "read_at": reading.read_at,
        "judged_at": reading.judged_at,
    }


ROUTES = (
    Route("GET", PAGE_PATH, show_fleet),
    Route("GET", PART_PATH, partial(show_fleet, template="fleet_part.html")),
    *(
        Route("GET", f"/fleet.{name}", partial(download, name=name))
        for name in fleet_downloads.FILES
    ),
)
