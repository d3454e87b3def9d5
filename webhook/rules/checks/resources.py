"""A server asks for the memory that it needs, so that a node is not overfilled.

Field    resources of the server container of a pod (never of a template)
Absent   the setting mcpServerDefaults.resources (requests.memory 400Mi), where a LimitRange has no
         default; a request only where neither a limit nor the pod's own resources speak about it
Refused  nothing; with perServer forbid, other values and those of the pod are replaced by the
         setting's, in templates too; those of a LimitRange stay
Source   mcp-admission, reference value 400Mi; KEP-2837 pod level resources; a LimitRange fills in
         and checks pods, so that a value in a template would take the place of its default
"""

from collections.abc import Collection, Iterator
from typing import Any

from webhook.pods import from_limit_range
from webhook.rules.rule import Fields, Pod, PodRule, Settings, Violation
from webhook.settings import Quantity, QuantityError, parse_quantity

UNLIMITED = ("cpu", "memory", "ephemeral-storage")  # of all else, no limit means none of it


def fill(pod: Pod, settings: Settings) -> None:
    """Fill in what a new pod lacks."""
    if pod.server is None or not pod.origin.new_pod:
        return
    for part, values in given(pod, settings).get("resources", {}).items():
        for name, value in values.items():
            pod.server.fields.child("resources").child(part).set(name, value)


def given(pod: Pod, settings: Settings) -> dict[str, Any]:
    """The defaults that are absent, and contradict nothing that is there."""
    if pod.server is None:
        return {}
    defaults = settings.mcp_server_defaults.resources
    resources = pod.server.fields.child("resources")
    requests, limits = resources.child("requests"), resources.child("limits")
    of_pod = pod.spec.present("resources")
    spoken = set() if of_pod is None else {*_keys(of_pod, "requests"), *_keys(of_pod, "limits")}
    limited = {*spoken, *_keys(resources, "limits")}
    missing = {
        "limits": {
            name: limit
            for name, limit in defaults.limits.items()
            if not (name in spoken or limits.has(name) or exceeds(requests.get(name), limit))
        },
        "requests": {
            name: request
            for name, request in defaults.requests.items()
            if not (name in limited or requests.has(name))
        },
    }
    parts = {part: values for part, values in missing.items() if values}
    return {"resources": parts} if parts else {}


def forbids(settings: Settings) -> bool:
    """Whether the fleet's values are for all servers."""
    return settings.mcp_server_defaults.per_server == "forbid"


def check(pod: Pod, settings: Settings) -> Iterator[Violation]:
    """Object to a server's own values where the fleet's are for all."""
    if not forbids(settings) or not pod.origin.takes_fleet_defaults or pod.server is None:
        return
    defaults = settings.mcp_server_defaults.resources
    maximums = settings.mcp_server_maximums.limits
    # These fill in limits, and requests of 0.
    ceilings = {name: maximums[name] for name in UNLIMITED if name in maximums}
    of_server, of_pod = pod.server.fields.child("resources"), pod.spec.child("resources")
    wanted = {
        "requests": {**dict.fromkeys(ceilings, "0"), **defaults.requests},
        "limits": {**ceilings, **defaults.limits},
    }
    for part, values in wanted.items():
        kept = from_limit_range(pod, pod.server.fields, part)
        yield from _foreign(of_server.child(part), values, kept)
    for part in wanted:
        yield from _foreign(of_pod.child(part), {})


def _keys(resources: Fields, part: str) -> Iterator[str]:
    return (key for key, _ in resources.child(part).entries())


def _foreign(
    actual: Fields, wanted: dict[str, str], kept: Collection[str] = ()
) -> Iterator[Violation]:
    for name, value in actual.entries():
        if name in kept:
            continue
        if name not in wanted or quantity(value) != parse_quantity(wanted[name]):
            place = f"{actual.place}.{name}"
            yield actual.violation(
                name, "is the fleet's to set", overridden=f"{place} replaced by the fleet's"
            )


def exceeds(value: Any, limit: Any) -> bool:
    """Whether an amount is above a limit, as far as both can be read."""
    amount, most = quantity(value), quantity(limit)
    return amount is not None and most is not None and amount > most


def quantity(value: Any) -> Quantity | None:
    """The amount that a manifest writes, or None where there is none or it cannot be read."""
    try:
        return None if value is None else parse_quantity(value)
    except QuantityError:
        return None


RULE: PodRule = PodRule(
    id="resources",
    fill=fill,
    given=given,
    check=check,
    always_current=False,
    final=False,
    checks_by=forbids,
)
