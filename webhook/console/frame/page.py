"""What a handler returns, and how it becomes HTML.

Every value is escaped. Characters that are not seen, or that turn the text around them, are written
as their code: a name cannot disguise itself as another one, or move what stands beside it.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from aiohttp import web
from markupsafe import Markup, escape

from webhook.console.frame.visit import Visit

CONSOLE = Path(__file__).parent.parent
STATIC = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "htmx.min.js": "text/javascript",
    "htmx.LICENSE": "text/plain",
    "third_party.json": "application/json",
}
# Controls but line breaks and tabs, marks of direction, fillers, half characters, tags. Joiners
# and variants stay: scripts and pictures need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", re.ASCII)


class Page(NamedTuple):
    """A template and its values; it extends `base.html`, or is a part of a page."""

    template: str
    values: Mapping[str, Any]
    status: int = 200


PageAnswer = Page | web.StreamResponse
Handler = Callable[[Visit], Awaitable[PageAnswer]]


class Route(NamedTuple):
    """One address of a page, and who answers it; the path is as aiohttp writes it."""

    method: str
    path: str
    handler: Handler


NAVIGATION = {
    "/": "Fleet",
    "/settings": "Settings",
    "/apply": "Apply",
    "/exceptions": "Exceptions",
    "/health": "Health",
    "/about": "About",
}
"""The pages that every page leads to, in their order."""


class StaticFile(NamedTuple):
    """A file that pages load, and the digest that is part of its address."""

    body: bytes
    content_type: str
    digest: str


class PageRenderer:
    """The templates and files of the package, read once; pages lead to those that there are."""

    def __init__(self, routes: Iterable[Route]) -> None:
        there = {route.path for route in routes if route.method == "GET"}
        self.navigation = {path: name for path, name in NAVIGATION.items() if path in there}
        self.home = next(iter(self.navigation), "/")
        self.files = {name: _static(name, kind) for name, kind in STATIC.items()}
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(CONSOLE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_finalized,
            auto_reload=False,
        )
        self._environment.globals.update(moment=time_element, static=self._address)
        self._environment.filters.update(exactly=exactly, with_times=with_times)

    def render(self, page: Page, shared: Mapping[str, Any]) -> web.Response:
        """The answer; `shared` is what the frame of every page shows."""
        around = {"navigation": self.navigation, "visit": None, "csrf": "", **shared}
        text = self._environment.get_template(page.template).render({**around, **page.values})
        body = text.encode("utf-8", "replace")
        return web.Response(
            body=body, status=page.status, content_type="text/html", charset="utf-8"
        )

    def _address(self, name: str) -> str:
        return f"/static/{name}?v={self.files[name].digest}"


def see_other(path: str) -> web.Response:
    """Send a browser on to a page of ours, once its form was taken."""
    return web.Response(status=303, headers={"Location": path})


def visible_text(text: str) -> str:
    """The text with every character that is not seen written as its code."""
    return _UNSEEN.sub(lambda found: f"\\u{{{ord(found[0]):04x}}}", text)


def exactly(value: Any) -> Markup:
    """A value of a field of a form as it is, because it is sent back: escaped, nothing replaced."""
    return escape(str(value))


def time_element(value: datetime | str | None) -> Markup | str:
    """A time that browsers show in their reader's zone, with UTC beside it; "unknown" for none.

    It takes a datetime with a zone, or the text of Kubernetes; what is no time is shown as it is.
    """
    if not value:
        return "unknown"
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else value
        when = when.astimezone(UTC)
    except (ValueError, OverflowError):
        return str(value)
    text = f"{when:%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        f"{when:%Y-%m-%dT%H:%M:%SZ}", text, text
    )


def with_times(text: str) -> Markup:
    """What the engine says, with the times of Kubernetes in it shown as `time_element` does."""
    parts = _TIME.split(visible_text(text))
    return Markup().join(time_element(each) if at % 2 else each for at, each in enumerate(parts))


def _finalized(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    return visible_text(value) if isinstance(value, str) else value


def _static(name: str, kind: str) -> StaticFile:
    body = (CONSOLE / "static" / name).read_bytes()
    return StaticFile(body, kind, sha256(body).hexdigest()[:16])
