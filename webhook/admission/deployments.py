"""Deployments: the only workloads whose template is filled in, and the only ones that opt out.

With `fillIn: pods` nothing of them is changed (webhook/admission/written_templates.py). The
selector of a Deployment cannot change once it is stored. Where opting out takes away a label that
it asks for, or where it asks for another name, the API server would refuse the template without
saying why; the review says why. A Scale carries no template and no labels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from webhook import names
from webhook.admission import answer, injected, revert, written_templates
from webhook.admission.coverage import Coverage, callers, coverage_of, uncovered, unread_labels
from webhook.admission.enforcement import Enforcement, missing_class, notices
from webhook.admission.going_back import forged_digest, goes_back
from webhook.admission.workload import Hook, Request, Scope, Workload, read_workload
from webhook.admission.workload_name import head_of_scale
from webhook.documents import escape
from webhook.pods import Fields, Patch, Pod
from webhook.rules.rule import DeploymentFields
from webhook.settings import Settings

LABEL_PATH = f"/metadata/labels/{escape(names.SERVER)}"
_WITHOUT = ("NotIn", "DoesNotExist")


@dataclass(frozen=True)
class _Change:
    """One request for a Deployment; `old` is None on CREATE.

    `unchanged` says that it is an update that left template, labels and annotations of ours alone,
    or takes back a roll that is not complete.
    """

    request: Request
    settings: Settings
    scope: Scope
    patch: Patch
    new: Workload
    old: Workload | None
    unchanged: bool


def review_deployment(request: Request, settings: Settings, scope: Scope) -> answer.Answer:
    """Fill in or check a Deployment, or let it out."""
    patch = Patch()
    new = read_workload(request.object, request, scope, patch)
    updating = request.operation == "UPDATE"
    old = read_workload(request.old_object, request, scope, Patch()) if updating else None
    coverage = coverage_of(new, old, settings, scope)
    if coverage is Coverage.NONE:
        return uncovered(new)
    unchanged = old is not None and (revert.unchanged(new, old) or goes_back(request, new, old))
    change = _Change(request, settings, scope, patch, new, old, unchanged)
    if not change.unchanged:
        request.measure()
    if coverage is Coverage.LEAVES and settings.fills_templates:
        return _leave(change)
    if coverage is Coverage.MAY_NOT_LEAVE:
        return answer.refuse(
            new.name,
            [_label('must not be "false" in a managed namespace: deploy it in another one')],
        )
    if not settings.fills_templates:
        return _check_as_written(change, coverage)
    mutating = request.hook is Hook.MUTATE
    findings = forged_digest(request, new, old, coverage) + _named(change)
    findings += _mutate(change, coverage) if mutating else _validate(change)
    return answer.allow_or_refuse(new.name, findings, patch.finish(), head=new.head)


def _mutate(change: _Change, coverage: Coverage) -> list[answer.Finding]:
    new, old, patch = change.new, change.old, change.patch
    notes = _keep_label(change, coverage)
    deployment = _deployment(new, old)
    if old is not None and coverage is not Coverage.JOINS and _stays(change, new, old):
        return notes + Enforcement.of_workload(change.settings, new.head, deployment).settle(patch)
    new.labels.default(names.SERVER, "true")
    notes += notices(change.settings, new.head)
    memory = injected.read_memory(new.head.annotations)
    if memory is not None:
        revert.take_out(new.head.spec, memory, patch)
    pod = Pod(new.head)
    enforcement = Enforcement.of_deployment(change.settings, pod, deployment)
    findings = enforcement.fill(patch)
    _copy_annotations(new)
    findings += enforcement.settle(patch)
    injected.write_memory(pod, patch, memory, enforcement.promise())
    return notes + findings


def _validate(change: _Change) -> list[answer.Finding]:
    new, old = change.new, change.old
    deployment = _deployment(new, old)
    if change.unchanged:
        return Enforcement.of_workload(change.settings, new.head, deployment).check()
    enforcement = Enforcement.of_deployment(change.settings, Pod(new.head), deployment)
    findings = enforcement.check() + missing_class(new.head, change.request.runtime_classes)
    if new.labels.get(names.SERVER) is None:
        findings.append(_label('must be "true", or "false" to opt out'))
    return findings


def _check_as_written(change: _Change, coverage: Coverage) -> answer.Answer:
    """Check a Deployment whose pods are filled in, and not it: the validating hook says it all."""
    new, old, settings = change.new, change.old, change.settings
    if change.request.hook is Hook.MUTATE:
        return answer.allow()
    if coverage is Coverage.LEAVES:
        return answer.allow_or_refuse(new.name, written_templates.leaving(new, old))
    findings = forged_digest(change.request, new, old, coverage) + _named(change)
    if coverage is Coverage.LOSES_LABEL:
        findings.append(_label('must not be taken away: to opt out, set it to "false"'))
    if coverage is Coverage.JOINS and old is not None:
        findings += filter(None, [callers(settings, new)])
    findings += Enforcement.of_workload(settings, new.head, _deployment(new, old)).check()
    if not change.unchanged:
        findings += written_templates.check_template(
            new, change.request, settings, change.scope, change.patch
        )
    return answer.allow_or_refuse(new.name, findings, head=new.head)


def _leave(change: _Change) -> answer.Answer:
    """Take our labels, what we filled in and what we copied out of the template."""
    new, old = change.new, change.old
    kept = labels_asked_for(new)
    if kept and change.unchanged:
        return answer.allow()
    if kept:
        return answer.refuse(new.name, [_label(_selected_by(kept, stored=old is not None))])
    if change.request.hook is Hook.VALIDATE:
        return answer.allow()
    memory = injected.read_memory(new.head.annotations)
    if memory is None and old is not None:
        memory = injected.read_memory(old.head.annotations)
    if memory is not None:
        revert.restore_original(new.head.spec, memory, change.patch)
    revert.take_out_metadata(new, change.patch)
    note = "opts out: injected fields are removed, and the pods roll"
    return answer.allow([_label(note, answer.Severity.WARNING)], change.patch.finish())


def _selected_by(kept: list[str], *, stored: bool) -> str:
    """Why a Deployment cannot opt out whose selector asks for our labels, and what to do."""
    because = f'must not be "false", because spec.selector asks for {" and ".join(kept)}'
    if stored:
        return f"{because} and cannot change: delete the Deployment, and create it without them"
    return f"{because}: take them out of spec.selector"


def _stays(change: _Change, new: Workload, old: Workload) -> bool:
    """Whether its pods stay; what is too large is compared as a whole alone."""
    return change.unchanged or (change.request.fits() and revert.restore(new, old))


def _deployment(new: Workload, old: Workload | None) -> DeploymentFields:
    count = None if old is None else old.root.child("spec").get("replicas")
    spec = Fields(new.root.get("spec"), new.root.editor, key="spec", root="/spec")
    return DeploymentFields(spec, count if isinstance(count, int) else None)


def _keep_label(change: _Change, coverage: Coverage) -> list[answer.Finding]:
    """Put back a label that was there; one that never was waits until the template changes."""
    new, old = change.new, change.old
    if old is not None and old.labels.has(names.SERVER):
        new.labels.default(names.SERVER, "true")
    if coverage is Coverage.LOSES_LABEL:
        return [_label('put back: to opt out, set it to "false"', answer.Severity.WARNING)]
    if coverage is Coverage.JOINS and old is not None:
        rolls = _label("is new: the hardened template rolls the pods", answer.Severity.WARNING)
        called_by = callers(change.settings, new)
        return [rolls] if called_by is None else [rolls, called_by]
    return []


def _copy_annotations(new: Workload) -> None:
    """Let the pods read what their Deployment was reviewed by, even where the template differs."""
    for key in names.READ_BY_PODS:
        value = new.annotations.get(key)
        if new.annotations.has(key) and new.head.annotations.get(key) != value:
            new.head.annotations.set(key, value)


def _named(change: _Change) -> list[answer.Finding]:
    """Object to what a server cannot be called; what was there before us may stay as it is."""
    new = change.new
    if change.unchanged:
        return []
    findings = []
    if not new.root.child("metadata").has("name"):
        message = "metadata.name: give it a name, because labels and objects are made from it"
        findings.append(
            answer.Finding("identity", answer.Severity.ERROR, "/metadata/name", message)
        )
    value = new.labels.get(names.SERVER)
    if value not in (None, "true", "false"):
        findings.append(_label('must be "true" or "false"'))
    asked = other_name(new)
    if asked is not None:
        path = f"/spec/selector/matchLabels/{escape(names.NAME)}"
        wanted = names.identity(new.name)
        message = f"spec.selector.matchLabels[{names.NAME}] must be {wanted}, or left out"
        findings.append(answer.Finding("identity", answer.Severity.ERROR, path, message))
    return findings + unread_labels(new)


def _label(sentence: str, severity: answer.Severity = answer.Severity.ERROR) -> answer.Finding:
    message = f"metadata.labels[{names.SERVER}] {sentence}"
    return answer.Finding("identity", severity, LABEL_PATH, message)


def labels_asked_for(workload: Workload) -> list[str]:
    """The labels of ours without which the selector does not match the template."""
    return list(dict.fromkeys(_asked_for(_selector(workload))))


def other_name(workload: Workload) -> str | None:
    """The name by which the selector asks for pods, where they will have another one."""
    asked = _selector(workload).child("matchLabels").get(names.NAME)
    return None if asked in (None, names.identity(workload.name)) else str(asked)


def _asked_for(selector: Fields) -> Iterator[str]:
    for key, _ in selector.child("matchLabels").entries():
        if key in names.LABELS:
            yield key
    for expression in selector.items("matchExpressions"):
        key = expression.get("key")
        if key in names.LABELS and expression.get("operator") not in _WITHOUT:
            yield key


def _selector(workload: Workload) -> Fields:
    return workload.root.child("spec").child("selector")


def review_scale(request: Request, settings: Settings, scope: Scope) -> answer.Answer:
    """Refuse a count that the replicas rule does not allow; nothing can be filled in here."""
    if scope is not Scope.MANAGED:
        return answer.NOT_COVERED
    patch = Patch()
    spec = Fields(request.object, patch).child("spec")
    before = Fields(request.old_object, patch).child("spec").get("replicas")
    scaled = DeploymentFields(spec, before if isinstance(before, int) else None)
    head = head_of_scale(request.name, request.namespace)
    findings = Enforcement.of_workload(settings, head, scaled).check()
    return answer.allow_or_refuse(request.name, findings, head=head)
