"""A container may not run as root.

Field    securityContext.runAsNonRoot of the pod and of every container
Absent   true; a container takes the pod's value
Refused  false
Source   Pod Security Standards, restricted, since v1.0; not in user namespaces since v1.35
"""

from webhook.pods import Platform
from webhook.rules.rule import Level, Pod, PodRule, Settings, Violation

USER_NAMESPACES_SINCE = 35


def fill(pod: Pod, settings: Settings) -> None:
    """Ask for it in every context, except where a user namespace lets UID 0 be chosen."""
    lenient = exempt(pod.platform, settings)
    of_pod = pod.security_context
    if not (lenient and any(context.get("runAsUser") == 0 for context in pod.contexts)):
        of_pod.default("runAsNonRoot", True)  # noqa: FBT003
    if of_pod.get("runAsNonRoot") not in (None, True):
        return
    for container in pod.containers:
        context = container.security_context
        user = context.get("runAsUser")
        if not (lenient and (of_pod.get("runAsUser") if user is None else user) == 0):
            context.default("runAsNonRoot", True)  # noqa: FBT003


def check(pod: Pod, settings: Settings) -> list[Violation]:
    """Refuse a false anywhere, and a container that nothing covers."""
    found: list[Violation] = []
    if exempt(pod.platform, settings):
        return found
    of_pod = pod.security_context.get("runAsNonRoot")
    if of_pod is not None and of_pod is not True:
        found.append(pod.security_context.violation("runAsNonRoot", "must be true"))
    for container in pod.containers:
        value = container.security_context.get("runAsNonRoot")
        if value is not True and not (value is None and of_pod is not None):
            found.append(container.security_context.violation("runAsNonRoot", "must be true"))
    return found


def exempt(platform: Platform, settings: Settings) -> bool:
    """Whether the pod runs in a user namespace and the standard's edition knows about that."""
    return platform.user_namespace and settings.minor >= USER_NAMESPACES_SINCE


RULE: PodRule = PodRule(id="run-as-non-root", level=Level.RESTRICTED, fill=fill, check=check)
