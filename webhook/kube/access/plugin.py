"""A program that prints credentials: `exec` of a kubeconfig, the way to clouds and single sign-on.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

import asyncio
import json
import os
import ssl
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webhook.kube.access.credentials import bearer
from webhook.kube.access.entries import Exec
from webhook.kube.access.kubeconfig import beside
from webhook.kube.access.tls import ClientCertificate, present_certificate
from webhook.kube.errors import ConfigurationError

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
MODES = ("Never", "IfAvailable", "Always")
SECONDS = 60.0
LONG_AGO = datetime.min.replace(tzinfo=UTC)
CLUSTER_INFO = f"{GROUP}/exec"

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
            ends = None if interactive else SECONDS
            printed, _ = await asyncio.wait_for(program.communicate(), ends)
        except TimeoutError:
            program.kill()
            await program.wait()
            raise self._error(f"it does not end within {SECONDS:.0f} seconds") from None
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
