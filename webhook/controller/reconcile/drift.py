"""Whether a server is as it would be if it rolled now: asked of the engine, on the live object.

No hash of settings is stored anywhere: what the engine would change is out of date.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from webhook.admission.request import Hook, Request, Scope
from webhook.admission.review import review
from webhook.admission.workload import DEPLOYMENTS
from webhook.settings.model import Settings

Json = dict[str, Any]
CURRENT, OUT_OF_DATE, REFUSED = "current", "out_of_date", "refused_if_rolled"
STATES = (CURRENT, OUT_OF_DATE, REFUSED)


def state(found: Json, settings: Settings, *, managed: bool) -> str:
    """One of STATES for a Deployment that is a server, as the API server has it."""
    private, metadata = deepcopy(found), found["metadata"]
    request = Request(
        Hook.MUTATE,
        DEPLOYMENTS,
        "CREATE",
        private,
        kind="Deployment",
        namespace=metadata["namespace"],
        name=metadata["name"],
    )
    answer = review(request, settings, Scope.MANAGED if managed else Scope.OPTED_IN)
    if not answer.allowed or answer.pods_refused:
        return REFUSED
    same = private["spec"]["template"] == found["spec"]["template"]
    return CURRENT if same else OUT_OF_DATE
