"""Probes and lifecycle hooks call the pod itself, not another host from the node's network.

Field    host of httpGet and tcpSocket in livenessProbe, readinessProbe, startupProbe,
         lifecycle.postStart and lifecycle.preStop of every container
Absent   nothing
Refused  any host, loopback addresses included
Source   Pod Security Standards, baseline, since v1.34
"""

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
        _add_hosts(found, container.fields, key)
    lifecycle = container.fields.present("lifecycle")
    if lifecycle is not None:
        for key in HOOKS:
            _add_hosts(found, lifecycle, key)
    return found


def _add_hosts(found: list[Violation], at: Fields, key: str) -> None:
    handler = at.get(key)
    if handler is None:
        return
    if type(handler) is not dict:
        at.child(key)  # says that it is malformed
    for action in ACTIONS:
        called = handler.get(action)
        if called is not None and not (type(called) is dict and called.get("host") in UNSET):
            found.append(at.child(key).child(action).violation("host", "must not be set"))


RULE: ContainerRule = ContainerRule(
    id="probe-hosts", level=Level.BASELINE, check=check, checks_by=knows_hosts, only_with=HANDLERS
)
