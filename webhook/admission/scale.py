"""`kubectl scale` and autoscalers: a Scale carries no template and no labels."""

from webhook.admission.answer import NOT_COVERED, Answer, decide
from webhook.admission.enforcement import Enforcement
from webhook.admission.request import Request, Scope
from webhook.pods.fields import Fields
from webhook.pods.patch import Patch
from webhook.rules.rule import Workload
from webhook.settings.model import Settings


def review(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Refuse a count that the replicas rule does not allow; nothing can be filled in here."""
    if scope is not Scope.MANAGED:
        return NOT_COVERED
    patch = Patch()
    spec = Fields(request.object, patch).child("spec")
    before = Fields(request.old_object, patch).child("spec").get("replicas")
    scaled = Workload(spec, before if isinstance(before, int) else None)
    findings = Enforcement.of_workload(settings, scaled).check()
    return decide(request.name, findings)
