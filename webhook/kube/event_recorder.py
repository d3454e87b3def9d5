"""Events on the objects of users: why something was not made, said once where its owner looks.

An Event is named after what it says, so that a controller that starts again does not repeat what
is still there to be read.
"""

import asyncio
import logging
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from webhook.kube.api import Api
from webhook.kube.backoff import Backoff
from webhook.kube.errors import AlreadyExists, ApiError, Invalid, NotFound
from webhook.kube.paths import namespaced
from webhook.objects.deployed_server import LONGEST_NOTE

VERSION = "events.k8s.io/v1"
CONTROLLER = "mcp-admission.dev/control"
# Objects go without a word: of those that were told first, an Event may be tried once more.
MOST = 10_000

LOG = logging.getLogger(__name__)

Json = dict[str, Any]


class Regarding(NamedTuple):
    """The object that an Event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


def deployment(namespace: str, name: str, uid: str) -> Regarding:
    """An Event about a server."""
    return Regarding("apps/v1", "Deployment", namespace, name, uid)


class Notes:
    """Writes Events; what was said about an object is not said again until it has changed.

    An Event that cannot be written stops nobody: `run` tries it again, one at a time and later each
    time, until it is written or does not hold any more.
    """

    def __init__(self, api: Api, instance: str) -> None:
        self._api, self._instance = api, instance
        self._said: dict[str, dict[str, str]] = {}
        self._unsaid: dict[Regarding, dict[str, str]] = {}
        self._waits = asyncio.Event()

    async def say(self, regarding: Regarding, notes: dict[str, str]) -> None:
        """Say these notes by their reasons, and forget what does not hold any more."""
        for kept in (self._said.get(regarding.uid, {}), self._unsaid.get(regarding, {})):
            for reason in kept.keys() - notes.keys():
                del kept[reason]
        for reason, note in notes.items():
            said = self._said.get(regarding.uid, {}).get(reason)
            if note not in (said, self._unsaid.get(regarding, {}).get(reason)):
                about = {"namespace": regarding.namespace, "name": regarding.name}
                fields = {**about, "kind": regarding.kind, "reason": reason}
                LOG.warning("told by an Event", extra={"fields": fields})
                self._unsaid.setdefault(regarding, {})[reason] = note
                await self._write(regarding)
        if not self._said.get(regarding.uid):
            self._said.pop(regarding.uid, None)

    async def run(self) -> None:
        """Try again what could not be written, until cancelled."""
        backoff = Backoff()
        while True:
            await self._waits.wait()
            self._waits.clear()
            while self._unsaid:
                await asyncio.sleep(backoff.next())
                while self._unsaid and await self._write(next(iter(self._unsaid))):
                    backoff.forget()

    async def _write(self, regarding: Regarding) -> bool:
        """Write what is unsaid about an object; where that fails, the others come before it."""
        for reason, note in list(self._unsaid.get(regarding, {}).items()):
            try:
                path = namespaced(VERSION, "events", regarding.namespace)
                await self._api.create(path, self._event(regarding, reason, note))
            except (AlreadyExists, Invalid, NotFound):
                # It was said before this process began, there is nobody left to be told, or it
                # never can be.
                pass
            except ApiError as error:
                LOG.warning("an Event was not written", extra={"fields": {"reason": error.message}})
                if regarding in self._unsaid:
                    self._unsaid[regarding] = self._unsaid.pop(regarding)
                    self._waits.set()
                return False
            left = self._unsaid.get(regarding, {})
            if left.get(reason) == note:
                del left[reason]
                self._said.setdefault(regarding.uid, {})[reason] = note
                if len(self._said) > MOST:
                    del self._said[next(iter(self._said))]
        if not self._unsaid.get(regarding):
            self._unsaid.pop(regarding, None)
        return True

    def _event(self, regarding: Regarding, reason: str, note: str) -> Json:
        content = f"{regarding.uid}\n{reason}\n{note}".encode()
        name = f"{regarding.name[:200].rstrip('-.')}.{sha256(content).hexdigest()[:12]}"
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        return {
            "apiVersion": VERSION,
            "kind": "Event",
            "metadata": {"name": name, "namespace": regarding.namespace},
            "eventTime": now,
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance[:128],
            "action": "Reconcile",
            "type": "Warning",
            "reason": reason,
            # The API server counts bytes, and managers have names of any script.
            "note": note.encode()[:LONGEST_NOTE].decode(errors="ignore"),
            "regarding": {
                "apiVersion": regarding.api_version,
                "kind": regarding.kind,
                "namespace": regarding.namespace,
                "name": regarding.name,
                "uid": regarding.uid,
            },
        }
