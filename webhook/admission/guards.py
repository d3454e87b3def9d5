"""What cannot change on a live pod: labels, gate, tolerations; and none of it by a Binding."""

import json
from itertools import islice
from typing import Any

from webhook import names
from webhook.admission.answer import Finding, Severity
from webhook.admission.budget import MOST_SAID
from webhook.admission.enforcement import Enforcement
from webhook.admission.excepted import exceptions_for, let_off
from webhook.admission.workload import Request
from webhook.documents import escape
from webhook.pods import Fields, Origin, Patch, Pod, PodHead, Violation
from webhook.rules.checks import apparmor, tolerations
from webhook.settings import Settings


def changed_labels(request: Request) -> list[Finding]:
    """Object to our labels being added to, changed on or dropped from a live pod."""
    new, old = _labels(request.object), _labels(request.old_object)
    return [
        _error(
            "identity",
            f"/metadata/labels/{escape(label)}",
            f"metadata.labels[{label}] cannot change on a live pod: recreate the pod",
        )
        for label in names.LABELS
        if new.get(label) != old.get(label)
    ]


def removed_gate(request: Request, settings: Settings) -> list[Finding]:
    """Object to the gate being removed by anybody but the controller and the break-glass groups."""
    held = names.GATE in _gates(request.old_object)
    if not held or names.GATE in _gates(request.object) or _may_remove(request, settings):
        return []
    sentence = (
        f"{names.GATES}: only the controller removes {names.GATE}, once the network policy exists"
    )
    return [_error("isolation-gate", f"/spec/{names.GATES}", sentence)]


def added_tolerations(
    request: Request, new: PodHead, old: PodHead, settings: Settings
) -> list[Finding]:
    """Object to a toleration of everything that the live pod did not have."""
    rule = tolerations.RULE
    action = settings.conflict_action(rule.id)
    if action == "off" or new.spec.list(tolerations.KEY) == old.spec.list(tolerations.KEY):
        return []
    request.measure()
    before = set(map(_spelling, tolerations.of_everything(old.spec, settings)))
    severity = Severity.WARNING if action == "warn" else Severity.ERROR
    added = (
        found
        for found in tolerations.of_everything(new.spec, settings)
        if _spelling(found) not in before
    )
    findings = [
        Finding(rule.id, severity, found.pointer, found.message, found.brief)
        for found in islice(added, MOST_SAID)
    ]
    exception = exceptions_for(settings, new).get(rule.id)
    return [let_off(found, exception) for found in findings] if exception else findings


def keys_of_binding(request: Request, settings: Settings) -> list[Finding]:
    """Object to what a Binding would bring to its pod: our keys, and AppArmor switched off.

    It does not say whose pod that is, so no exception counts.
    """
    request.measure()
    metadata = Fields(request.object, Patch()).child("metadata")
    ours = [
        _error(
            "identity",
            f"/metadata/{part}/{escape(key)}",
            f"metadata.{part}[{key}] cannot be given to a pod by its Binding",
        )
        for part in ("labels", "annotations")
        for key, _ in metadata.child(part).entries()
        if key.startswith(names.PREFIX)
    ]
    return ours + _profiles(metadata, settings)


def _spelling(found: Violation) -> str:
    return json.dumps(found.at.list(found.key)[found.item or 0], sort_keys=True)


def _profiles(metadata: Fields, settings: Settings) -> list[Finding]:
    """What the rule says about the annotations once they are a pod's: kubelets read them there."""
    carried = Pod(PodHead(metadata, Fields({}, Patch(), root="/spec"), Origin()))
    return Enforcement.of_rule(apparmor.RULE.id, settings, carried).check()


def _may_remove(request: Request, settings: Settings) -> bool:
    isolation = settings.isolation
    controller = isolation.controller_user is not None and request.user == isolation.controller_user
    return controller or not set(isolation.break_glass_groups).isdisjoint(request.groups)


def _labels(document: Any) -> Fields:
    return Fields(document, Patch()).child("metadata").child("labels")


def _gates(document: Any) -> set[str]:
    return Fields(document, Patch()).child("spec").names(names.GATES)


def _error(rule: str, path: str, message: str) -> Finding:
    return Finding(rule, Severity.ERROR, path, message)
