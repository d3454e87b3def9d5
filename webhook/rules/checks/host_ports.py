"""A container opens no port of its node.

Field    ports[].hostPort of every container
Absent   nothing
Refused  any port but 0
Source   Pod Security Standards, baseline, since v1.0
"""

from webhook.rules.rule import Container, ContainerRule, Level, Settings, Violation

PORTS = "ports"
KEY = "hostPort"


def check(container: Container, _settings: Settings) -> list[Violation]:
    """Refuse everything but the number 0 where the field is present."""
    found: list[Violation] = []
    for port in container.fields.list(PORTS):
        if type(port) is not dict or KEY in port:
            break
    else:
        return found
    for port in container.fields.items_with(PORTS, KEY):
        value = port.get(KEY)
        if value is not None and (type(value) is not int or value != 0):
            found.append(port.violation(KEY, "must not be set"))
    return found


RULE: ContainerRule = ContainerRule(
    id="host-ports", level=Level.BASELINE, check=check, only_with=frozenset({PORTS})
)
