"""Which cluster this is, what it knows its reader by, and which versions look at each other."""

from webhook.console.frame.page import Page, Route
from webhook.console.frame.visit import Visit
from webhook.observe.build_info import build_info

MOST_GROUPS = 100


async def about(visit: Visit) -> Page:
    """Ask the API server for its version, and show it beside ours."""
    found = await visit.api.get("/version")
    identity = visit.person.identity
    values = {
        "server": visit.api.server,
        "kubernetes": str(found.get("gitVersion") or "unknown"),
        "release": visit.places,
        "version": build_info().version,
        "identity": identity,
        "groups": identity.groups[:MOST_GROUPS],
        "further": max(0, len(identity.groups) - MOST_GROUPS),
    }
    return Page("about.html", values)


ROUTES = (Route("GET", "/about", about),)
