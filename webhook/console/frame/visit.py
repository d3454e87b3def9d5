"""One request of a person who is signed in, as the handler of a page gets it."""

from typing import NamedTuple

from aiohttp import web
from multidict import MultiDict

from webhook.console.frame import live, person, rights, sessions
from webhook.controller.installation import Installation
from webhook.kube import Api

CSRF_FIELD = "csrf"


class Visit(NamedTuple):
    """The request, the session it belongs to, and the fields of its form; a GET has none.

    The token of a form was checked before, and is not among the fields.
    """

    request: web.Request
    session: sessions.Session
    places: Installation
    form: MultiDict[str]

    @property
    def person(self) -> person.Person:
        """Who it is; `person.kept` has what their pages share."""
        return self.session.person

    @property
    def api(self) -> Api:
        """The API server, with the credentials of this very session: it decides everything."""
        return self.session.api

    @property
    def csrf(self) -> str:
        """What each form of a page sends back in the field `csrf`."""
        return self.session.csrf

    @property
    def live(self) -> live.LiveEvents:
        """What tells the person's open pages that something has changed."""
        return self.person.kept(live.LiveEvents, live.LiveEvents)

    @property
    def refreshes(self) -> bool:
        """Whether a script of the page asks for a part of it, and no person for a page."""
        return asks_for_a_part(self.request)

    async def may(  # noqa: PLR0913, PLR0917 - as a role names them
        self,
        verb: str,
        group: str,
        resource: str,
        namespace: str = "",
        name: str = "",
        subresource: str = "",
    ) -> bool:
        """Whether the API server lets this person do it, as it said within the last minute.

        Raises ApiError where it does not say.
        """
        asked = rights.Right(verb, group, resource, namespace, name, subresource)
        known = self.person.kept(rights.Rights, lambda person: rights.Rights(person.api))
        return await known.may(asked)


def asks_for_a_part(request: web.Request) -> bool:
    """Whether a script of a page asks, with nobody at the keyboard."""
    return "HX-Request" in request.headers or request.path == "/events"
