"""Pods: filled in when they are created, guarded while they live."""

from collections.abc import Iterator
from typing import Any

from webhook.admission import given, guards, injected, revert
from webhook.admission.answer import NOT_COVERED, Answer, Finding, Severity, allow, decide
from webhook.admission.coverage import covered
from webhook.admission.enforcement import Enforcement, notices
from webhook.admission.request import Hook, Request, Scope
from webhook.admission.uncovered import uncovered
from webhook.admission.workload import Workload, read
from webhook.documents.nodes import value_at
from webhook.pods import limit_range
from webhook.pods.fields import Fields
from webhook.pods.patch import Patch
from webhook.pods.pod import Container, Pod
from webhook.rules.checks import resource_ceilings, runtime_class
from webhook.rules.checks.resources import exceeds
from webhook.settings.model import Settings

INHERITED = (
    "appArmorProfile",
    "runAsNonRoot",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
    "windowsOptions",
)

WRITTEN_BY_PROFILE = ("runAsNonRoot", "seccompProfile")
RESTRICTED_PROFILE = "use kubectl debug --profile=restricted, "


def create(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Fill in a new pod, or check the final one."""
    patch = Patch()
    pod = read(request.object, request, scope, patch)
    if not covered(pod, settings, scope):
        return uncovered(pod)
    if request.hook is Hook.VALIDATE:
        return decide(pod.name, Enforcement(settings, pod.pod).check())
    told = notices(settings, pod.pod)
    memory = pod.carried.memory
    owned = pod.pod.origin.owner != ""
    remembered = memory if owned else None
    outdated = memory if remembered is None else _outdated(remembered, pod, settings)
    if outdated is not None:
        chosen = pod.pod.spec.get(runtime_class.KEY)
        revert.take_out(pod.pod.spec, outdated, patch)
        pod = read(request.object, request, scope, patch)
        _keep_class(pod.pod.spec, chosen, settings)
    again = memory is not None and "tolerations" in memory.items.get("", {})
    enforcement = Enforcement(
        settings,
        pod.pod,
        remembered=remembered,
        given=given.beside_others(settings) if again else None,
    )
    findings = told + enforcement.fill(patch) + enforcement.settle(patch)
    if remembered is None:
        injected.write(pod.pod, patch, memory)
    return decide(pod.name, findings, patch.finish())


def update(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Put back what an apply took back, or check what an update may do to a live pod."""
    patch = Patch()
    new = read(request.object, request, scope, patch)
    old = read(request.old_object, request, scope, Patch())
    if not (covered(new, settings, scope) or covered(old, settings, scope)):
        return NOT_COVERED
    if request.hook is Hook.MUTATE:
        memory = injected.read(old.annotations)
        if memory is not None:
            revert.put_back(new.pod.spec, old.pod.spec, memory)
        return allow((), patch.finish())
    findings = guards.labels(request) + guards.gate(request, settings)
    if _significant(new, old):
        findings += Enforcement(settings, new.pod).check()
    return decide(new.name, findings)


def ephemeral_containers(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Fill in or check the ephemeral containers that the pod did not have, and nothing else."""
    patch = Patch()
    new = read(request.object, request, scope, patch)
    old = read(request.old_object, request, scope, Patch())
    if not (covered(new, settings, scope) or covered(old, settings, scope)):
        return NOT_COVERED
    before = old.pod.spec.names("ephemeralContainers")
    added = [
        container
        for container in new.pod.containers
        if container.fields.key == "ephemeralContainers"
        and not (isinstance(name := container.fields.get("name"), str) and name in before)
    ]
    enforcement = Enforcement(settings, new.pod, remembered=injected.Memory())
    guarded: list[Finding] = []
    if request.hook is Hook.MUTATE:
        findings = enforcement.fill(patch) + enforcement.settle(patch)
    else:
        guarded = guards.labels(request)
        findings = enforcement.check()
    places = [container.fields.pointer for container in added]
    operations = [told for told in patch.finish() if _stands_in(told["path"], places)]
    places += _inherited(new.pod, added)
    relevant = [
        finding for finding in findings if enforcement.cut or _stands_in(finding.path, places)
    ]
    way_out = RESTRICTED_PROFILE if _of_profile(relevant, new.pod, added) else ""
    return decide(new.name, guarded + relevant, operations, way_out=way_out)


def resize(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Check the ceilings that a resize in place concerns; what it leaves alone may be older."""
    pod = read(request.object, request, scope, Patch())
    if not covered(pod, settings, scope):
        return NOT_COVERED
    enforcement = Enforcement(settings, pod.pod)
    findings = enforcement.check()
    concerned = [
        finding
        for finding in findings
        if enforcement.cut
        or (finding.rule == resource_ceilings.RULE.id and _resized(request, finding.path))
    ]
    return decide(pod.name, concerned)


def _resized(request: Request, path: str) -> bool:
    """Whether the amount is another, or the pod as a whole loses the limit that stood for it."""
    new, old = request.object, request.old_object
    of_pod = f"/spec/resources/limits/{path.rpartition('/')[2]}"
    lost = value_at(new, of_pod) is None and value_at(old, of_pod) is not None
    return lost or value_at(new, path) != value_at(old, path)


def status(request: Request, _settings: Settings, _scope: Scope) -> Answer:
    """Guard the labels: whoever writes the status of a pod can change them too."""
    return decide(request.name, guards.labels(request))


def binding(request: Request, settings: Settings, _scope: Scope) -> Answer:
    """Guard the labels and annotations: what a Binding carries reaches the pod."""
    return decide(request.name, guards.binding(request, settings))


def _stands_in(path: str, places: list[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _of_profile(findings: list[Finding], pod: Pod, containers: list[Container]) -> bool:
    """Whether something is refused that the profile of `kubectl debug` writes or leaves out."""
    places = [container.security_context.pointer for container in containers]
    places += [f"{pod.security_context.pointer}/{key}" for key in WRITTEN_BY_PROFILE]
    return any(
        finding.severity is Severity.ERROR and _stands_in(finding.path, places)
        for finding in findings
    )


def _inherited(pod: Pod, containers: list[Container]) -> list[str]:
    """Where the pod's context decides for containers that say nothing themselves."""
    return [
        f"{pod.security_context.pointer}/{key}"
        for key in INHERITED
        if not all(container.security_context.has(key) for container in containers)
    ]


def _keep_class(spec: Fields, chosen: Any, settings: Settings) -> None:
    """Put a class that stays the same back at once: the overhead that Kubernetes added is its."""
    stays = chosen == settings.mcp_server_defaults.runtime_class_name
    if stays and chosen != spec.get(runtime_class.KEY):
        spec.set(runtime_class.KEY, chosen)


def _outdated(memory: injected.Memory, pod: Workload, settings: Settings) -> injected.Memory | None:
    """Of what the template got, what does not fit this pod any more.

    That is a class which the settings no longer name, and a request beside the limit that a
    LimitRange gave the pod since: the API server makes it equal to the limit.
    """
    places = dict(_beside_limits(pod, memory))
    ours = memory.set.get("", {}).get(runtime_class.KEY)
    if ours is not None and ours != settings.mcp_server_defaults.runtime_class_name:
        places[""] = {runtime_class.KEY: ours}
    return injected.Memory(set=places) if places else None


def _beside_limits(pod: Workload, memory: injected.Memory) -> Iterator[tuple[str, dict[str, Any]]]:
    for container in pod.pod.containers:
        place = f"{container.fields.place}.resources.requests"
        ours = memory.set.get(place)
        if ours is None:
            continue
        limits = container.fields.child("resources").child("limits")
        since = limit_range.filled_in(pod.pod, container, "limits")
        beside = {
            key: ours[key] for key in ours if key in since or exceeds(ours[key], limits.get(key))
        }
        if beside:
            yield place, beside


def _significant(new: Workload, old: Workload) -> bool:
    """Whether containers or images changed, as Pod Security Admission decides it."""
    return _images(new.pod.spec) != _images(old.pod.spec)


def _images(spec: Fields) -> list[list[Any]]:
    return [
        [container.get("image") for container in spec.items(key)]
        for key in ("initContainers", "containers", "ephemeralContainers")
    ]
