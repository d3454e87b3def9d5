"""A container is not privileged.

Field    securityContext.privileged of every container
Absent   nothing
Refused  true
Source   Pod Security Standards, baseline, since v1.0
"""

from collections.abc import Iterator

from webhook.rules.rule import Container, ContainerRule, Level, Settings, Violation

KEY = "privileged"


def check(container: Container, _settings: Settings) -> Iterator[Violation]:
    """Refuse everything but false where the field is present."""
    value = container.security_context.get(KEY)
    if value is not None and value is not False:
        yield container.security_context.violation(KEY, "must be false")


RULE: ContainerRule = ContainerRule(
    id="privileged", level=Level.BASELINE, check=check, only_with=frozenset({KEY})
)
