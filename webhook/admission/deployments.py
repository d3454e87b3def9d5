"""Deployments: the only workloads whose template is filled in, and the only ones that opt out."""

from __future__ import annotations

from webhook.admission import injected, rolling
from webhook.admission.answer import NOT_COVERED, Answer, Finding, Severity, allow, refuse
from webhook.admission.coverage import Coverage, of_deployment
from webhook.admission.enforcement import Enforcement
from webhook.admission.patch import Patch
from webhook.admission.request import Hook, Request, Scope
from webhook.admission.workload import Workload, read
from webhook.rules import names, rule
from webhook.rules.fields import Fields
from webhook.settings.model import Settings

LABEL_PATH = "/metadata/labels/mcp-admission.dev~1server"


def review(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Fill in or check a Deployment, or let it out."""
    patch = Patch()
    new = read(request.object, request, scope, patch)
    old = None
    if request.operation == "UPDATE":
        old = read(request.old_object, request, scope, Patch())
    coverage = of_deployment(new, old, settings, scope)
    if coverage is Coverage.NONE:
        return NOT_COVERED
    if coverage is Coverage.LEAVES:
        return _leave(new, old, patch, request)
    if coverage is Coverage.MAY_NOT_LEAVE:
        return refuse(new.name, [_label('must not be "false" in a managed namespace')])
    findings = _named(new)
    if request.hook is Hook.MUTATE:
        findings += _mutate(new, old, coverage, settings, patch, request, scope)
    else:
        findings += _validate(new, old, settings)
    return _answer(new, findings, patch)


def _mutate(  # noqa: PLR0913, PLR0917 - the whole of a request, taken apart
    new: Workload,
    old: Workload | None,
    coverage: Coverage,
    settings: Settings,
    patch: Patch,
    request: Request,
    scope: Scope,
) -> list[Finding]:
    notes = _label_workload(new, old, coverage)
    if old is not None and coverage is not Coverage.JOINS and _stays(new, old):
        return notes + Enforcement(settings, None, _deployment(new, old)).check(Hook.MUTATE, patch)
    memory = injected.read(new.pod.annotations)
    if memory is not None:
        injected.take_out(new.pod.spec, memory, patch)
        new = read(request.object, request, scope, patch)
    enforcement = Enforcement(settings, new.pod, _deployment(new, old))
    findings = enforcement.fill(patch)
    _copy_annotations(new)
    findings += enforcement.check(Hook.MUTATE, patch)
    injected.write(new.pod, patch)
    return notes + findings


def _validate(new: Workload, old: Workload | None, settings: Settings) -> list[Finding]:
    findings = []
    if new.labels.get(names.SERVER) is None:
        findings.append(_label('must be "true", or "false" to opt out'))
    if old is not None and rolling.unchanged(new, old):
        return findings + Enforcement(settings, None, _deployment(new, old)).check(Hook.VALIDATE)
    enforcement = Enforcement(settings, new.pod, _deployment(new, old))
    return findings + enforcement.check(Hook.VALIDATE)


def _stays(new: Workload, old: Workload) -> bool:
    return rolling.unchanged(new, old) or rolling.restore(new, old)


def _deployment(new: Workload, old: Workload | None) -> rule.Workload:
    count = None if old is None else old.root.child("spec").get("replicas")
    spec = Fields(new.root.get("spec"), new.root.editor, label="spec", root="/spec")
    return rule.Workload(spec, count if isinstance(count, int) else None)


def _label_workload(new: Workload, old: Workload | None, coverage: Coverage) -> list[Finding]:
    new.labels.default(names.SERVER, "true")
    if coverage is Coverage.LOSES_LABEL:
        return [_label('put back: to opt out, set it to "false"', Severity.WARNING)]
    if coverage is Coverage.JOINS and old is not None:
        return [_label("is new: the hardened template rolls the pods", Severity.WARNING)]
    return []


def _copy_annotations(new: Workload) -> None:
    for key in names.READ_BY_PODS:
        if new.annotations.has(key):
            new.pod.annotations.default(key, new.annotations.get(key))


def _leave(new: Workload, old: Workload | None, patch: Patch, request: Request) -> Answer:
    """Take our labels, what we filled in and what we copied out of the template."""
    if request.hook is Hook.VALIDATE:
        return allow([], [])
    memory = injected.read(new.pod.annotations)
    if memory is None and old is not None:
        memory = injected.read(old.pod.annotations)
    if memory is not None:
        injected.take_out(new.pod.spec, memory, patch)
    rolling.take_out_metadata(new, patch)
    note = "opts out: what was filled in goes, and the pods roll"
    return allow([_label(note, Severity.WARNING)], patch.finish())


def _named(new: Workload) -> list[Finding]:
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


def _answer(new: Workload, findings: list[Finding], patch: Patch) -> Answer:
    if any(finding.severity is Severity.ERROR for finding in findings):
        return refuse(new.name, findings)
    return allow(findings, patch.finish())
