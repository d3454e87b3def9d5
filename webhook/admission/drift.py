"""Whether a server is as it would be if it rolled now: asked of the engine, on the live object.

Rolling is the update with which the controller itself rolls pods, another revision on the template,
and goes through the hooks as the API server would send it. No hash of settings is stored anywhere:
what the engine would change is out of date. The controller's metrics and Events, `audit` and
`apply` all ask here, so that they agree. Whatever mode is set, the answer is that of `enforce`.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from webhook import names
from webhook.admission import budget, injected, written_templates
from webhook.admission.answer import Finding, Severity
from webhook.admission.enforcement import Enforcement
from webhook.admission.handler import enforce
from webhook.admission.revert import alike
from webhook.admission.workload import DEPLOYMENTS, KINDS, PODS, Hook, Request, Scope
from webhook.documents import escape
from webhook.pods import Fields, Origin, Patch, Pod, PodHead
from webhook.settings import Settings

Json = dict[str, Any]
CURRENT, OUT_OF_DATE = "current", "out-of-date"
UNPROTECTED, REFUSED = "unprotected", "refused"
STATES = (CURRENT, OUT_OF_DATE, UNPROTECTED, REFUSED)
"""From the best to the worst; a server is in one of them. Reports, metrics and status say these."""

TEMPLATE = "/spec/template"
GOT_LATER = ("nodeName", "ephemeralContainers", names.GATES)
OWN_FIELD = f"the workload's metadata.labels[{names.SERVER}]"
OWN_LABEL = f"/metadata/labels/{escape(names.SERVER)}"


class Change(NamedTuple):
    """A field that would be another; None stands for a field that is not there.

    `field` is how people call it inside the pod, `path` an RFC 6901 pointer into the object.
    """

    field: str
    path: str
    before: Any
    after: Any


class Drift(NamedTuple):
    """What would become of a server if it rolled now; `reasons` are those of a refusal.

    `remarks` are what rules say beside that: warnings, and what an exception lets pass.
    """

    state: str
    changes: tuple[Change, ...] = ()
    reasons: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()


def drift_of(found: Json, settings: Settings, scope: Scope) -> Drift:
    """What rolling a Deployment that is a server would do, as the API server has it now.

    It is unprotected where no template of it was ever filled in, or where it lacks the label.

    With `fillIn: pods` it is current, refused or, where its pods would be no servers, unprotected.
    """
    try:
        budget.measure(found, KINDS[DEPLOYMENTS][1], budget.FILLED_IN, None)
    except budget.TooLarge as error:
        return Drift(REFUSED, reasons=(budget.too_large(error),))
    rolling = (request := rolling_request(found)).object
    reasons, remarks = objections(request, settings, scope)
    if not settings.fills_templates:
        covered = written_templates.covers_pods(rolling, settings, scope)
        worst = REFUSED if covered else UNPROTECTED
        return Drift(worst if reasons else CURRENT, reasons=reasons, remarks=remarks)
    if reasons:
        return Drift(REFUSED, reasons=reasons, remarks=remarks)
    before, after = found["spec"]["template"], rolling["spec"]["template"]
    _take_back(before, after)
    own = tuple(_changes(_own_label(found), _own_label(rolling), OWN_LABEL, OWN_FIELD))
    if alike(before, after) and not own:
        return Drift(CURRENT, remarks=remarks)
    state = OUT_OF_DATE if known(before, found["metadata"]["name"]) and not own else UNPROTECTED
    return Drift(state, own + tuple(_changes_of_pods(before, after, settings)), remarks=remarks)


def drift_of_pod(found: Json, settings: Settings, scope: Scope) -> Drift:
    """What a new pod of the same workload would have that this live one, a server, has not.

    What was filled in is taken out first where it follows the settings. It is unprotected where it
    was never filled in.
    """
    before = as_created(found)
    after = deepcopy(before)
    metadata = found["metadata"]
    where = {"namespace": metadata["namespace"], "name": metadata["name"]}
    request = Request(Hook.MUTATE, PODS, "CREATE", after, kind="Pod", **where)
    reasons, _ = objections(request, settings, scope)
    if reasons:
        return Drift(REFUSED, reasons=reasons)
    after["spec"].pop(names.GATES, None)
    differing = tuple(changes(before, after))
    labels = metadata.get("labels") or {}
    if labels.get(names.SERVER) != "true" or names.NAME not in labels:
        return Drift(UNPROTECTED, differing)
    return Drift(OUT_OF_DATE if differing else CURRENT, differing)


def rolling_request(found: Json) -> Request:
    """The update with which a Deployment is rolled: another revision, and nothing else."""
    metadata = found["metadata"]
    return Request(
        Hook.MUTATE,
        DEPLOYMENTS,
        "UPDATE",
        _rolling(found),
        found,
        kind="Deployment",
        namespace=metadata["namespace"],
        name=metadata["name"],
    )


def as_created(found: Json) -> Json:
    """An object without the fields that a pod gets after its creation."""
    metadata = {key: each for key, each in found["metadata"].items() if key != "managedFields"}
    spec = {key: each for key, each in found["spec"].items() if key not in GOT_LATER}
    return {"metadata": metadata, "spec": spec}


def objections(
    request: Request, settings: Settings, scope: Scope
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Why a hook refuses it, and what both say beside that.

    Where none refuses it, the object of the request is filled in as it would be stored.
    """
    answer = enforce(request._replace(hook=Hook.MUTATE), settings, scope)
    findings = answer.findings
    if answer.allowed and (answer.operations or not settings.fills_templates):
        # Untouched by rules, it has passed every check that the other hook has.
        answer = enforce(request._replace(hook=Hook.VALIDATE), settings, scope)
        findings += answer.findings
    errors = [each for each in findings if each.severity is Severity.ERROR]
    others = [each for each in findings if each.severity is not Severity.ERROR]
    return tuple(errors), tuple(dict.fromkeys(others))


