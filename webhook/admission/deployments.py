"""Deployments: the only workloads whose template is filled in, and the only ones that opt out."""

from __future__ import annotations

from dataclasses import dataclass

from webhook.admission import injected, revert, rolling
from webhook.admission.answer import NOT_COVERED, Answer, Finding, Severity, allow, decide, refuse
from webhook.admission.coverage import Coverage, of_deployment
from webhook.admission.enforcement import Enforcement
from webhook.admission.patch import Patch
from webhook.admission.request import Hook, Request, Scope
from webhook.admission.workload import Workload, read
from webhook.rules import names, rule
from webhook.rules.fields import Fields, escape
from webhook.settings.model import Settings

LABEL_PATH = f"/metadata/labels/{escape(names.SERVER)}"


@dataclass(frozen=True)
class _Change:
    """One request for a Deployment; `old` is None on CREATE."""

    request: Request
    settings: Settings
    scope: Scope
    patch: Patch
    new: Workload
    old: Workload | None

    @property
    def coverage(self) -> Coverage:
        """What the request means for the Deployment."""
        return of_deployment(self.new, self.old, self.settings, self.scope)


def review(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Fill in or check a Deployment, or let it out."""
    patch = Patch()
    new = read(request.object, request, scope, patch)
    updating = request.operation == "UPDATE"
    old = read(request.old_object, request, scope, Patch()) if updating else None
    change = _Change(request, settings, scope, patch, new, old)
    coverage = change.coverage
    if coverage is Coverage.NONE:
        return NOT_COVERED
    if coverage is Coverage.LEAVES:
        return _leave(change)
    if coverage is Coverage.MAY_NOT_LEAVE:
        return refuse(
            new.name,
            [_label('must not be "false" in a managed namespace: deploy it in another one')],
        )
    mutating = request.hook is Hook.MUTATE
    findings = _named(change) + (_mutate(change, coverage) if mutating else _validate(change))
    return decide(new.name, findings, patch.finish())


def _mutate(change: _Change, coverage: Coverage) -> list[Finding]:
    new, old, patch = change.new, change.old, change.patch
    notes = _keep_label(new, old, coverage)
    deployment = _deployment(new, old)
    if old is not None and coverage is not Coverage.JOINS and _stays(new, old):
        return notes + Enforcement(change.settings, None, deployment).settle(patch)
    new.labels.default(names.SERVER, "true")
    memory = injected.read(new.pod.annotations)
    if memory is not None:
        revert.take_out(new.pod.spec, memory, patch)
        new = read(change.request.object, change.request, change.scope, patch)
    enforcement = Enforcement(change.settings, new.pod, deployment)
    findings = enforcement.fill(patch)
    _copy_annotations(new)
    findings += enforcement.settle(patch)
    injected.write(new.pod, patch, memory, enforcement.promise())
    return notes + findings


def _validate(change: _Change) -> list[Finding]:
    new, old = change.new, change.old
    rolls = old is None or not rolling.unchanged(new, old)
    enforcement = Enforcement(change.settings, new.pod if rolls else None, _deployment(new, old))
    findings = enforcement.check()
    if rolls and new.labels.get(names.SERVER) is None:
        findings.append(_label('must be "true", or "false" to opt out'))
    return findings


def _leave(change: _Change) -> Answer:
    """Take our labels, what we filled in and what we copied out of the template."""
    if change.request.hook is Hook.VALIDATE:
        return allow()
    new, old = change.new, change.old
    memory = injected.read(new.pod.annotations)
    if memory is None and old is not None:
        memory = injected.read(old.pod.annotations)
    if memory is not None:
        revert.take_out(new.pod.spec, memory, change.patch, leaving=True)
    rolling.take_out_metadata(new, change.patch)
    note = "opts out: what was filled in goes, and the pods roll"
    return allow([_label(note, Severity.WARNING)], change.patch.finish())


def _stays(new: Workload, old: Workload) -> bool:
    return rolling.unchanged(new, old) or rolling.restore(new, old)


def _deployment(new: Workload, old: Workload | None) -> rule.Workload:
    count = None if old is None else old.root.child("spec").get("replicas")
    spec = Fields(new.root.get("spec"), new.root.editor, key="spec", root="/spec")
    return rule.Workload(spec, count if isinstance(count, int) else None)


def _keep_label(new: Workload, old: Workload | None, coverage: Coverage) -> list[Finding]:
    """Put back a label that was there; one that never was waits until the template changes."""
    if old is not None and old.labels.has(names.SERVER):
        new.labels.default(names.SERVER, "true")
    if coverage is Coverage.LOSES_LABEL:
        return [_label('put back: to opt out, set it to "false"', Severity.WARNING)]
    if coverage is Coverage.JOINS and old is not None:
        return [_label("is new: the hardened template rolls the pods", Severity.WARNING)]
    return []


def _copy_annotations(new: Workload) -> None:
    """Let the pods read what their Deployment was reviewed by, even where the template differs."""
    for key in names.READ_BY_PODS:
        value = new.annotations.get(key)
        if new.annotations.has(key) and new.pod.annotations.get(key) != value:
            new.pod.annotations.set(key, value)


def _named(change: _Change) -> list[Finding]:
    """Object to what a server cannot be called; what was there before us may stay as it is."""
    new, old = change.new, change.old
    if old is not None and rolling.unchanged(new, old):
        return []
    findings = []
    if not new.root.child("metadata").has("name"):
        message = "metadata.name: give it a name, because labels and objects are made from it"
        findings.append(Finding("identity", Severity.ERROR, "/metadata/name", message))
    value = new.labels.get(names.SERVER)
    if value not in (None, "true", "false"):
        findings.append(_label('must be "true" or "false"'))
    return findings


def _label(sentence: str, severity: Severity = Severity.ERROR) -> Finding:
    message = f"metadata.labels[{names.SERVER}] {sentence}"
    return Finding("identity", severity, LABEL_PATH, message)
