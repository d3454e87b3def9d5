"""Three columns of one diff: what the author wrote, what is stored, what a roll would make of it.

The engine says each. What was filled in stands in the record that a template, or a pod, carries;
the way from there to the author's words is that of a server that opts out. What a roll would
change is asked as `audit` and `apply` ask it, so that the third column differs from the second in
their very fields. The record is a memory, and no proof: who writes a template can write it.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from webhook import admission, names
from webhook.admission import budget, drift, injected, revert
from webhook.console.bounded_text import Bounded, bounded, value_text
from webhook.pods import Fields, Patch
from webhook.settings import Settings

Json = dict[str, Any]
Triple = tuple[Any, Any, Any]
MOST_ROWS = 200
SAME, FILLED, ROLLS, BOTH = "same", "filled-in", "would-change", "both"
RECORD = f"metadata.annotations[{names.INJECTED}]"
UNRECORDED = (
    "no record tells what was filled in: it is older than the webhook, or nothing had to be added"
)
AS_WRITTEN = (
    "with fillIn: pods no template is changed, and its pods are filled in: a pod is compared here"
)
NO_PODS = (
    "there is no pod to compare: with fillIn: pods, and for this kind, only pods are filled in"
)
REFUSED_NOW = "a roll would be refused now, so there is no third column: the findings say why"


class FieldRow(NamedTuple):
    """A field as it is in each column; empty text where it is absent. `change` is a word above."""

    field: str
    written: str
    now: str
    rolled: str
    change: str


class Columns(NamedTuple):
    """The fields that differ between the columns, and those that do not.

    `of` is what is compared. `recorded` is whether the first column is known, `foreseen` whether
    the third is; `notes` say why one is not.
    """

    of: str
    state: str
    differing: Bounded
    alike: Bounded
    recorded: bool
    foreseen: bool
    notes: tuple[str, ...] = ()


def template_columns(found: Json, settings: Settings, scope: admission.Scope) -> Columns:
    """The columns of a Deployment whose template is filled in."""
    outlook = drift.drift_of(found, settings, scope)
    large = _too_large(found, admission.KINDS[admission.DEPLOYMENTS][1])
    if large:
        return _nothing("template", outlook.state, large)
    before = deepcopy(found["spec"]["template"])
    own = (found["metadata"].get("annotations")) or {}
    written = as_written(before, own)
    request = drift.rolling_request(found)
    reasons, _ = drift.objections(request, settings, scope)
    after = before if reasons else request.object["spec"]["template"]
    for each in (before, after):
        _annotations(each).pop(names.REVISION, None)
    given = drift.as_given(before, settings), drift.as_given(after, settings)
    if given[0]["spec"] != given[1]["spec"] or revert.alike(before, after):
        before, after = given
    rows = list(_rows((before if written is None else written, before, after)))
    rows[:0] = _own_label(found, request.object, refused=bool(reasons))
    return _columns(
        "template", outlook.state, rows, recorded=written is not None, refused=bool(reasons)
    )


def pod_columns(pod: Json, settings: Settings, scope: admission.Scope) -> Columns:
    """The columns of a live pod: the third is what a new one like it would be."""
    of = f"pod {pod['metadata']['name']}"
    large = _too_large(pod, ())
    if large:
        return _nothing(of, admission.REFUSED, large)
    outlook = drift.drift_of_pod(pod, settings, scope)
    before = admission.as_created(pod)
    after = deepcopy(before)
    metadata = pod["metadata"]
    where = {"namespace": metadata["namespace"], "name": metadata["name"]}
    request = admission.Request(
        admission.Hook.MUTATE, admission.PODS, "CREATE", after, kind="Pod", **where
    )
    reasons, _ = drift.objections(request, settings, scope)
    after["spec"].pop(names.GATES, None)
    shown, rolled = _of_pod(before), _of_pod(before if reasons else after)
    written = as_written(shown, {})
    rows = _rows((shown if written is None else written, shown, rolled))
    return _columns(of, outlook.state, rows, recorded=written is not None, refused=bool(reasons))


def unfilled_columns(state: str, why: str) -> Columns:
    """No columns, and why."""
    return _nothing("", state, why)


def as_written(template: Json, of_workload: Mapping[str, Any]) -> Json | None:
    """What the author of a template or pod wrote, as its record tells; None without one.

    What a template has of its workload's annotations is ours, too.
    """
    shown = deepcopy(template)
    patch = Patch()
    fields = Fields(shown, patch)
    memory = injected.read_memory(fields.child("metadata").child("annotations"))
    if memory is None:
        return None
    revert.restore_original(fields.child("spec"), memory, patch)
    metadata = shown.get("metadata") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    for label in names.LABELS:
        labels.pop(label, None)
    for key in (names.INJECTED, names.REVISION):
        annotations.pop(key, None)
    for key in names.READ_BY_PODS:
        if key in annotations and annotations[key] == of_workload.get(key):
            del annotations[key]
    for key in ("labels", "annotations"):
        if key in metadata and not metadata[key]:
            del metadata[key]
    return shown


def _columns(
    of: str, state: str, rows: Iterable[FieldRow], *, recorded: bool, refused: bool
) -> Columns:
    found = list(rows)
    differing = [each for each in found if each.change != SAME]
    alike = [each for each in found if each.change == SAME]
    if any(each.change in (ROLLS, BOTH) and each.field != RECORD for each in differing):
        differing = [each for each in differing if each.field != RECORD]
    notes = ([] if recorded else [UNRECORDED]) + ([REFUSED_NOW] if refused else [])
    shown = bounded(differing, MOST_ROWS), bounded(alike, MOST_ROWS)
    return Columns(of, state, *shown, recorded, not refused, tuple(notes))


def _nothing(of: str, state: str, why: str) -> Columns:
    return Columns(of, state, Bounded(), Bounded(), recorded=False, foreseen=False, notes=(why,))


def _rows(columns: Triple) -> Iterator[FieldRow]:
    for field, (written, now, rolled) in _leaves(columns, ""):
        filled = field != RECORD and not revert.alike(written, now)
        rolls = not revert.alike(now, rolled)
        change = BOTH if filled and rolls else ROLLS if rolls else FILLED if filled else SAME
        if field != RECORD or change != SAME:
            yield FieldRow(field, _cell(written), _cell(now), _cell(rolled), change)


def _leaves(columns: Triple, field: str) -> Iterator[tuple[str, Triple]]:
    """Each field that is inside, with its value in each column, by the names that audit has."""
    parts = [drift.items_by_key(each) for each in columns]
    first, second, third = parts
    keys = sorted((first or {}).keys() | (second or {}).keys() | (third or {}).keys())
    if None in parts or not keys:
        if any(each is not None for each in columns):
            yield field, columns
        return
    in_list = any(isinstance(each, list) for each in columns)
    for key in keys:
        inside: Any = tuple((part or {}).get(key, ("", None))[1] for part in parts)
        called = drift.field_called(field, key, in_list=in_list)
        if in_list and None in inside:
            yield called, inside
        else:
            yield from _leaves(inside, called)


def _own_label(found: Json, rolled: Json, *, refused: bool) -> Iterator[FieldRow]:
    """The label of the workload itself, where a roll would set it."""
    was, would_be = (
        (each["metadata"].get("labels") or {}).get(names.SERVER) for each in (found, rolled)
    )
    if was != would_be and not refused:
        yield FieldRow(drift.OWN_FIELD, _cell(was), _cell(was), _cell(would_be), ROLLS)


def _of_pod(created: Json) -> Json:
    """The part of a pod that its author, or its template, can write."""
    metadata = created["metadata"]
    kept = {key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}
    return {"metadata": kept, "spec": created["spec"]}


def _annotations(template: Json) -> Json:
    annotations: Json = (template.get("metadata") or {}).get("annotations") or {}
    return annotations


def _too_large(found: Json, path: tuple[str, ...]) -> str:
    """Why an object is not compared; empty where it is."""
    try:
        budget.measure(found, path, budget.FILLED_IN, None)
    except budget.TooLarge as error:
        return str(error)
    return ""


def _cell(value: Any) -> str:
    return "" if value is None else value_text(value)
