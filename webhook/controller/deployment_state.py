"""What is kept of a Deployment: enough to say what is made for it, as text.

Most of a stored Deployment is of no interest here; ten thousand of them as objects would be more
memory than everything else together.
"""

import json
import zlib
from typing import Any, NamedTuple

from webhook import health, names
from webhook.admission import DEPLOYMENTS, Scope, covered, drift, stored
from webhook.objects import Server
from webhook.objects import deployed_server as server
from webhook.pods import CONTAINER_LISTS, Malformed
from webhook.settings import Settings

Json = dict[str, Any]
NOTES = (names.INJECTED, names.REVISION, names.FORMER)
# What the change-cause of the controller begins with, by which it knows its own.
OUR_CAUSE = f"{names.PRODUCT}: "
NO_CAUSE, AUTHORS_CAUSE, ROLLING_CAUSE, COPIED_CAUSE = "", "author's", "rolling", "copied"


class DeploymentState(NamedTuple):
    """A Deployment that is a server, or that carries our label and is none.

    `rolled`: all its pods are of the present template. `first`: the template never was another.
    `unread`: no pod runs that can have read a Secret which is made now. `touched`: the template
    has what was filled in.
    `packed`: what is made for it, as text, compressed: lists of ports are long and alike.
    `cause`: whose change-cause it has; `copied`: ours, and its ReplicaSet has it by now.
    `state`: what it would become if it rolled now, of which a stored object says nothing.
    """

    uid: str
    covered: bool
    rolled: bool
    first: bool
    unread: bool
    touched: bool
    revision: str | None
    config_from: str | None
    packed: bytes
    cause: str = NO_CAUSE
    state: str = drift.CURRENT

    @property
    def rolled_out(self) -> "DeploymentState":
        """The same at the end of every rollout."""
        authors = self.cause == AUTHORS_CAUSE
        cause = AUTHORS_CAUSE if authors else NO_CAUSE
        return self._replace(rolled=True, first=False, unread=False, cause=cause)

    @property
    def server(self) -> Server:
        """The server that it is."""
        return server.server_of(json.loads(zlib.decompress(self.packed)))


def observe_deployment(
    found: Json, settings: Settings, scope: Scope, *, leaves: bool = False
) -> DeploymentState | None:
    """What is kept of it; None for one that has nothing to do with us, or that is being deleted.

    `leaves`: it still has the objects of a server, which go once it has rolled.
    """
    if "deletionTimestamp" in found["metadata"]:
        return None
    is_server = _covered(found, settings, scope)
    metadata = found["metadata"]
    template = found["spec"]["template"]
    if not is_server and not leaves and names.SERVER not in (metadata.get("labels") or {}):
        return None
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    asked = {**annotations, **(metadata.get("annotations") or {})}
    return DeploymentState(
        uid=metadata["uid"],
        covered=is_server,
        rolled=rolled(found),
        first=metadata.get("generation") == 1,
        unread=_unread(found),
        touched=not {names.INJECTED, names.REVISION}.isdisjoint(annotations),
        revision=annotations.get(names.REVISION),
        config_from=asked.get(names.CONFIG_FROM),
        packed=zlib.compress(json.dumps(_trimmed(found), separators=(",", ":")).encode(), level=1),
        cause=_cause(found),
    )


def rolled(found: Json) -> bool:
    """Whether the Deployment's controller has seen it, and no pod of another template is left."""
    return health.pod_counts(found, "Deployment").rolled


def _cause(found: Json) -> str:
    """Whose change-cause it has.

    Kubernetes copies it to the ReplicaSet of the present template, and never takes it away there. A
    pod of that template is the proof; where none is wanted, there is nothing to wait for.
    """
    cause = (found["metadata"].get("annotations") or {}).get(names.CHANGE_CAUSE)
    if cause is None:
        return NO_CAUSE
    if not cause.startswith(OUR_CAUSE):
        return AUTHORS_CAUSE
    spec = found["spec"]
    made = (found.get("status") or {}).get("updatedReplicas") or spec.get("replicas") == 0
    return (
        COPIED_CAUSE
        if made and health.is_observed(found) and not spec.get("paused")
        else ROLLING_CAUSE
    )


def _unread(found: Json) -> bool:
    """Whether there is no pod, or only pods that wait: a pod cannot start without its Secrets.

    That a first rollout once was complete is kept in the conditions, whatever its pods do later.
    """
    status = found.get("status") or {}
    if rolled(found) and not status.get("replicas"):
        return True
    complete = any(each.get("reason") == health.COMPLETE for each in health.conditions(found))
    return found["metadata"].get("generation") == 1 and not complete


def _covered(found: Json, settings: Settings, scope: Scope) -> bool:
    try:
        return covered(stored(found, DEPLOYMENTS, scope), settings, scope)
    except Malformed:
        return False


def _trimmed(found: Json) -> Json:
    template = found["spec"]["template"]
    metadata = found["metadata"]
    containers = {
        key: [_container(each) for each in template["spec"].get(key) or []]
        for key in CONTAINER_LISTS
    }
    of_template = template.get("metadata") or {}
    kept = {
        # All labels: another Service may select the pods by any.
        "metadata": {**_metadata(of_template), "labels": of_template.get("labels") or {}},
        "spec": {key: value for key, value in containers.items() if value},
    }
    identity = {key: metadata[key] for key in ("name", "namespace", "uid")}
    return {"metadata": {**identity, **_metadata(metadata)}, "spec": {"template": kept}}


def _container(found: Json) -> Json:
    return {key: found[key] for key in ("name", "ports") if key in found}


def _metadata(metadata: Json) -> Json:
    kept = {
        part: {
            key: value
            for key, value in (metadata.get(part) or {}).items()
            if key.startswith(names.PREFIX) and key not in NOTES
        }
        for part in ("labels", "annotations")
    }
    return {part: values for part, values in kept.items() if values}
