"""A process may not gain more privileges than its parent.

Field    securityContext.allowPrivilegeEscalation of every container
Absent   false
Refused  true
Source   Pod Security Standards, restricted, since v1.8; not for Windows pods since v1.25
"""

from collections.abc import Sequence

from webhook.rules.rule import Container, ContainerRule, Level, Settings, Violation

KEY = "allowPrivilegeEscalation"


def fill(container: Container, _settings: Settings) -> None:
    """Forbid it where the container says nothing, unless that would make the pod invalid."""
    context = container.security_context
    if context.has(KEY) or context.get("privileged"):
        return
    capabilities = context.present("capabilities")
    if capabilities is None or not _adds_sys_admin(capabilities.list("add")):
        context.set(KEY, False)  # noqa: FBT003


def check(container: Container, _settings: Settings) -> Sequence[Violation]:
    """Refuse everything but an explicit false."""
    if container.security_context.get(KEY) is False:
        return ()
    return [container.security_context.violation(KEY, "must be false")]


def _adds_sys_admin(added: list[object]) -> bool:
    return "SYS_ADMIN" in added or "CAP_SYS_ADMIN" in added


RULE: ContainerRule = ContainerRule(
    id="privilege-escalation",
    level=Level.RESTRICTED,
    fill_level=Level.BASELINE,
    linux_only=True,
    fill=fill,
    check=check,
)
