"""A roll that failed taken back: the template before it comes again, as it ran.

Every other update of a template is filled in by the settings of now. So would be the template that
a Deployment goes back to, and it would fail for the same reason as the roll. `mcp-admission apply`
writes a digest of the template that it replaces beside it. As long as the roll is not complete, an
update to that very template, without the digest, changes nothing: its pods run already, and every
new pod is reviewed whatever the template says. Who may write a Deployment can write a digest, too,
so that one is taken only with the update that replaces its template. No template comes back that
was not stored before.
"""

import hashlib
import json
from typing import Any

from webhook import names
from webhook.admission.answer import Finding, Severity
from webhook.admission.coverage import Coverage
from webhook.admission.workload import Hook, Request, Workload
from webhook.documents import escape
from webhook.pods import Fields

_COUNTS = ("replicas", "updatedReplicas", "availableReplicas")


def template_digest(template: Any) -> str:
    """The digest of a pod template as it is stored; null and empty values count as absent."""
    text = json.dumps(_without_empty(template), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def goes_back(request: Request, new: Workload, old: Workload) -> bool:
    """Whether an update takes back the roll of `apply` that the Deployment is in.

    The template was filled in once: it carries both labels, by which its pods are reviewed. What
    is too large is not compared.
    """
    former = old.annotations.get(names.FORMER)
    if not isinstance(former, str) or new.annotations.has(names.FORMER) or _complete(old.root):
        return False
    labels, name = new.head.labels, names.identity(new.name)
    filled_in = labels.get(names.SERVER) == "true" and labels.get(names.NAME) == name
    asked = all(
        new.annotations.get(key) == old.annotations.get(key) for key in names.USER_ANNOTATIONS
    )
    same = asked and new.labels.get(names.SERVER) == old.labels.get(names.SERVER)
    fits = filled_in and same and request.fits()
    return fits and former == template_digest(new.template.value)


def forged_digest(
    request: Request, new: Workload, old: Workload | None, coverage: Coverage
) -> list[Finding]:
    """Object to a digest of another template than the one that this update replaces.

    The mutating hook takes it out. One that was there before is kept, unless its Deployment joins
    now: nobody has looked at it then.
    """
    said = new.annotations.get(names.FORMER)
    if said is None or (old is not None and _is_known(request, said, old, coverage)):
        return []
    place = f"metadata.annotations[{names.FORMER}]"
    path = f"/metadata/annotations/{escape(names.FORMER)}"
    if request.hook is Hook.MUTATE:
        new.annotations.remove(names.FORMER)
        sentence = f"{place} is taken out: it is no digest of the template before"
        return [Finding("identity", Severity.WARNING, path, sentence)]
    sentence = f"{place} is no digest of the template before: leave it out"
    return [Finding("identity", Severity.ERROR, path, sentence)]


def _is_known(request: Request, said: Any, old: Workload, coverage: Coverage) -> bool:
    if coverage is not Coverage.JOINS and said == old.annotations.get(names.FORMER):
        return True
    return request.fits() and said == template_digest(old.template.value)


def _complete(deployment: Fields) -> bool:
    """Whether all pods are of the latest template and available, as the status says."""
    spec, status = deployment.child("spec"), deployment.child("status")
    seen = status.get("observedGeneration") == deployment.child("metadata").get("generation")
    return seen and all((status.get(key) or 0) == spec.get("replicas") for key in _COUNTS)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_empty(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each not in (None, {}, [])}
    if isinstance(value, list):
        return [_without_empty(each) for each in value]
    return value
