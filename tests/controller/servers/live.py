"""Deployments and pods as an API server has them: filled in under some settings, or never."""

from copy import deepcopy
from typing import Any

from tests import builders
from webhook.admission.handler import review
from webhook.admission.workload import KINDS, Hook, Request, Scope
from webhook.settings.model import Settings

Json = dict[str, Any]
RESOURCES = {kind: resource for resource, (kind, _) in KINDS.items()}


def settings(**values: Any) -> Settings:
    return Settings.model_validate(values)


def memory(amount: str) -> Json:
    """Settings with this request, as they are written."""
    return {"mcpServerDefaults": {"resources": {"requests": {"memory": amount}}}}


def stored(manifest: Json, **metadata: Any) -> Json:
    """As the API server would keep it, of another age than the webhook."""
    found = deepcopy(manifest)
    found["metadata"] |= {"namespace": "team", "uid": f"uid-of-{manifest['metadata']['name']}"}
    found["metadata"] |= {"resourceVersion": "7", "generation": 1, **metadata}
    return found


def filled_in(manifest: Json, under: Settings, *, managed: bool = False) -> Json:
    """As it is after a review under these settings, which must let it pass."""
    found = stored(manifest)
    kind = manifest["kind"]
    request = Request(
        Hook.MUTATE,
        RESOURCES[kind],
        "CREATE",
        found,
        kind=kind,
        namespace="team",
        name=found["metadata"]["name"],
    )
    answer = review(request, under, Scope.MANAGED if managed else Scope.OPTED_IN)
    assert answer.allowed, answer.message
    return found


def server(**spec: Any) -> Json:
    return builders.server("crm", replicas=1, **spec)
