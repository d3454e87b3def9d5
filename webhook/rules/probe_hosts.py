"""Probes and lifecycle hooks call the pod itself, not another host from the node's network.

Field    host of httpGet and tcpSocket in livenessProbe, readinessProbe, startupProbe,
         lifecycle.postStart and lifecycle.preStop of every container
Absent   left as it is
Refused  any host, loopback addresses included
Source   Pod Security Standards, baseline, since v1.34
"""

from collections.abc import Iterator

from webhook.rules.fields import Fields, Violation
from webhook.rules.pod import Container
from webhook.rules.rule import ContainerRule
from webhook.settings.model import Settings
from webhook.settings.standard import Level

SINCE = 34
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS = ("postStart", "preStop")
ACTIONS = ("httpGet", "tcpSocket")
UNSET = (None, "")


def check(container: Container, settings: Settings) -> Iterator[Violation]:
    """Refuse a host in each handler that is present."""
    if settings.minor < SINCE:
        return
    for key in PROBES:
        if container.fields.get(key) is not None:
            yield from _hosts(container.fields.child(key))
    if container.fields.get("lifecycle") is not None:
        lifecycle = container.fields.child("lifecycle")
        for key in HOOKS:
            if lifecycle.get(key) is not None:
                yield from _hosts(lifecycle.child(key))


def _hosts(handler: Fields) -> Iterator[Violation]:
    for key in ACTIONS:
        action = handler.get(key)
        if action is None or (type(action) is dict and action.get("host") in UNSET):
            continue
        yield handler.child(key).violation("host", "must not be set")


RULE = ContainerRule(id="probe-hosts", level=Level.BASELINE, check=check)
