"""People who come with a bearer token: their own, or one that a proxy in front of us passes.

The API server says whose it is. A token is kept in the credentials of its session alone: no page,
log or error has it, and of those that a proxy passes we compare digests.
"""

import re
import time
from collections.abc import Callable

from multidict import CIMultiDictProxy

from webhook.console.frame import person, request_guards, sessions
from webhook.kube import Api, ApiError
from webhook.kube.access.credentials import FixedHeader, bearer

# What no header can hold is never sent on, and an API server reads no longer ones.
_TOKEN = re.compile(r"[!-~]{1,16384}")
_SCHEME = re.compile(r"bearer +", re.IGNORECASE)
REFUSED_SECONDS, MOST_REFUSED = 60.0, 1000


class BearerTokens:
    """Admits whoever the API server knows by their token."""

    asks_for = "token"

    def __init__(self, api: Api) -> None:
        self._api = api

    async def admit(self, secret: str) -> sessions.Admitted | None:
        """Who it is; None for a token that the API server does not know. Raises ApiError."""
        token = without_scheme(secret)
        if not _TOKEN.fullmatch(token):
            return None
        credentials = FixedHeader(bearer(token))
        try:
            identity = await person.read_identity(self._api.acting_as(credentials))
        except ApiError as error:
            if error.status != 401:
                raise
            return None
        # Nobody has this name who has shown something.
        return (
            None if identity.name == person.ANONYMOUS else sessions.Admitted(identity, credentials)
        )


class ProxyTokens:
    """The tokens that a proxy passes in a header, with each request.

    All people come from the proxy's address, and a page may ask again and again with a token that
    has ended. So what was refused is not asked for a minute, and attempts are counted in sum alone.
    """

    def __init__(
        self, header: str, tokens: BearerTokens, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._header, self._tokens, self._clock = header, tokens, clock
        self._attempts = request_guards.SignInAttempts(clock, each=request_guards.ATTEMPTS)
        self._refused: dict[bytes, float] = {}

    def passed(self, headers: CIMultiDictProxy[str]) -> str:
        """The token; empty where there is none, or where it is not clear which one is meant."""
        values = headers.getall(self._header, [])
        return without_scheme(values[0]) if len(values) == 1 else ""

    async def admit(self, token: str) -> sessions.Admitted | None:
        """Who it is; raises ApiError, and an HTTP error where it has failed too often."""
        key, now = sessions.digest(token), self._clock()
        if now - self._refused.get(key, float("-inf")) < REFUSED_SECONDS:
            return None
        admitted_at = self._attempts.begin(None)
        admitted = await self._tokens.admit(token)
        if admitted is not None:
            admitted_at()
            return admitted
        self._refused.pop(key, None)
        while len(self._refused) >= MOST_REFUSED:
            del self._refused[next(iter(self._refused))]
        self._refused[key] = now
        return None


def without_scheme(text: str) -> str:
    """The token alone, of `Bearer TOKEN` too."""
    text = text.strip()
    return text[found.end() :] if (found := _SCHEME.match(text)) else text
