"""A container runs as an ordinary user and group, and owns its volumes.

Field    securityContext.runAsUser, .runAsGroup and (pod) .fsGroup
Absent   1000; a container takes the pod's value; left to the platform on OpenShift
Refused  runAsUser 0 (group 0 is kept: the standard is silent)
Source   Pod Security Standards, restricted, since v1.23; not in user namespaces since v1.35
"""

from webhook.rules.checks.run_as_non_root import exempt
from webhook.rules.rule import Level, Pod, PodRule, Settings, Violation

ID = 1000


def fill(pod: Pod, settings: Settings) -> None:
    """Give the pod the IDs and its containers those of the pod; Windows knows none."""
    if settings.openshift or pod.platform.windows:
        return
    context = pod.security_context
    for key in ("runAsUser", "runAsGroup", "fsGroup"):
        context.default(key, ID)
    user, group = context.get("runAsUser"), context.get("runAsGroup")
    takes_user = user != 0 or exempt(pod.platform, settings)
    for container in pod.containers:
        if takes_user:
            container.security_context.default("runAsUser", user)
        container.security_context.default("runAsGroup", group)


def check(pod: Pod, settings: Settings) -> list[Violation]:
    """Refuse UID 0 of the pod and of every container."""
    found: list[Violation] = []
    if exempt(pod.platform, settings):
        return found
    for context in pod.contexts:
        user = context.get("runAsUser")
        if user is not None and (type(user) is not int or user == 0):
            found.append(context.violation("runAsUser", "must be a UID other than 0"))
    return found


RULE: PodRule = PodRule(id="run-as-user", level=Level.RESTRICTED, fill=fill, check=check)
