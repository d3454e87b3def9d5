"""The page of one server: its columns, findings, pods, reach, objects, Events and history.

It only reads. A roll is begun on the page that rolls, an exception drafted on that of exceptions.
"""

from urllib.parse import quote, urlencode

from webhook import kube
from webhook.console.frame.page import Page, Route
from webhook.console.frame.visit import Visit
from webhook.console.server_view import server_reading, three_columns, whole_server
from webhook.fleet import exception_use
from webhook.fleet.report import WorkloadKey
from webhook.fleet.settings_in_force import judging_settings_in_force

PATH = "/servers/{namespace}/{kind}/{name}"
LONGEST_ADDRESS, LONGEST_PART = 60, 253
WORDS_OF_CHANGE = {
    three_columns.FILLED: "filled in",
    three_columns.ROLLS: "a roll would change it",
    three_columns.BOTH: "filled in, and a roll would change it",
}
STATES_OF_EXCEPTIONS = {
    exception_use.IN_FORCE: "ok",
    exception_use.ENDING: "excepted",
    exception_use.ENDED: "unknown",
    exception_use.UNUSED: "note",
    exception_use.NOT_IN_FORCE: "fault",
}
"""How badges show what became of an exception, beside the word."""


async def show_server(visit: Visit) -> Page:
    """Read one server with the person's rights, and show all of it."""
    key = asked_server(**visit.request.match_info)
    by = await judging_settings_in_force(visit.api, visit.places.namespace)
    read = await server_reading.read_server(visit.api, visit.places, by, key)
    asked = visit.request.query.get("address", "")[:LONGEST_ADDRESS]
    now = visit.api.server_time()
    server = whole_server.view_server(read, by, visit.places.namespace, now, asked)
    rolls = server.may_roll and await visit.may(
        "patch", "apps", "deployments", key.namespace, key.name
    )
    return Page(
        "server.html",
        {
            "server": server,
            "address": server_address(*key),
            "asked_address": asked,
            "fleet_link": f"/?{urlencode({'namespace': key.namespace})}",
            "roll_link": _roll_link(key) if rolls else "",
            "draft_link": _draft_link(key) if server.is_refused and read.found else "",
            "words_of_change": WORDS_OF_CHANGE,
            "states_of_exceptions": STATES_OF_EXCEPTIONS,
        },
    )


def asked_server(namespace: str, kind: str, name: str) -> WorkloadKey:
    """The server that an address names; raises NotFound for what nothing can be called."""
    key = WorkloadKey(namespace, kind, name)
    for part in key:
        if not part or part in (".", "..") or "/" in part or len(part) > LONGEST_PART:
            raise kube.NotFound(404, "NotFound", "no server can have such an address")
    return key


def server_address(namespace: str, kind: str, name: str) -> str:
    """The address of the page of a server."""
    return "/servers/" + "/".join(quote(part, safe="") for part in (namespace, kind, name))


def _roll_link(key: WorkloadKey) -> str:
    return f"/apply?{urlencode({'server': f'{key.namespace}/{key.name}'})}"


def _draft_link(key: WorkloadKey) -> str:
    return f"/exceptions/grant?{urlencode(key._asdict())}"


ROUTES = (Route("GET", PATH, show_server),)
