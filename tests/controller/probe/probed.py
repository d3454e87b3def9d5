"""A cluster under a probe: namespaces, and an API server that answers as it is told."""

from datetime import UTC, datetime
from typing import Any

from tests.controller.servers.one_server import stored
from webhook import names
from webhook.controller.cluster_state import ClusterState, Queues
from webhook.controller.probe.probe_pods import NO_CONTAINER
from webhook.kube.errors import ApiError, refusal
from webhook.kube.work_queue import Queue
from webhook.settings.by_namespace import Overlay, SettingsByNamespace
from webhook.settings.model import Settings

Json = dict[str, Any]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOOK = 'webhook "opted-in.mcp-admission.dev"'


def cluster_state(*opted_in: str, managed: tuple[str, ...] = (), **modes: str) -> ClusterState:
    """Namespaces by their scope; `modes` are those of single namespaces."""
    overlays = {name.replace("_", "-"): Overlay({"mode": mode}) for name, mode in modes.items()}
    queues = Queues(*(Queue() for _ in Queues._fields))
    found = ClusterState(
        SettingsByNamespace(Settings(delegated=["mode"]), overlays), "release", (), queues
    )
    for name in opted_in:
        found.namespaces.put(stored({"metadata": {"name": name}}, name))
    for name in managed:
        labels = {names.MANAGED: "true"}
        found.namespaces.put(stored({"metadata": {"name": name, "labels": labels}}, name))
    return found


def answered(status: int, message: str) -> ApiError:
    """What an API server answers instead of a pod."""
    body = {"kind": "Status", "reason": "Reason", "message": message}
    return refusal("POST /api/v1/namespaces/x/pods", status, body)


OURS = answered(403, f'admission {HOOK} denied the request: MCP server "x" refused: no')
QUOTA = answered(403, "exceeded quota: pods=1")


class ApiServer:
    """Answers creations: enforcing, unless it is told to answer otherwise.

    `away` is what every pod meets; `full` are namespaces with a quota that is used up.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away: ApiError | None = None
        self.full: set[str] = set()
        self.passes = False

    def server_time(self) -> datetime:
        return NOW

    async def create(self, path: str, body: Json, **_: Any) -> Json:
        namespace = path.split("/")[4]
        annotations = body["metadata"]["annotations"]
        self.asked.append(namespace)
        if self.away is not None:
            raise self.away
        if namespace in self.full:
            raise QUOTA
        if self.passes:
            return body
        if annotations.get(names.CONTAINER) == NO_CONTAINER:
            raise OURS
        return {"metadata": {"annotations": {names.INJECTED: "{}"}}}
