"""Events on the objects of users: why something was not made, said once where its owner looks.

An Event is named after what it says, so that a controller that starts again does not repeat what
is still there to be read.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from webhook.controller.api import Api
from webhook.controller.errors import AlreadyExists, ApiError
from webhook.controller.objects.refusal import LONGEST_NOTE
from webhook.controller.paths import namespaced

VERSION = "events.k8s.io/v1"
CONTROLLER = "mcp-admission.dev/control"

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
    """Writes Events; what was said about an object is not said again until it has changed."""

    def __init__(self, api: Api, instance: str) -> None:
        self._api, self._instance = api, instance
        self._said: dict[str, dict[str, str]] = {}

    async def say(self, regarding: Regarding, notes: dict[str, str]) -> None:
        """Say these notes by their reasons, and forget what does not hold any more.

        An Event that cannot be written is logged: it is no reason to stop.
        """
        said = self._said.get(regarding.uid, {})
        now: dict[str, str] = {}
        for reason, note in notes.items():
            if said.get(reason) == note or await self._write(regarding, reason, note):
                now[reason] = note  # noqa: PERF403 - it waits for each
        if now:
            self._said[regarding.uid] = now
        else:
            self._said.pop(regarding.uid, None)

    async def _write(self, regarding: Regarding, reason: str, note: str) -> bool:
        about = {"namespace": regarding.namespace, "name": regarding.name, "reason": reason}
        LOG.warning("told by an Event", extra={"fields": {**about, "kind": regarding.kind}})
        try:
            path = namespaced(VERSION, "events", regarding.namespace)
            await self._api.create(path, self._event(regarding, reason, note))
        except AlreadyExists:
            return True
        except ApiError as error:
            LOG.warning("an Event was not written", extra={"fields": {"reason": error.message}})
            return False
        return True

    def _event(self, regarding: Regarding, reason: str, note: str) -> Json:
        content = f"{regarding.uid}\n{reason}\n{note}".encode()
        name = f"{regarding.name[:200].rstrip('.')}.{sha256(content).hexdigest()[:12]}"
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
            "note": note[:LONGEST_NOTE],
            "regarding": {
                "apiVersion": regarding.api_version,
                "kind": regarding.kind,
                "namespace": regarding.namespace,
                "name": regarding.name,
                "uid": regarding.uid,
            },
        }
