"""Who is signed in: one identity, whatever number of sessions and tokens it has.

The API server says who somebody is, by their own credentials. Identities that differ in anything
that it may decide by are different persons: nobody acts with the rights of somebody else.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

from webhook.kube import Api, ConfigurationError, Credentials, cluster_wide

AUTHENTICATION = "authentication.k8s.io/v1"
# It names the token. Another token of the same account is no other identity.
OF_THE_TOKEN = "authentication.kubernetes.io/credential-id"  # noqa: S105 - the name of a key
ANONYMOUS = "system:anonymous"
ACCOUNTS = "system:serviceaccount:"


class Identity(NamedTuple):
    """What the API server knows a user by."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


async def read_identity(api: Api) -> Identity:
    """Who the API server says that we are; raises ApiError, with status 401 where it does not."""
    body = {"apiVersion": AUTHENTICATION, "kind": "SelfSubjectReview"}
    answer = await api.create(cluster_wide(AUTHENTICATION, "selfsubjectreviews"), body)
    found: dict[str, Any] = (answer.get("status") or {}).get("userInfo") or {}
    extra = {key: value for key, value in (found.get("extra") or {}).items() if key != OF_THE_TOKEN}
    return Identity(
        str(found.get("username") or ANONYMOUS),
        str(found.get("uid") or ""),
        tuple(sorted(found.get("groups") or ())),
        tuple(sorted((key, tuple(value or ())) for key, value in extra.items())),
    )


class Closable(Protocol):
    """What is kept for a person, and ends with their last session.

    Where it has an attribute `busy` that is true, their last session does not end for being idle.
    """

    async def close(self) -> None:
        """End tasks and forget what was read."""


Kept = TypeVar("Kept", bound=Closable)
Common = TypeVar("Common")


class SharedCredentials:
    """Those of the newest session of a person; without one, nothing is sent at all."""

    changing = False

    def __init__(self) -> None:
        self._given: dict[object, Credentials] = {}

    def add(self, session: object, credentials: Credentials) -> None:
        """Use these from now on."""
        self._given[session] = credentials

    def remove(self, session: object) -> None:
        """Use those of a session that has ended no more."""
        self._given.pop(session, None)

    async def authorization(self) -> str | None:
        """The header of the newest session; raises ConfigurationError where none is left."""
        if not self._given:
            raise ConfigurationError("the session has ended: sign in again")
        return await next(reversed(self._given.values())).authorization()

    def refused(self) -> None:
        """The session is reviewed at its next request."""


class Person:
    """One identity: all its sessions share it, and what is kept for it."""

    def __init__(
        self, identity: Identity, api: Api, common: dict[type[Any], Any] | None = None
    ) -> None:
        self.identity, self.api = identity, api
        self._common = {} if common is None else common
        self._kept: dict[type[Any], Any] = {}

    @property
    def name(self) -> str:
        """What the API server calls them."""
        return self.identity.name

    @property
    def household(self) -> str:
        """Who shares their room: a tenant makes any number of accounts in a namespace."""
        name = self.name
        return name.rpartition(":")[0] if name.startswith(ACCOUNTS) else name

    def kept(self, kind: type[Kept], make: Callable[["Person"], Kept]) -> Kept:
        """The one object of this kind, made at its first use; it is closed with the last session.

        Nothing that the caller made may hold a session: it ends before the person does.
        """
        if kind not in self._kept:
            self._kept[kind] = make(self)
        found: Kept = self._kept[kind]
        return found

    def common(self, kind: type[Common], make: Callable[[], Common]) -> Common:
        """The one object of this kind for all people of the console: bounds, and nobody's data."""
        found: Common = self._common.setdefault(kind, make())
        return found

    @property
    def busy(self) -> bool:
        """Whether something goes on for them that no pause at the keyboard should end."""
        return any(getattr(each, "busy", False) for each in self._kept.values())

    async def close(self) -> None:
        """Close whatever is kept; one that fails keeps no other open."""
        kept, self._kept = self._kept, {}
        failures = []
        for each in kept.values():
            try:
                await each.close()
            except Exception as error:  # noqa: BLE001 - it is raised below
                failures.append(error)
        if failures:
            raise ExceptionGroup("not everything of a person could be closed", failures)
