"""The two ways in: kubectl as people use it, and raw HTTP for what kubectl would never send."""

import http.client
import json
import os
import ssl
import subprocess
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.cluster.users import User

JsonObject = Mapping[str, Any]
# A manifest, several, or the text to be sent as it is.
Input = str | JsonObject | Sequence[JsonObject]
# An object, a JSON patch, or the bytes to be sent as they are.
Body = bytes | JsonObject | Sequence[JsonObject]

SECONDS = 120


class KubectlError(Exception):
    """kubectl ended with a status other than 0; the message holds what it said."""


@dataclass(frozen=True)
class Output:
    """What kubectl said."""

    command: str
    stdout: str
    stderr: str
    returncode: int

    def json(self) -> Any:
        """The decoded standard output of a call with `-o json`."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Response:
    """What the API server answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)

    @property
    def warnings(self) -> list[str]:
        """The texts of the `Warning` headers, in order."""
        found = self.headers.get_all("Warning") or []
        return [json.loads(header.split(" ", 2)[2]) for header in found]


def kubectl(
    binary: Path,
    *arguments: str,
    user: User,
    home: Path,
    sent: Input | None = None,
    environment: Mapping[str, str] | None = None,
) -> Output:
    """Run kubectl as this user; `sent` is its standard input."""
    ran = subprocess.run(
        [binary, *arguments],
        input=None if sent is None else _text(sent),
        stdin=subprocess.DEVNULL if sent is None else None,
        env={
            **clean_environment(home),
            "KUBECONFIG": str(user.kubeconfig),
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return Output(f"kubectl {' '.join(arguments)}", ran.stdout, ran.stderr, ran.returncode)


def request(
    url: str,
    method: str,
    path: str,
    *,
    user: User,
    body: Body | None = None,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One HTTP request as this user, on a connection of its own; any status is an answer.

    Raises ConnectionError where the API server ends meanwhile.
    """
    sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    said = {"Accept": "application/json", **(headers or {})}
    if sent is not None:
        said["Content-Type"] = content_type
    if user.token is not None:
        said["Authorization"] = f"Bearer {user.token}"
    server = urllib.parse.urlsplit(url).netloc
    connection = http.client.HTTPSConnection(server, context=user.tls, timeout=SECONDS)
    try:
        connection.request(method, path, body=sent, headers=said)
        answer = connection.getresponse()
        return Response(answer.status, answer.headers, answer.read())
    except (ssl.SSLEOFError, http.client.HTTPException) as cut:
        raise ConnectionError(f"{method} {path} was cut off: {cut!r}") from cut
    finally:
        connection.close()


def clean_environment(home: Path) -> dict[str, str]:
    """The little that a child process needs: no proxy, no kubeconfig, no settings of the caller.

    A measurement of coverage goes on in it. A control plane of this size has memory to spare: Go's
    collector would take a tenth of its time. It works harder where an attack fills the memory.
    """
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return measured | {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "NO_PROXY": "*",
        "GOGC": "400",
        "GOMEMLIMIT": "2GiB",
    }


def _text(sent: Input) -> str:
    if isinstance(sent, str):
        return sent
    manifests = [sent] if isinstance(sent, Mapping) else sent
    return "\n---\n".join(json.dumps(manifest) for manifest in manifests)
