"""How made objects are told from others, and what deletes them.

Each carries the label app.kubernetes.io/managed-by: mcp-admission, which is for people and for
selectors of watches; whose an object is, is decided by its ownerReference, because everybody can
write a label. The reference has no blockOwnerDeletion: setting it needs permission on the
Deployment's finalizers, and a Deployment may go before what was made for it.
"""

from typing import Any

from webhook import names

Json = dict[str, Any]


def labels(server: str | None = None) -> dict[str, str]:
    """The labels of a made object; `server` is the identity of the one that it is made for."""
    ours = {names.MANAGED_BY: names.PRODUCT}
    return ours if server is None else {**ours, names.NAME: server}


def owned_by(deployment: str, uid: str) -> list[Json]:
    """The ownerReferences of what is made for a Deployment."""
    return [{"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment, "uid": uid}]
