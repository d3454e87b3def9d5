"""Probes and lifecycle hooks call the pod itself, not another host from the node's network.

Field    host of httpGet and tcpSocket in livenessProbe, readinessProbe, startupProbe,
         lifecycle.postStart and lifecycle.preStop of every container
Absent   nothing
Refused  any host, loopback addresses included
Source   Pod Security Standards, baseline, since v1.34
"""

from collections.abc import Sequence
from typing import Any

from webhook.rules.rule import Container, ContainerRule, Fields, Level, Settings, Violation

SINCE = 34
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS = ("postStart", "preStop")
HANDLERS = frozenset({*PROBES, "lifecycle"})
ACTIONS = ("httpGet", "tcpSocket")
UNSET = (None, "")


def knows_hosts(settings: Settings) -> bool:
    """Whether the edition in force knows about hosts."""
    return settings.minor >= SINCE


def check(container: Container, settings: Settings) -> list[Violation]:
    """Refuse a host in each handler that is present."""
    found: list[Violation] = []
    if not knows_hosts(settings) or HANDLERS.isdisjoint(container.fields.value or ()):
        return found
    for key in PROBES:
        found += _hosts(container.fields, key)
    lifecycle = container.fields.present("lifecycle")
    if lifecycle is not None:
        for key in HOOKS:
            found += _hosts(lifecycle, key)
    return found


def _hosts(at: Fields, key: str) -> Sequence[Violation]:
    handler = at.get(key)
    if handler is None or (type(handler) is dict and _calls_the_pod(handler)):
        return ()
    fields = at.child(key)
    return [
        fields.child(action).violation("host", "must not be set")
        for action in ACTIONS
        if not _calls_the_pod({action: fields.get(action)})
    ]


def _calls_the_pod(handler: dict[str, Any]) -> bool:
    for action in ACTIONS:
        called = handler.get(action)
        if called is not None and (type(called) is not dict or called.get("host") not in UNSET):
            return False
    return True


RULE: ContainerRule = ContainerRule(
    id="probe-hosts", level=Level.BASELINE, check=check, checks_by=knows_hosts, only_with=HANDLERS
)
