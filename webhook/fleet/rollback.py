"""The way back from a roll that failed: the template that ran, as `kubectl rollout undo` writes it.

Kubernetes finds the ReplicaSet of that template again: its pods run on, and no new one is made. The
template has to come back as it was. So the update carries away the digest by which the webhook
knows it (webhook/admission/going_back.py), and is tried as a dry run first.

Where the way back is closed, the roll stays as it is: pausing it, or scaling its new pods away,
would keep the next version of the author from rolling. Its old pods run on as far as the
Deployment's strategy keeps them, and Kubernetes continues by itself once the reason is gone.
"""

from typing import Any, NamedTuple

from webhook import admission, kube, names
from webhook.controller.deployment_state import rolled
from webhook.documents import escape

Json = dict[str, Any]
TEMPLATE = "/spec/template"
LEFT = "the roll stays as it is, its old pods run on, and it continues once the reason is gone"
DID_NOT_RUN = f"not rolled back, because the revision before did not run either: {LEFT}"
NEVER_FILLED_IN = (
    "not rolled back, because the revision before was never filled in, and would not come back as "
    f"it ran: {LEFT}"
)
OTHERWISE = (
    "not rolled back, because the revision before would not come back as it ran: its webhook is of "
    f"an earlier version, or another one changes it; {LEFT}"
)
CHANGED = "not rolled back, because somebody changed it meanwhile: look at it again"
BACK = "rolled back to the revision that ran"


class RolledBack(NamedTuple):
    """Whether the template that ran is back, and the line that tells it, or why not.

    `found` is the Deployment as it was stored.
    """

    line: str
    done: bool = False
    found: Json | None = None


def former_note(found: Json, *, kept: bool) -> Json:
    """The annotation by which a roll of this Deployment can be taken back; None takes it away."""
    digest = admission.going_back.template_digest
    return {names.FORMER: digest(found["spec"]["template"]) if kept else None}


async def roll_back(api: kube.Api, path: str, before: Json, failed: Json) -> RolledBack:
    """Give the Deployment at the path the template back that it had before, if that ran.

    `failed` is what the roll made of it. What anybody wrote since is not touched.
    """
    if not rolled(before) or not (before.get("status") or {}).get("availableReplicas"):
        return RolledBack(DID_NOT_RUN)
    body = _operations(before, failed)
    try:
        tried = await api.patch(path, body, kind="json", dry_run=True)
        if not admission.revert.alike(tried["spec"]["template"], before["spec"]["template"]):
            return RolledBack(OTHERWISE if _known(before) else NEVER_FILLED_IN)
        found = await api.patch(path, body, kind="json")
    except kube.Invalid:
        return RolledBack(CHANGED)
    except kube.NotFound:
        return RolledBack("not rolled back, because it is gone")
    except kube.ApiError as error:
        return RolledBack(f"not rolled back: {error.message}; {LEFT}")
    return RolledBack(BACK, done=True, found=found)


def _operations(before: Json, failed: Json) -> list[Json]:
    """JSON patch operations, which fail where the template is no more the one that failed."""
    operations: list[Json] = [
        {"op": "test", "path": "/metadata/uid", "value": before["metadata"]["uid"]},
        {"op": "test", "path": TEMPLATE, "value": failed["spec"]["template"]},
        {"op": "replace", "path": TEMPLATE, "value": before["spec"]["template"]},
    ]
    if names.FORMER in (failed["metadata"].get("annotations") or {}):
        path = f"/metadata/annotations/{escape(names.FORMER)}"
        operations.append({"op": "remove", "path": path})
    return operations


def _known(found: Json) -> bool:
    return admission.drift.known(found["spec"]["template"], found["metadata"]["name"])
