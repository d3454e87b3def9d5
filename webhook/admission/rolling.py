"""Whether an update of a Deployment rolls its pods, apart from what we filled in ourselves.

Changed settings reach only new or restarted workloads: an update that leaves the template alone
gets no patch there, and one that sends the original manifest again (a PUT, a GitOps sync) gets
back what the template held.
"""

from typing import Any

from webhook import names
from webhook.admission import injected, revert
from webhook.admission.workload import Workload
from webhook.pods.fields import Fields
from webhook.pods.patch import Patch


def unchanged(new: Workload, old: Workload) -> bool:
    """Whether template, product labels and product annotations are the same as before."""
    return new.template.value == old.template.value and _product(new) == _product(old)


def restore(new: Workload, old: Workload) -> bool:
    """Give the template its old values where only ours are missing from it; say whether."""
    if _product(new) != _product(old) or _revised(new, old):
        return False
    memory = injected.read(old.head.annotations)
    if memory is None:
        return False
    scratch = Patch()
    _take_out(new, injected.read(new.head.annotations) or memory, scratch)
    _take_out(old, memory, scratch)
    same = alike(new.template.value, old.template.value)
    scratch.undo()
    if same and new.template.inside is not None:
        new.template.inside.set("template", old.template.value)
    return same


def take_out_metadata(workload: Workload, patch: Patch) -> None:
    """Take our labels, memory, revision and copied annotations out of the template's metadata."""
    labels, annotations = workload.head.labels, workload.head.annotations
    for label in names.LABELS:
        _take(labels, label, patch)
    _take(annotations, names.INJECTED, patch)
    _take(annotations, names.REVISION, patch)
    for key in names.READ_BY_PODS:
        if annotations.get(key) == workload.annotations.get(key):
            _take(annotations, key, patch)


def alike(one: Any, other: Any) -> bool:
    """Equality of objects in which null and empty values count as absent."""
    if type(one) is dict and type(other) is dict:
        return all(alike(one.get(key), other.get(key)) for key in one.keys() | other.keys())
    if type(one) is list and type(other) is list and len(one) == len(other):
        return all(map(alike, one, other))
    return bool(one == other) or (_empty(one) and _empty(other))


def _empty(value: Any) -> bool:
    if type(value) is dict:
        return all(map(_empty, value.values()))
    return value is None or value == []


def _take_out(workload: Workload, memory: injected.Memory, patch: Patch) -> None:
    revert.restore_original(workload.head.spec, memory, patch)
    take_out_metadata(workload, patch)


def _take(fields: Fields, key: str, patch: Patch) -> None:
    if fields.value is not None and key in fields.value:
        patch.take(fields, key)


def _revised(new: Workload, old: Workload) -> bool:
    """Whether the update brings a revision of its own; one that lacks it is a manifest."""
    revision = new.head.annotations.get(names.REVISION)
    return revision is not None and revision != old.head.annotations.get(names.REVISION)


def _product(workload: Workload) -> dict[str, Any]:
    asked = {key: workload.annotations.get(key) for key in names.ASKED_BY_USERS}
    return {**asked, names.SERVER: workload.labels.get(names.SERVER)}
