"""The `Authorization` header of a user: fixed, from a file that changes, or from a plugin.

A plugin is a program that prints credentials, `exec` of a kubeconfig: the way to clouds and single
sign-on.
https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

import asyncio
import base64
import json
import os
import re
import ssl
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from webhook.kube.access.kubeconfig import Exec, UserEntry, beside
from webhook.kube.access.transport import ClientCertificate, present_certificate
from webhook.kube.errors import ConfigurationError

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
MODES = ("Never", "IfAvailable", "Always")
PLUGIN_SECONDS = 60.0
LONG_AGO = datetime.min.replace(tzinfo=UTC)
CLUSTER_INFO = f"{GROUP}/exec"
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
    """A token in a file that is renewed; it is read once a minute, and kept if that fails."""

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


Json = Mapping[str, Any]


class CredentialPlugin:
    """Runs the program when there are no credentials yet, or none that are still valid."""

    def __init__(self, entry: Exec, file: Path, cluster: Json, tls: ssl.SSLContext) -> None:
        self._entry, self._cluster, self._tls = entry, cluster, tls
        # A bare name is looked for on the path, everything else beside the kubeconfig.
        self._command = (
            str(beside(file, entry.command)) if os.sep in entry.command else entry.command
        )
        self._lock = asyncio.Lock()
        self._header: str | None = None
        self._ends: datetime | None = LONG_AGO
        self.changing = False
        self._check()

    async def authorization(self) -> str | None:
        """The header by the credentials that the program has printed last."""
        async with self._lock:
            if self._ends is not None and self._ends <= datetime.now(UTC):
                self._take(await self._printed())
        return self._header

    def refused(self) -> None:
        """Ask it for others."""
        self._ends = LONG_AGO

    def _check(self) -> None:
        entry = self._entry
        if entry.api_version not in VERSIONS:
            raise self._error(f"its apiVersion is none of {', '.join(VERSIONS)}")
        mode = entry.interactive_mode
        if mode not in MODES and (mode or entry.api_version == VERSIONS[0]):
            raise self._error(f"its interactiveMode is none of {', '.join(MODES)}")
        if not entry.command or not all(each.name for each in entry.env):
            raise self._error("it has no command, or a variable without a name")
        if mode == "Always" and not sys.stdin.isatty():
            raise self._error("it asks people, and standard input is no terminal")

    async def _printed(self) -> bytes:
        interactive = self._entry.interactive_mode != "Never" and sys.stdin.isatty()
        info = {
            "apiVersion": self._entry.api_version,
            "kind": "ExecCredential",
            "spec": {"interactive": interactive},
        }
        if self._entry.provide_cluster_info:
            info["spec"] = {"interactive": interactive, "cluster": self._cluster}
        own = {each.name: each.value for each in self._entry.env}
        try:
            program = await asyncio.create_subprocess_exec(
                self._command,
                *self._entry.args,
                env={**os.environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(info)},
                stdin=None if interactive else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
            )
        except (OSError, ValueError) as error:
            hint = " ".join(self._entry.install_hint.split())
            reason = getattr(error, "strerror", None) or "it cannot be run"
            raise self._error(f"{reason}{f': {hint}' * bool(hint)}") from None
        try:
            ends = None if interactive else PLUGIN_SECONDS
            printed, _ = await asyncio.wait_for(program.communicate(), ends)
        except TimeoutError:
            program.kill()
            await program.wait()
            raise self._error(f"it does not end within {PLUGIN_SECONDS:.0f} seconds") from None
        if program.returncode:
            raise self._error(f"it ended with exit code {program.returncode}")
        return printed

    def _take(self, printed: bytes) -> None:
        """Use what it printed, which no message may quote."""
        status = self._status(printed)
        token, certificate, key = (
            str(status.get(name) or "")
            for name in ("token", "clientCertificateData", "clientKeyData")
        )
        if not (token or certificate) or bool(certificate) != bool(key):
            raise self._error("it printed no token, and no certificate with its key")
        header = bearer(token) if token else None
        if certificate:
            present_certificate(self._tls, ClientCertificate(certificate.encode(), key.encode()))
            self.changing = True
        self._header, self._ends = header, self._end(status.get("expirationTimestamp"))

    def _status(self, printed: bytes) -> Json:
        try:
            found = json.loads(printed)
            kind = found["apiVersion"], found["kind"]
            status = found["status"]
        except (ValueError, TypeError, LookupError, RecursionError):
            kind, status = ("", ""), None
        if kind != (self._entry.api_version, "ExecCredential") or not isinstance(status, dict):
            raise self._error(f"it printed no ExecCredential of {self._entry.api_version}")
        return status

    def _end(self, text: Any) -> datetime | None:
        if not text:
            return None
        try:
            ends = datetime.fromisoformat(text)
        except (ValueError, TypeError):
            ends = None
        if ends is None or ends.tzinfo is None:
            raise self._error("its expirationTimestamp is no time with a zone")
        return ends

    def _error(self, reason: str) -> ConfigurationError:
        return ConfigurationError(f"the credential plugin {self._entry.command} fails: {reason}")
