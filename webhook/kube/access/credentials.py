"""The `Authorization` header of a user: fixed, from a file that changes, or from a plugin."""

import base64
import re
import time
from pathlib import Path
from typing import Protocol

from webhook.kube.access.entries import UserEntry
from webhook.kube.access.kubeconfig import beside
from webhook.kube.errors import ConfigurationError

FRESH_SECONDS = 60.0
NOT_IN_HEADERS = re.compile(r"[\x00-\x1f\x7f]")


class Credentials(Protocol):
    """Who we are to the API server, beside a client certificate.

    `changing` says that the certificate may be another one for the next connection, so that no
    connection is used twice.
    """

    changing: bool

    async def authorization(self) -> str | None:
        """The header for the next request; raises ConfigurationError where there is none."""

    def refused(self) -> None:
        """The API server does not know them any more."""


def bearer(token: str) -> str:
    """The header of a token; raises ConfigurationError for what no header can hold."""
    if NOT_IN_HEADERS.search(token):
        raise ConfigurationError("the token has control characters in it: it is none")
    return f"Bearer {token}"


class FixedHeader:
    """A header that does not change, or none."""

    changing = False

    def __init__(self, header: str | None) -> None:
        self._header = header

    async def authorization(self) -> str | None:
        """It."""
        return self._header

    def refused(self) -> None:
        """There is no other."""


class TokenFile:
    """A token that somebody renews; it is read once a minute, and kept where it cannot be."""

    changing = False

    def __init__(self, path: Path, token: str = "") -> None:
        self._path, self._token = path, token
        self._read_at = float("-inf")

    async def authorization(self) -> str | None:
        """The token of the file, as it was a minute ago at most."""
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            self._read()
        return bearer(self._token)

    def refused(self) -> None:
        """Look at once whether there is another."""
        self._read_at = float("-inf")

    def _read(self) -> None:
        try:
            self._token = self._path.read_text(encoding="utf-8").strip() or self._token
        except (OSError, ValueError) as error:
            if not self._token:
                reason = getattr(error, "strerror", None) or "it is no text"
                raise ConfigurationError(
                    f"tokenFile {self._path} cannot be read ({reason})"
                ) from None
        if not self._token:
            raise ConfigurationError(f"tokenFile {self._path} is empty")
        self._read_at = time.monotonic()


def stored_credentials(user: UserEntry, file: Path) -> Credentials | None:
    """The token or the password of the entry; raises ConfigurationError for both."""
    basic = user.username or user.password
    if basic and (user.token or user.token_file):
        raise ConfigurationError("it has a token and a password: remove one")
    if user.token_file:
        return TokenFile(beside(file, user.token_file), user.token)
    if user.token:
        return FixedHeader(bearer(user.token))
    if basic:
        both = f"{user.username}:{user.password}".encode()
        return FixedHeader(f"Basic {base64.b64encode(both).decode()}")
    return None
