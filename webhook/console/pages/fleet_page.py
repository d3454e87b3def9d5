"""The first page: the fleet by state, and a list of servers that can be narrowed, sorted and kept.

A cluster is read once for each person. Until it has been, the page says how far that is.
"""

from functools import partial
from typing import Any

from webhook.console.download import send_file
from webhook.console.fleet_downloads import FILES
from webhook.console.fleet_reading import FleetReading
from webhook.console.fleet_rows import FleetQuery, QueryError, read_query
from webhook.console.fleet_table import PAGE_PATH, PART_PATH, form_values, table_values
from webhook.console.fleet_view import look_at_fleet
from webhook.console.page import Page, Route
from webhook.console.visit import Visit
from webhook.kube import Api

WAITED_SECONDS = 0.3
"""How long the first page waits for a cluster that is not read yet; small ones are by then."""


async def show_fleet(visit: Visit, template: str = "fleet.html") -> Page:
    """The page, or the part of it that is renewed."""
    try:
        query = read_query(visit.request.query.items())
    except QueryError as error:
        return _not_understood(error)
    reading = await look_at_fleet(visit, query.namespace, WAITED_SECONDS)
    if reading is None:
        return Page("fleet_namespace.html", {})
    _raise_first_error(reading)
    shown = _shown(reading, query, visit.api)
    return Page(template, {**form_values(query), "here": query.url(PAGE_PATH), **shown})
