"""A form that arrived without a session: kept in the page that asks to sign in, and shown again.

It is never sent by itself: whoever signs in looks at it and decides. It comes back from a browser,
and so from anybody.
"""

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from aiohttp import web
from multidict import MultiDict

from webhook.console.frame import form_reader, visit
from webhook.console.frame.page import Page

# Printable ASCII that begins with one slash: an address of this console, and no other.
_OWN_ADDRESS = re.compile(r"/(?![/\\])[!-\[\]-~]*")
LONGEST_ADDRESS = 4096


class KeptForm(NamedTuple):
    """A form that was not sent on: where it belongs, and its fields but the token."""

    address: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: web.Request, form: MultiDict[str]) -> "KeptForm":
        """The form of this request."""
        return cls(request.rel_url.raw_path_qs, _without_token(form.items()))

    @classmethod
    def read(cls, text: str) -> "KeptForm | None":
        """The form as the page has kept it; None for what is none."""
        try:
            address, fields = json.loads(text)
            if len(fields) > form_reader.MOST_FIELDS:
                return None
            pairs = tuple((str(name), str(value)) for name, value in fields)
        except (ValueError, TypeError, RecursionError):
            return None
        return cls(address, _without_token(pairs)) if own_address(address) else None

    def page(self) -> Page:
        """What shows it to whoever typed it."""
        return Page("kept_form.html", {"address": self.address, "fields": self.fields})


def _without_token(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in fields if name != visit.CSRF_FIELD)


def own_address(text: object) -> str:
    """An address of this console to go to, with its query; empty for any other."""
    fine = isinstance(text, str) and len(text) <= LONGEST_ADDRESS and _OWN_ADDRESS.fullmatch(text)
    return str(text) if fine else ""
