"""No container takes more of a resource than the administrator allows.

Field    resources of every container, and spec.resources of the pod
Absent   on a pod (never in a template), where a LimitRange has no default: a limit of cpu, memory
         or ephemeral-storage becomes the maximum of the setting mcpServerMaximums.limits, because
         no limit is above every ceiling; a request that is absent beside it becomes 0, because
         Kubernetes would make it as large as the limit
Refused  a request or limit above its maximum, a request above the maximum of limits, one that
         cannot be read, and a limit of 0, which kubelets take for none
Source   mcp-admission; Kubernetes resource quantities
"""

from collections.abc import Iterator

from webhook.rules.checks.resources import UNLIMITED, exceeds, quantity
from webhook.rules.rule import Fields, Pod, PodRule, Settings, Violation
from webhook.settings import parse_quantity

ZERO = parse_quantity("0")


def fill(pod: Pod, settings: Settings) -> None:
    """Set the ceiling as the limit of a new pod's containers that have none and stay under it."""
    if not settings.mcp_server_maximums.limits or not pod.origin.new_pod:
        return
    for name, ceiling in _unlimited(pod, settings).items():
        for resources in _of_containers(pod):
            requests, limits = resources.child("requests"), resources.child("limits")
            if not limits.has(name) and not exceeds(requests.get(name), ceiling):
                limits.set(name, ceiling)
                requests.default(name, "0")


def limited(settings: Settings) -> bool:
    """Whether the settings have a ceiling."""
    maximums = settings.mcp_server_maximums
    return bool(maximums.requests or maximums.limits)


def check(pod: Pod, settings: Settings) -> Iterator[Violation]:
    """Refuse what is above a ceiling, and the absence of a limit that has one."""
    maximums = settings.mcp_server_maximums
    if not limited(settings):
        return
    of_pod = pod.spec.child("resources")
    of_requests = _lower(maximums.requests, maximums.limits)
    for resources in (of_pod, *_of_containers(pod)):
        yield from _above(resources.child("requests"), of_requests)
        yield from _above(resources.child("limits"), maximums.limits)
        yield from _endless(resources.child("limits"), maximums.limits)
    for name, ceiling in _unlimited(pod, settings).items():
        for resources in _of_containers(pod):
            if not (resources.child("limits").has(name) or _comes(pod, resources, name, ceiling)):
                limits = resources.child("limits")
                yield limits.violation(name, f"must be set, to at most {ceiling}")


def _comes(pod: Pod, resources: Fields, name: str, ceiling: str) -> bool:
    """Whether the pods of a template get the limit that it lacks."""
    request = resources.child("requests").get(name)
    return pod.origin.template and not exceeds(request, ceiling)


def _lower(requests: dict[str, str], limits: dict[str, str]) -> dict[str, str]:
    """The ceilings of requests: what no limit may exceed, no request may."""
    both = requests.keys() & limits.keys()
    lower = {name: min(requests[name], limits[name], key=parse_quantity) for name in both}
    return {**limits, **requests, **lower}


def _unlimited(pod: Pod, settings: Settings) -> dict[str, str]:
    """The ceilings of what containers use without end, unless the pod as a whole is limited."""
    ceilings = settings.mcp_server_maximums.limits
    of_pod = pod.spec.child("resources").child("limits")
    limited = {name for name in UNLIMITED if of_pod.has(name) and not _is_zero(of_pod.get(name))}
    return {name: ceilings[name] for name in UNLIMITED if name in ceilings.keys() - limited}


def _of_containers(pod: Pod) -> list[Fields]:
    return [
        container.fields.child("resources")
        for container in pod.containers
        if container.fields.key != "ephemeralContainers"
    ]


def _endless(limits: Fields, ceilings: dict[str, str]) -> Iterator[Violation]:
    for name in UNLIMITED:
        if name in ceilings and _is_zero(limits.get(name)):
            yield limits.violation(
                name, f"must be above 0, which means no limit, and at most {ceilings[name]}"
            )


def _is_zero(value: object) -> bool:
    return quantity(value) == ZERO


def _above(actual: Fields, ceilings: dict[str, str]) -> Iterator[Violation]:
    for name, ceiling in ceilings.items():
        value = actual.get(name)
        amount = quantity(value)
        if value is not None and (amount is None or amount > parse_quantity(ceiling)):
            yield actual.violation(name, f"must be at most {ceiling}")


RULE: PodRule = PodRule(id="resource-ceilings", fill=fill, check=check, checks_by=limited)
