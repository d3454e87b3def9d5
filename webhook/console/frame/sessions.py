"""The sessions: who is signed in, since when, and until when.

They are in memory alone, bounded in number and time. A cookie is a random key; what is kept of it
is a digest, so that not even a copy of the memory signs anybody in.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from webhook.console.frame.person import Identity, Person, SharedCredentials, read_identity
from webhook.kube import Api, ApiError, Credentials
from webhook.observe.logs import failure

IDLE_SECONDS, LONGEST_SECONDS = 3600.0, 12 * 3600.0
MOST_SESSIONS, MOST_OF_ONE = 256, 8
# A token that is revoked, or whose user has lost a group, signs nobody in for longer than this.
REVIEWED_SECONDS = 60.0
SWEEP_SECONDS = 15.0

LOG = logging.getLogger(__name__)


class Admitted(NamedTuple):
    """Who came in, and their credentials; None for those of the connection itself."""

    identity: Identity
    credentials: Credentials | None = None


class Session:
    """One browser of a person; `csrf` is in each of its forms.

    `vouched` is the digest of the token that a proxy passes for them; empty where none does.
    """

    def __init__(
        self, key: bytes, person: Person, api: Api, now: float, vouched: bytes = b""
    ) -> None:
        self.key, self.person, self.api = key, person, api
        self.vouched = vouched
        self.csrf = secrets.token_urlsafe(32)
        self.begun = self.used = self.reviewed = now
        self.alone = asyncio.Lock()

    def ends(self) -> float:
        """When it ends if nothing comes any more."""
        return min(self.used + IDLE_SECONDS, self.begun + LONGEST_SECONDS)


class Sessions:
    """All sessions of a console, over one connection to the API server."""

    def __init__(self, api: Api, clock: Callable[[], float] = time.monotonic) -> None:
        self._api, self._clock = api, clock
        self._sessions: dict[bytes, Session] = {}
        self._persons: dict[Identity, tuple[Person, SharedCredentials]] = {}
        self._common: dict[type[Any], Any] = {}

    async def begin(self, admitted: Admitted, vouched: bytes = b"") -> tuple[str, Session]:
        """A new session and its cookie.

        Where there is no room, the one that was unused for the longest makes some: of the same
        person, or of the household with the most.
        """
        person, shared = self._person(admitted)
        cookie = secrets.token_urlsafe(32)
        api = self._api
        if admitted.credentials is not None:
            api = api.acting_as(admitted.credentials)
        session = Session(digest(cookie), person, api, self._clock(), vouched)
        if admitted.credentials is not None:
            shared.add(session, admitted.credentials)
        self._sessions[session.key] = session
        own = [each for each in self._sessions.values() if each.person is person]
        if len(own) > MOST_OF_ONE:
            await self._end_longest_unused(own, session)
        elif len(self._sessions) > MOST_SESSIONS:
            crowds: dict[str, list[Session]] = {}
            for each in self._sessions.values():
                crowds.setdefault(each.person.household, []).append(each)
            largest = max(map(len, crowds.values()))
            crowded = [each for crowd in crowds.values() if len(crowd) == largest for each in crowd]
            await self._end_longest_unused(crowded, session)
        return cookie, session

    def renew(self, session: Session, credentials: Credentials, vouched: bytes) -> None:
        """Go on with newer credentials of the same person."""
        _, shared = self._persons[session.person.identity]
        shared.remove(session)
        shared.add(session, credentials)
        session.api, session.vouched = self._api.acting_as(credentials), vouched
        session.reviewed = self._clock()

    def peek(self, cookie: str) -> Session | None:
        """The session of a cookie, whether or not it may still be used."""
        return self._sessions.get(digest(cookie))

    async def find(self, cookie: str, *, used: bool) -> Session | None:
        """The session of a cookie, where it has not ended; raises ApiError.

        A page that refreshes itself is no use. Once a minute the API server is asked whether the
        credentials are still good, and still those of the same person.
        """
        session = self.peek(cookie)
        if session is None:
            return None
        now = self._clock()
        if self._is_over(session, now) or not await self._is_known(session):
            await self.end(session)
            return None
        if used:
            session.used = now
        # It may have made room for another one meanwhile.
        return self._sessions.get(session.key)

    async def end(self, session: Session) -> None:
        """Sign out; with the last session of a person, what is kept for them is closed."""
        if self._sessions.pop(session.key, None) is None:
            return
        person = session.person
        _, shared = self._persons[person.identity]
        shared.remove(session)
        if all(each.person is not person for each in self._sessions.values()):
            del self._persons[person.identity]
            await _close(person)

    async def sweep(self) -> None:
        """End what is over, again and again, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self.end_overdue()

    async def end_overdue(self) -> None:
        """End what is over."""
        now = self._clock()
        for session in sorted(self._sessions.values(), key=lambda each: each.used):
            if self._is_over(session, now):
                await self.end(session)

    async def close(self) -> None:
        """The process ends: so does every session."""
        await asyncio.gather(*map(self.end, [*self._sessions.values()]))

    def _is_over(self, session: Session, now: float) -> bool:
        """Whether its time is over; what goes on for a person is a use of their last session."""
        person, every = session.person, self._sessions.values()
        last = all(each is session or each.person is not person for each in every)
        if last and person.busy and now < session.begun + LONGEST_SECONDS:
            session.used = now
        return now >= session.ends()

    async def _end_longest_unused(self, crowd: list[Session], but: Session) -> None:
        others = [each for each in crowd if each is not but]
        if others:
            await self.end(min(others, key=lambda each: each.used))

    def _person(self, admitted: Admitted) -> tuple[Person, SharedCredentials]:
        found = self._persons.get(admitted.identity)
        if found is None:
            shared = SharedCredentials()
            api = self._api if admitted.credentials is None else self._api.acting_as(shared)
            person = Person(admitted.identity, api, self._common)
            found = self._persons[admitted.identity] = person, shared
        return found

    async def _is_known(self, session: Session) -> bool:
        if session.api is self._api:
            return True
        async with session.alone:
            now = self._clock()
            if now - session.reviewed < REVIEWED_SECONDS:
                return True
            try:
                identity = await read_identity(session.api)
            except ApiError as error:
                if error.status != 401:
                    raise
                return False
            session.reviewed = now
            return identity == session.person.identity


async def _close(person: Person) -> None:
    """Nobody waits for it, so that its failure is logged."""
    try:
        await person.close()
    except ExceptionGroup as group:
        for error in group.exceptions:
            fields = failure(error)
            LOG.error("not closed with its session", extra={"fields": fields})  # noqa: TRY400


def digest(secret: str) -> bytes:
    """What is kept of a cookie, or of a token that a proxy passes."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
