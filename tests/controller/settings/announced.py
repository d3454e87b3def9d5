"""What tests say in place of users: settings of namespaces, exceptions, and the time."""

from datetime import UTC, datetime
from typing import Any

from webhook.controller.settings.namespace_store import NamespaceStore
from webhook.controller.settings.overlay_builder import OverlayBuilder
from webhook.kube import NamespacedName

Json = dict[str, Any]
DAY = 24 * 60 * 60.0
MADE = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
ROOM = 500_000


def day(number: float) -> str:
    """The time so many days after everything was made."""
    return f"{datetime.fromtimestamp(MADE + number * DAY, UTC):%Y-%m-%dT%H:%M:%SZ}"


class Users:
    """Who writes settings of namespaces and exceptions; status writes come back at once.

    `told` are the keys that the builder told of, `written` the statuses by key.
    """

    def __init__(self) -> None:
        self.now = MADE
        self.told: list[NamespacedName] = []
        self.written: list[NamespacedName] = []
        self._version = 10
        api: Any = self
        self.store = NamespaceStore(api, lambda *_: None, lambda: None, self.told.append)
        self.builder = OverlayBuilder(self.store, lambda: self.now, self.told.append)
        self._stored: dict[NamespacedName, Json] = {}

    def set(self, namespace: str, spec: Json | None) -> None:
        """Let a namespace have these settings, or none."""
        self._put(NamespacedName(namespace, "default"), spec)

    def grant(self, name: str, namespace: str = "team", ends: float = 30, **spec: Any) -> None:
        """Let there be an exception."""
        workload = {"namespace": namespace, "name": "crm"}
        given = {"workload": workload, "rules": ["capabilities"], "reason": "old", **spec}
        self._put(NamespacedName("", name), {**given, "expires": day(ends)})

    def revoke(self, name: str) -> None:
        """Take an exception away."""
        self._put(NamespacedName("", name), None)

    def status(self, name: str, namespace: str = "") -> Json:
        """The status of a resource."""
        stored = self.store.stored(NamespacedName(namespace, name))
        assert stored is not None
        return stored.status

    def condition(self, name: str, condition: str, namespace: str = "") -> tuple[str, str]:
        """What a condition says: status and reason."""
        found = {each["type"]: each for each in self.status(name, namespace)["conditions"]}
        return found[condition]["status"], found[condition]["reason"]

    async def patch(self, path: str, body: Json, *, kind: str) -> Json:
        """Store a status."""
        assert kind == "merge"
        parts = path.split("/")
        namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts else ""
        key = NamespacedName(namespace, parts[-2])
        self.written.append(key)
        self._version += 1
        stored = self._stored[key]
        assert body["metadata"]["uid"] == stored["metadata"]["uid"]
        metadata = {**stored["metadata"], "resourceVersion": str(self._version)}
        self._stored[key] = {**stored, "metadata": metadata, "status": body["status"]}
        return self._stored[key]

    def _put(self, key: NamespacedName, spec: Json | None) -> None:
        self._version += 1
        cache: Any = self.store.settings if key.namespace else self.store.exceptions
        before = self._stored.get(key, {})
        metadata = {
            "namespace": key.namespace,
            "name": key.name,
            "uid": f"{key.namespace}/{key.name}",
            "creationTimestamp": day(0),
            "generation": before.get("metadata", {}).get("generation", 0) + 1,
            "resourceVersion": str(self._version),
        }
        if spec is None:
            del self._stored[key]
            cache.delete({"metadata": metadata})
            return
        status = before.get("status", {})
        self._stored[key] = {"metadata": metadata, "spec": spec, "status": status}
        cache.put(self._stored[key])
