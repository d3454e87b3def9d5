"""No server takes more of a resource than the administrator allows.

Field    resources of every container, and spec.resources of the pod
Absent   a limit under the setting mcpServerMaximums.limits becomes that maximum, as with a
         LimitRange, because no limit is above every ceiling
Refused  a request or limit above its maximum, and one that cannot be read
Source   mcp-admission; Kubernetes resource quantities
"""

from collections.abc import Iterator

from webhook.rules.fields import Fields, Violation
from webhook.rules.pod import Pod
from webhook.rules.resources import quantity
from webhook.rules.rule import PodRule
from webhook.settings.model import Settings
from webhook.settings.quantity import parse


def fill(pod: Pod, settings: Settings) -> None:
    """Set the ceiling as the limit of containers that have none and stay under it."""
    ceilings = settings.mcp_server_maximums.limits
    if not ceilings:
        return
    of_pod = pod.spec.child("resources").child("limits")
    for name, ceiling in ceilings.items():
        if of_pod.has(name):
            continue
        for resources in _of_containers(pod):
            request = quantity(resources.child("requests").get(name))
            if request is None or request <= parse(ceiling):
                resources.child("limits").default(name, ceiling)


def check(pod: Pod, settings: Settings) -> Iterator[Violation]:
    """Refuse what is above a ceiling, and the absence of a limit that has one."""
    maximums = settings.mcp_server_maximums
    if not (maximums.requests or maximums.limits):
        return
    of_pod = pod.spec.child("resources")
    for resources in (of_pod, *_of_containers(pod)):
        yield from _above(resources.child("requests"), maximums.requests)
        yield from _above(resources.child("limits"), maximums.limits)
    for name, ceiling in maximums.limits.items():
        if of_pod.child("limits").has(name):
            continue
        for resources in _of_containers(pod):
            if not resources.child("limits").has(name):
                limits = resources.child("limits")
                yield limits.violation(name, f"must be set, to at most {ceiling}")


def _of_containers(pod: Pod) -> list[Fields]:
    return [
        container.fields.child("resources")
        for container in pod.containers
        if not container.fields.label.startswith("ephemeralContainers[")
    ]


def _above(actual: Fields, ceilings: dict[str, str]) -> Iterator[Violation]:
    for name, ceiling in ceilings.items():
        value = actual.get(name)
        amount = quantity(value)
        if value is not None and (amount is None or amount > parse(ceiling)):
            yield actual.violation(name, f"must be at most {ceiling}")


RULE = PodRule(id="resource-ceilings", fill=fill, check=check)
