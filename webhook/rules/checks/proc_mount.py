"""The masks of /proc stay in place.

Field    securityContext.procMount of every container
Absent   nothing
Refused  any value but Default
Source   Pod Security Standards, baseline, since v1.0; baseline exempts user namespaces since
         v1.35, restricted does not
"""

from collections.abc import Iterator

from webhook.rules.checks.run_as_non_root import exempt
from webhook.rules.rule import Container, ContainerRule, Level, Settings, Violation

KEY = "procMount"


def check(container: Container, settings: Settings) -> Iterator[Violation]:
    """Refuse other values, except at baseline in a user namespace."""
    value = container.security_context.get(KEY)
    if value is None or value == "Default":
        return
    if settings.level >= Level.RESTRICTED or not exempt(container.platform, settings):
        yield container.security_context.violation(KEY, "must be Default")


RULE: ContainerRule = ContainerRule(
    id="proc-mount", level=Level.BASELINE, check=check, only_with=frozenset({KEY})
)
