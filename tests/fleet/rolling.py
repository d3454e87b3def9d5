"""A cluster of one Deployment that rolls, for the tests of rolls."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from math import inf
from typing import Any

from tests.controller.servers.live import Json, filled_in, memory, server, settings
from tests.kube.virtual_time import run
from webhook.fleet.restart import Restarter, RuntimeClasses
from webhook.fleet.roll import Restarted, RollEnds, RollWatch
from webhook.fleet.targets import Target, Targets
from webhook.kube.errors import ApiError, NotFound
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

PATH = "/apis/apps/v1/namespaces/team/deployments/crm"
CRM = Target("team", "crm")
MORE = settings(**memory("800Mi"))
RAN = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
RESTARTED = "kubectl.kubernetes.io/restartedAt"
FORMER = "mcp-admission.dev/former"


class Cluster:
    """One Deployment that rolls in so many looks; answers in `gets` and `answers` come before.

    `conditions` are those of the roll's ReplicaSet, and `status` is that of its pod, if it has one.
    """

    def __init__(self, looks: int = 3) -> None:
        self.found: Json = {**filled_in(server(), Settings()), "status": RAN}
        self.looks = looks
        self.patches: list[tuple[bool, Any]] = []
        self.gets: list[ApiError] = []
        self.answers: list[ApiError] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.classes: dict[str, ApiError | None] = {}
        self.conditions: list[Json] = []
        self.status: Json | None = None
        self.lists: list[ApiError] = []
        self.before: Json = {}
        self.comes_back = True

    async def get(self, path: str) -> Json:
        if path == "/api/v1/namespaces/team":
            return {"metadata": {"name": "team"}}
        if "/runtimeclasses/" in path:
            answer = self.classes.get(path.rpartition("/")[2], NotFound(404, "NotFound", "x"))
            if answer is not None:
                raise answer
            return {}
        assert path == PATH
        self.meanwhile()
        if self.gets:
            raise self.gets.pop(0)
        if self.found["metadata"]["generation"] == 2:
            self.looks -= 1
        if self.looks <= 0 or self.found["metadata"]["generation"] == 3:
            generation = self.found["metadata"]["generation"]
            self.found["status"] = {**RAN, "observedGeneration": generation}
        return deepcopy(self.found)

    async def list_each(self, path: str, take: Callable[[Json], Any], **_: Any) -> None:
        if self.lists:
            raise self.lists[0]
        template = deepcopy(self.found["spec"]["template"])
        owner = {"controller": True, "kind": "Deployment", "uid": self.found["metadata"]["uid"]}
        name = {"name": "crm-2", "namespace": "team"}
        if path.endswith("/replicasets"):
            metadata = {**name, "uid": "set-2", "ownerReferences": [owner]}
            status = {"conditions": self.conditions}
            take({"metadata": metadata, "spec": {"template": template}, "status": status})
        elif self.status is not None:
            owner = {"controller": True, "kind": "ReplicaSet", "name": "crm-2", "uid": "set-2"}
            metadata = {**name, "ownerReferences": [owner], "creationTimestamp": "2026-01-01"}
            take({"metadata": metadata, "spec": template["spec"], "status": self.status})

    async def patch(self, path: str, body: Any, *, kind: str, dry_run: bool = False) -> Json:
        assert path == PATH
        self.patches.append((dry_run, body))
        if self.answers:
            raise self.answers.pop(0)
        if kind == "json":
            return self._back(body, dry_run=dry_run)
        rolled = self.filled_in(body)
        rolled["metadata"]["generation"] = 2
        if not dry_run:
            self.before, self.found = self.found, rolled
        return deepcopy(rolled)

    def filled_in(self, body: Json) -> Json:
        """The Deployment as the webhook makes it of an update."""
        rolled = {**filled_in(server(), MORE), "status": self.found["status"]}
        annotations = body["spec"]["template"]["metadata"]["annotations"]
        rolled["spec"]["template"]["metadata"]["annotations"] |= annotations
        rolled["metadata"]["annotations"] = dict(body["metadata"]["annotations"])
        return rolled

    def _back(self, operations: list[Json], *, dry_run: bool) -> Json:
        wanted = {each["path"]: each["value"] for each in operations if each["op"] == "replace"}
        template = wanted["/spec/template"] if self.comes_back else self.found["spec"]["template"]
        back = deepcopy(self.found)
        back["spec"]["template"] = deepcopy(template)
        back["metadata"]["generation"] = 3
        if not dry_run:
            self.found = back
        return deepcopy(back)


def rolled(
    cluster: Cluster,
    *,
    dry_run: bool = False,
    stop_after: float = 3600,
    under: Settings = MORE,
    timeout: float = inf,
    rolls_back: bool = True,
    told: list[str] | None = None,
) -> Restarted:
    """How `apply` ends for it."""

    said = [] if told is None else told

    async def main() -> Restarted:
        api: Any = cluster
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(stop_after, stop.set)
        targets = Targets(api, SettingsByNamespace(under), "mcp-admission-system")
        ends = RollEnds(stop, timeout, rolls_back)
        watch = RollWatch(api, targets, ends, lambda _, line: said.append(line))
        classes = RuntimeClasses(api)
        return await Restarter(api, targets, watch, classes, dry_run, rolls_back).restart(CRM)

    return run(main())
