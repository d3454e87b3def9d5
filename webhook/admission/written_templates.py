"""Templates of Deployments that stay as their authors wrote them, because their pods are filled in.

With `fillIn: pods` nothing of a Deployment is changed: neither template nor labels nor replicas. So
what the webhook would write into the template elsewhere, where pods read it, its author has to. A
Deployment that lacks it is refused, and the message says what to write where. What an earlier
setting filled in stays in the template, and is taken out of its pods before they are filled in.
"""

from webhook import names
from webhook.admission import coverage, enforcement, injected, revert
from webhook.admission.answer import Finding, Severity
from webhook.admission.workload import DEPLOYMENTS, Request, Scope, Workload, stored
from webhook.documents import escape
from webhook.pods import Malformed, Patch, Pod
from webhook.settings import Settings

UNCHANGED = "with fillIn: pods no template is changed"
REACHING_PODS = (*names.READ_BY_PODS, *names.SECRETS)
_LABELS = "/spec/template/metadata/labels"


def check_template(
    new: Workload, request: Request, settings: Settings, scope: Scope, patch: Patch
) -> list[Finding]:
    """What its pods would be refused for, and what they lack; the object is left as it was.

    The rules fill in the template as they would its pods, and all of that is undone.
    """
    findings = [
        *_labels(new, settings, scope),
        *_annotations(new),
        *enforcement.notices(settings, new.head),
    ]
    memory = injected.read_memory(new.head.annotations)
    if memory is not None:
        revert.take_out(new.head.spec, memory, patch)
    rules = enforcement.Enforcement.of_pod(settings, Pod(new.head))
    findings += rules.fill(patch) + rules.settle(patch)
    findings += enforcement.missing_class(new.head, request.runtime_classes)
    patch.undo()
    return findings


def covers_pods(found: dict[str, object], settings: Settings, scope: Scope) -> bool:
    """Whether the pods of a Deployment are servers, or nobody can say; it need not be readable."""
    try:
        return coverage.pods_covered(stored(found, DEPLOYMENTS, scope), settings, scope)
    except Malformed:
        return True


def leaving(new: Workload, old: Workload | None) -> list[Finding]:
    """Object to opting out while the pods of the template go on being servers."""
    stays = old is not None and revert.unchanged(new, old)
    if stays or new.head.labels.get(names.SERVER) in (None, "false"):
        return []
    return [_of_labels(names.SERVER, f"must be taken out to opt out: {UNCHANGED}")]


def _labels(new: Workload, settings: Settings, scope: Scope) -> list[Finding]:
    wanted = names.identity(new.name)
    found = []
    if not coverage.pods_covered(new, settings, scope):
        found.append(_of_labels(names.SERVER, f'must be "true" too: {UNCHANGED}'))
    if new.head.labels.get(names.NAME) not in (None, wanted):
        found.append(_of_labels(names.NAME, f"must be {wanted}, or left out"))
    return found


def _annotations(new: Workload) -> list[Finding]:
    """Object to what is asked for where no pod reads it; two different values a rule objects to."""
    place = f"spec.template.metadata.annotations, because {UNCHANGED}"
    return [
        Finding(
            "annotations",
            Severity.ERROR,
            f"/metadata/annotations/{escape(key)}",
            f"metadata.annotations[{key}] reaches no pod: put it into {place}",
        )
        for key in REACHING_PODS
        if new.annotations.get(key) is not None and new.head.annotations.get(key) is None
    ]


def _of_labels(key: str, sentence: str) -> Finding:
    message = f"spec.template.metadata.labels[{key}] {sentence}"
    return Finding("identity", Severity.ERROR, f"{_LABELS}/{escape(key)}", message)
