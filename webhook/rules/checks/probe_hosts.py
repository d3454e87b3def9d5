"""Probes and lifecycle hooks call the pod itself, not another host from the node's network.

Field    host of httpGet and tcpSocket in livenessProbe, readinessProbe, startupProbe,
         lifecycle.postStart and lifecycle.preStop of every container
Absent   nothing
Refused  any host, loopback addresses included
Source   Pod Security Standards, baseline, since v1.34
"""

from collections.abc import Iterable, Iterator
from typing import Any

from webhook.rules.rule import Container, ContainerRule, Fields, Level, Settings, Violation

SINCE = 34
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS = ("postStart", "preStop")
HANDLERS = frozenset({*PROBES, "lifecycle"})
ACTIONS = ("httpGet", "tcpSocket")
UNSET = (None, "")


def check(container: Container, settings: Settings) -> Iterator[Violation]:
    """Refuse a host in each handler that is present."""
    if settings.minor < SINCE or HANDLERS.isdisjoint(container.fields.value or ()):
        return
    for key in PROBES:
        yield from _hosts(container.fields, key)
    if container.fields.get("lifecycle") is not None:
        for key in HOOKS:
            yield from _hosts(container.fields.child("lifecycle"), key)


def _hosts(at: Fields, key: str) -> Iterable[Violation]:
    if at.get(key) is None:
        return ()
    handler = at.child(key)
    return [
        handler.child(action).violation("host", "must not be set")
        for action in ACTIONS
        if not _calls_the_pod(handler.get(action))
    ]


def _calls_the_pod(action: Any) -> bool:
    return action is None or (type(action) is dict and action.get("host") in UNSET)


RULE: ContainerRule = ContainerRule(id="probe-hosts", level=Level.BASELINE, check=check)