def known(pod: Json, name: str) -> bool:
    """Whether a template, or pod, carries both labels, which every one gets that is filled in."""
    labels = (pod.get("metadata") or {}).get("labels") or {}
    return labels.get(names.SERVER) == "true" and labels.get(names.NAME) == names.identity(name)


def changes(before: Json, after: Json, pointer: str = "") -> Iterator[Change]:
    """The fields of a pod, or of a template at the pointer, that differ.

    The record of injected fields is reported only where nothing else differs.
    """
    memory = f"{pointer}/metadata/annotations/{escape(names.INJECTED)}"
    found = list(_changes(before, after, pointer, ""))
    reported = [each for each in found if each.path != memory]
    yield from reported or found


def _changes_of_pods(before: Json, after: Json, settings: Settings) -> Iterator[Change]:
    """How pods would differ; where they would not, what moves from the template to its pods."""
    was, would_be = as_given(before, settings), as_given(after, settings)
    if was["spec"] == would_be["spec"]:
        was, would_be = before, after
    return changes(was, would_be, TEMPLATE)


def _changes(before: Any, after: Any, path: str, field: str) -> Iterator[Change]:
    if alike(before, after):
        return
    old, new = items_by_key(before), items_by_key(after)
    if old is None or new is None:
        yield Change(field, path, before, after)
        return
    in_list = isinstance(before or after, list)
    for key in sorted(old.keys() | new.keys()):
        step, was = old.get(key) or (new[key][0], None)
        _, now = new.get(key) or (step, None)
        called, at = field_called(field, key, in_list=in_list), f"{path}/{step}"
        if in_list and (was is None or now is None):
            yield Change(called, at, was, now)
        else:
            yield from _changes(was, now, at, called)


def items_by_key(value: Any) -> dict[str, tuple[str, Any]] | None:
    """What is inside, by what identifies it, with its step in a pointer; None for a value."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return {key: (escape(key), each) for key, each in value.items()}
    if isinstance(value, list) and all(isinstance(each, dict) and "name" in each for each in value):
        found = {str(each["name"]): (str(at), each) for at, each in enumerate(value)}
        return found if len(found) == len(value) else None
    return None


def field_called(field: str, key: str, *, in_list: bool) -> str:
    """As messages of rules call it: `containers[mcp].resources`, `metadata.labels[a/b]`."""
    if in_list or not key.isalnum():
        return f"{field}[{key}]"
    return key if field in ("", "spec") else f"{field}.{key}"


def _own_label(found: Json) -> str | None:
    label: str | None = (found["metadata"].get("labels") or {}).get(names.SERVER)
    return label


def _rolling(found: Json) -> Json:
    """The update, in objects of its own wherever a review edits them."""
    metadata = {key: each for key, each in found["metadata"].items() if key != "managedFields"}
    for key in ("labels", "annotations"):
        if isinstance(metadata.get(key), dict):
            metadata[key] = dict(metadata[key])
    template = deepcopy(found["spec"]["template"])
    of_template = template.setdefault("metadata", {})
    annotations = of_template.get("annotations") or {}
    of_template["annotations"] = annotations | {names.REVISION: "another"}
    return {"metadata": metadata, "spec": {**found["spec"], "template": template}}


def _take_back(before: Json, after: Json) -> None:
    """Let the revision be what it was."""
    was = (before.get("metadata") or {}).get("annotations") or {}
    annotations = after["metadata"]["annotations"]
    annotations.pop(names.REVISION, None)
    if names.REVISION in was:
        annotations[names.REVISION] = was[names.REVISION]


def as_given(template: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """A copy of a template that holds what it remembers its new pods are given."""
    shown = deepcopy(template)
    fields = Fields(shown, Patch())
    annotations = fields.child("metadata").child("annotations")
    memory = injected.read_memory(annotations)
    if memory is None:
        return shown
    origin = Origin(annotations=(annotations,))
    head = PodHead(fields.child("metadata"), fields.child("spec"), origin)
    Enforcement.of_owned_pod(settings, Pod(head), memory).give()
    return shown
