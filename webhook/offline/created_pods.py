"""What the pods of a Deployment get at their creation: its template does not show it.

Kubernetes may add to pods what it adds to no template. The pod is reviewed as its ReplicaSet
would create it, in a namespace that adds nothing.
"""

import json
from copy import deepcopy
from typing import Any, NamedTuple

from webhook import names
from webhook.admission.drift import changes
from webhook.admission.handler import review
from webhook.admission.request import Hook, Request, Scope
from webhook.admission.workload import PODS
from webhook.settings.model import Settings

Json = dict[str, Any]


class Given(NamedTuple):
    """A field as people call it inside the pod, and its value."""

    field: str
    value: Any

    def __str__(self) -> str:
        if isinstance(self.value, dict) and self.value.keys() == {"name"}:
            return self.field
        value = self.value if isinstance(self.value, str) else json.dumps(self.value)
        return f"{self.field} {value}"


def given_to_pods(
    deployment: Json, namespace: str, settings: Settings, scope: Scope
) -> tuple[Given, ...]:
    """What a pod of the Deployment has beside its template, except the gate that goes again."""
    template = deployment["spec"]["template"]
    owner = {"kind": "ReplicaSet", "name": deployment["metadata"]["name"], "controller": True}
    metadata = {**(template.get("metadata") or {}), "ownerReferences": [owner]}
    before = {"metadata": metadata, "spec": template["spec"]}
    after = deepcopy(before)
    request = Request(Hook.MUTATE, PODS, "CREATE", after, kind="Pod", namespace=namespace)
    review(request, settings, scope)
    after["spec"].pop(names.GATES, None)
    return tuple(Given(each.field, each.after) for each in changes(before, after))
