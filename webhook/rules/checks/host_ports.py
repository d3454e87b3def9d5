"""A container opens no port of its node.

Field    ports[].hostPort of every container
Absent   nothing
Refused  any port but 0
Source   Pod Security Standards, baseline, since v1.0
"""

from collections.abc import Iterator

from webhook.rules.rule import Container, ContainerRule, Level, Settings, Violation

KEY = "hostPort"


def check(container: Container, _settings: Settings) -> Iterator[Violation]:
    """Refuse everything but the number 0 where the field is present."""
    for port in container.fields.items_with("ports", KEY):
        value = port.get(KEY)
        if value is not None and (type(value) is not int or value != 0):
            yield port.violation(KEY, "must not be set")


RULE: ContainerRule = ContainerRule(id="host-ports", level=Level.BASELINE, check=check)
