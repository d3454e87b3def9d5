"""Pods: filled in when they are created, guarded while they live."""

from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any

from webhook.admission import given, guards, injected, revert, workload_name
from webhook.admission.answer import NOT_COVERED, Answer, Finding, Severity, allow, allow_or_refuse
from webhook.admission.coverage import covered, uncovered
from webhook.admission.enforcement import Enforcement, notices
from webhook.admission.workload import Hook, Request, Scope, Workload, read_workload
from webhook.documents import value_at
from webhook.pods import (
    CONTAINER_LISTS,
    EPHEMERAL,
    Fields,
    Patch,
    Pod,
    PodHead,
    PodPaths,
    from_limit_range,
)
from webhook.rules.checks import resource_ceilings, runtime_class
from webhook.rules.checks.resources import exceeds
from webhook.settings import Settings

INHERITED = (
    "appArmorProfile",
    "runAsNonRoot",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
    "windowsOptions",
)

WRITTEN_BY_PROFILE = ("runAsNonRoot", "seccompProfile")
REQUESTS = ".resources.requests"
RESTRICTED_PROFILE = "use kubectl debug --profile=restricted, "


def review_new_pod(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Fill in a new pod, or check the final one."""
    patch = Patch()
    new = read_workload(request.object, request, scope, patch)
    if not covered(new, settings, scope):
        return uncovered(new)
    request.measure(filled_in=bool(new.head.origin.owner))
    if not settings.fills_templates:
        maker = workload_name.known_workload(new.head)
        new.head.origin.deployed = maker.kind == "Deployment"
    if request.hook is Hook.VALIDATE:
        findings = Enforcement.of_pod(settings, Pod(new.head)).check()
        return allow_or_refuse(new.name, findings, head=new.head)
    findings = notices(settings, new.head)
    memory = new.carried.memory
    if memory is not None and new.head.origin.owner and settings.fills_templates:
        _take_out_outdated(new.head, memory, settings, patch)
        enforcement = Enforcement.of_owned_pod(settings, Pod(new.head), memory)
        findings += enforcement.fill(patch) + enforcement.settle(patch)
        return allow_or_refuse(new.name, findings, patch.finish(), head=new.head)
    if memory is not None:
        _take_out(new.head, memory, settings, patch)
    again = memory is not None and "tolerations" in memory.items.get("", {})
    pod, by = Pod(new.head), given.beside_others(settings) if again else None
    enforcement = Enforcement.of_pod(settings, pod, given=by)
    findings += enforcement.fill(patch) + enforcement.settle(patch)
    injected.write_memory(pod, patch, memory)
    return allow_or_refuse(new.name, findings, patch.finish(), head=new.head)


def review_pod_update(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Put back what an apply took back, or check what an update may do to a live pod."""
    patch = Patch()
    new = read_workload(request.object, request, scope, patch)
    old = read_workload(request.old_object, request, scope, Patch())
    if not (covered(new, settings, scope) or covered(old, settings, scope)):
        return NOT_COVERED
    if request.hook is Hook.MUTATE:
        memory = injected.read_memory(old.annotations)
        if memory is not None and request.fits():
            revert.put_back(new.head.spec, old.head.spec, memory)
        return allow((), patch.finish())
    findings = guards.changed_labels(request) + guards.removed_gate(request, settings)
    findings += guards.added_tolerations(request, new.head, old.head, settings)
    if _significant(new, old):
        request.measure()
        findings += Enforcement.of_pod(settings, Pod(new.head)).check()
    return allow_or_refuse(new.name, findings, head=new.head)


def review_ephemeral_containers(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Fill in or check the ephemeral containers that the pod did not have, and nothing else."""
    patch = Patch()
    new = read_workload(request.object, request, scope, patch)
    old = read_workload(request.old_object, request, scope, Patch())
    if not (covered(new, settings, scope) or covered(old, settings, scope)):
        return NOT_COVERED
    request.measure(filled_in=True)
    pod = Pod(new.head, before=old.head.spec.names(EPHEMERAL))
    places = {container.fields.pointer for container in pod.containers}
    enforcement = Enforcement.of_owned_pod(settings, pod, injected.Memory())
    decided = {*places, *(f"{pod.security_context.pointer}/{key}" for key in INHERITED)}
    enforcement.concerns = lambda path: _stands_in(path, decided)
    guarded: list[Finding] = []
    if request.hook is Hook.MUTATE:
        findings = enforcement.fill(patch) + enforcement.settle(patch)
    else:
        guarded = guards.changed_labels(request)
        findings = enforcement.check()
    patch.undo_outside(lambda path: _stands_in(path, places))
    operations = patch.finish()
    places |= _inherited(pod)
    relevant = [finding for finding in findings if _stands_in(finding.path, places)]
    way_out = RESTRICTED_PROFILE if _of_profile(relevant, pod) else ""
    return allow_or_refuse(new.name, guarded + relevant, operations, head=new.head, way_out=way_out)


def review_resize(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Check the ceilings that a resize in place concerns; what it leaves alone may be older."""
    new = read_workload(request.object, request, scope, Patch())
    if not covered(new, settings, scope):
        return NOT_COVERED
    request.measure(filled_in=True)
    enforcement = Enforcement.of_rule(resource_ceilings.RULE.id, settings, Pod(new.head))
    enforcement.concerns = partial(_resized, request)
    return allow_or_refuse(new.name, enforcement.check(), head=new.head)


def _resized(request: Request, path: str) -> bool:
    """Whether the amount is another, or the pod as a whole loses the limit that stood for it."""
    new, old = request.object, request.old_object
    of_pod = f"/spec/resources/limits/{path.rpartition('/')[2]}"
    lost = value_at(new, of_pod) is None and value_at(old, of_pod) is not None
    return lost or value_at(new, path) != value_at(old, path)


def review_pod_status(request: Request, _settings: Settings, _scope: Scope) -> Answer:
    """Guard the labels: an update of the status can change them too."""
    return allow_or_refuse(request.name, guards.changed_labels(request))


def review_binding(request: Request, settings: Settings, _scope: Scope) -> Answer:
    """Guard the labels and annotations: what a Binding carries reaches the pod."""
    return allow_or_refuse(request.name, guards.keys_of_binding(request, settings))


def _stands_in(path: str, places: AbstractSet[str]) -> bool:
    """Whether a pointer leads into one of the places; what has no place is about all of them."""
    while path and path not in places:
        path = path.rpartition("/")[0]
        if not path:
            return False
    return True


def _of_profile(findings: list[Finding], pod: Pod) -> bool:
    """Whether something is refused that the profile of `kubectl debug` writes or leaves out."""
    places = {container.security_context.pointer for container in pod.containers}
    places |= {f"{pod.security_context.pointer}/{key}" for key in WRITTEN_BY_PROFILE}
    return any(
        finding.severity is Severity.ERROR and _stands_in(finding.path, places)
        for finding in findings
    )


def _inherited(pod: Pod) -> set[str]:
    """Where the pod's context decides for containers that say nothing themselves."""
    return {
        f"{pod.security_context.pointer}/{key}"
        for key in INHERITED
        if not all(container.security_context.has(key) for container in pod.containers)
    }


def _take_out(head: PodHead, memory: injected.Memory, settings: Settings, patch: Patch) -> None:
    """Take out what we injected, but for a class that stays: Kubernetes added its overhead."""
    chosen = head.spec.get(runtime_class.KEY)
    revert.take_out(head.spec, memory, patch)
    stays = chosen == settings.mcp_server_defaults.runtime_class_name
    if stays and chosen != head.spec.get(runtime_class.KEY):
        head.spec.set(runtime_class.KEY, chosen)


def _take_out_outdated(
    head: PodHead, memory: injected.Memory, settings: Settings, patch: Patch
) -> None:
    """Take out what the template got and what does not fit this pod any more.

    That is a class which the settings no longer name, and a request beside the limit that a
    LimitRange gave the pod since: the API server makes it equal to the limit.
    """
    places = PodPaths(head.spec)
    outdated: dict[str, dict[str, Any]] = {}
    for place, ours in memory.set.items():
        container = places.find(place.removesuffix(REQUESTS)) if place.endswith(REQUESTS) else None
        beside = {} if container is None else _beside_limits(head, container, ours)
        if beside:
            outdated[place] = beside
    its_class = memory.set.get("", {}).get(runtime_class.KEY)
    if its_class is not None and its_class != settings.mcp_server_defaults.runtime_class_name:
        outdated[""] = {runtime_class.KEY: its_class}
    if outdated:
        _take_out(head, injected.Memory(set=outdated), settings, patch)


def _beside_limits(head: PodHead, container: Fields, ours: dict[str, Any]) -> dict[str, Any]:
    limits = container.child("resources").child("limits")
    since = from_limit_range(head, container, "limits")
    return {key: ours[key] for key in ours if key in since or exceeds(ours[key], limits.get(key))}


def _significant(new: Workload, old: Workload) -> bool:
    """Whether containers or images changed, as Pod Security Admission decides it."""
    return _images(new.head.spec) != _images(old.head.spec)


def _images(spec: Fields) -> list[list[Any]]:
    return [
        [each.get("image") if type(each) is dict else each for each in spec.list(key)]
        for key in CONTAINER_LISTS
    ]
