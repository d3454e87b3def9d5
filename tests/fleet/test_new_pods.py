"""What keeps the pods of a roll from running, whatever pods of other rolls say."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.controller.servers.live import Json, server, stored
from webhook.fleet.new_pods import NewPods

BEGAN, EARLIER = "2026-01-02T03:04:05Z", "2025-01-02T03:04:05Z"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
FOUND = stored(server())
QUOTA = 'pods "crm-2-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1'
SECURITY = 'pods "crm-1-x" is forbidden: violates PodSecurity "restricted:latest": a'
INVALID = {
    "waiting": {"reason": "InvalidImageName", "message": 'Failed to apply default image "A:B:C"'}
}


def replica_set(name: str, began: str, message: str = "", owner: str = "uid-of-crm") -> Json:
    template = deepcopy(FOUND["spec"]["template"])
    template["metadata"]["annotations"] = {RESTARTED: began}
    condition = {"type": "ReplicaFailure", "status": "True", "message": message}
    return {
        "metadata": {"name": name, "uid": f"uid-of-{name}", **controlled_by(owner)},
        "spec": {"template": template},
        "status": {"conditions": [condition] if message else []},
    }


def pod(name: str, owner: str, state: Json, **metadata: str) -> Json:
    status = {"name": "mcp", "image": "A:B:C", "state": state}
    return {
        "metadata": {"name": name, **controlled_by(f"uid-of-{owner}"), **metadata},
        "spec": {},
        "status": {"containerStatuses": [status]},
    }


def controlled_by(uid: str) -> Json:
    return {"ownerReferences": [{"uid": uid, "controller": True}]}


def causes(*found: Json) -> list[tuple[str, str, bool]]:
    class Cluster:
        async def list_each(self, path: str, take: Callable[[Json], Any], **given: Any) -> None:
            assert given == {"label_selector": "app=crm"}
            for each in found:
                if path.endswith("/replicasets") is ("template" in each["spec"]):
                    take(each)

    api: Any = Cluster()
    told = asyncio.run(NewPods(api).causes(FOUND, BEGAN))
    return [(each.reason, each.seen, each.final) for each in told]


def test_the_replica_set_of_the_roll_says_why_it_has_no_pods() -> None:
    others = replica_set("crm-1", EARLIER, SECURITY)
    strangers = replica_set("crm-3", BEGAN, SECURITY, owner="another")

    assert causes(others, strangers, replica_set("crm-2", BEGAN, QUOTA)) == [
        ("QuotaExceeded", "ReplicaSet crm-2 status.conditions[ReplicaFailure]", True)
    ]


def test_the_pods_of_the_roll_say_why_they_do_not_run() -> None:
    old = pod("crm-1-a", "crm-1", {"waiting": {"reason": "ErrImagePull"}})
    new = pod("crm-2-a", "crm-2", INVALID)

    assert causes(replica_set("crm-1", EARLIER), replica_set("crm-2", BEGAN), old, new) == [
        ("InvalidImage", "pod crm-2-a status.containerStatuses[mcp]", True)
    ]


def test_what_is_final_comes_first_and_equal_causes_are_one() -> None:
    waiting = {"waiting": {"reason": "ErrImagePull", "message": "no answer"}}
    pods = [pod(f"crm-2-{name}", "crm-2", waiting) for name in "ab"]
    told = causes(replica_set("crm-2", BEGAN), *pods, pod("crm-2-c", "crm-2", INVALID))

    assert [reason for reason, _, _ in told] == ["InvalidImage", "ImageNotPulled"]


def test_a_quota_is_not_final_while_old_pods_end() -> None:
    ending = pod("crm-1-a", "crm-1", {}, deletionTimestamp="2026-01-01T00:00:00Z")

    assert [final for _, _, final in causes(replica_set("crm-2", BEGAN, QUOTA), ending)] == [False]
