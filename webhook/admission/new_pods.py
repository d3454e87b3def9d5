"""What the pods of a filled in template hold beside what stands in it, shown in the template."""

from copy import deepcopy
from typing import Any

from webhook.admission import injected
from webhook.admission.enforcement import Enforcement
from webhook.pods.fields import Fields
from webhook.pods.patch import Patch
from webhook.pods.pod import Origin, Pod, PodHead
from webhook.settings.model import Settings


def as_given(template: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """A copy of a template that holds what it remembers its new pods are given."""
    shown = deepcopy(template)
    fields = Fields(shown, Patch())
    annotations = fields.child("metadata").child("annotations")
    memory = injected.read(annotations)
    if memory is None:
        return shown
    origin = Origin(asked_in=(annotations,))
    head = PodHead(fields.child("metadata"), fields.child("spec"), origin)
    Enforcement.of_owned_pod(settings, Pod(head), memory).give()
    return shown
