"""What keeps the new pods of a roll from running, and whether waiting can mend it.

A Deployment's own status tells that late, and may quote what kept the pods of an earlier template
from running. So the ReplicaSet and the pods of the roll are asked. They carry the time of the
restart, as an annotation of their template.
"""

from typing import Any

from webhook import kube
from webhook.fleet.targets import APPS, selector_of
from webhook.health import Cause, controller_of, deployment_causes, pod_causes, refused_pods

Json = dict[str, Any]
RESTARTED = "kubectl.kubernetes.io/restartedAt"
QUOTA = "QuotaExceeded"
MOST_CAUSES = 5


class NewPods:
    """Reads the ReplicaSets and pods of rolls."""

    def __init__(self, api: kube.Api) -> None:
        self._api = api

    async def causes(self, found: Json, began: str) -> tuple[Cause, ...]:
        """What keeps the pods of the roll that began then from running, what is final first.

        Without the right to list them, what the status of the Deployment says.
        """
        try:
            return await self._of_roll(found, began)
        except kube.Forbidden:
            return deployment_causes(found)

    async def _of_roll(self, found: Json, began: str) -> tuple[Cause, ...]:
        namespace, uid = found["metadata"]["namespace"], found["metadata"]["uid"]
        causes: dict[tuple[str, str], Cause] = {}
        owners: set[str] = set()
        old_ones_end = False

        def take_set(each: Json) -> None:
            if _controlled_by(each) == uid and _began(each["spec"]["template"], began):
                owners.add(each["metadata"]["uid"])
                for cause in refused_pods(each, f"ReplicaSet {each['metadata']['name']}"):
                    causes.setdefault((cause.reason, cause.message), cause)

        def take_pod(pod: Json) -> None:
            nonlocal old_ones_end
            if "deletionTimestamp" in pod["metadata"]:
                old_ones_end = True
            elif _controlled_by(pod) in owners:
                for cause in pod_causes(pod):
                    causes.setdefault((cause.reason, cause.message), cause)

        chosen = selector_of(found)
        sets = kube.namespaced(APPS, "replicasets", namespace)
        await self._api.list_each(sets, take_set, label_selector=chosen)
        pods = kube.namespaced("v1", "pods", namespace)
        await self._api.list_each(pods, take_pod, label_selector=chosen)
        if old_ones_end:
            # Pods that are ending still count, and make room when they have ended.
            told = [_waits_for_room(each) for each in causes.values()]
        else:
            told = [*causes.values()]
        return tuple(sorted(told, key=lambda each: not each.final)[:MOST_CAUSES])


def _waits_for_room(cause: Cause) -> Cause:
    return cause._replace(final=False) if cause.reason == QUOTA else cause


def _began(template: Json, began: str) -> bool:
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    return bool(annotations.get(RESTARTED) == began)


def _controlled_by(found: Json) -> str:
    """The uid of the object's controller; empty without one."""
    return str((controller_of(found) or {}).get("uid") or "")
