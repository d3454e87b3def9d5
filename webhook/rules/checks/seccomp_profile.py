"""System calls are filtered.

Field    securityContext.seccompProfile of the pod and of every container
Absent   type RuntimeDefault; a container takes the pod's value
Refused  any type but RuntimeDefault and Localhost; at restricted, a container without a profile
Source   Pod Security Standards, baseline and restricted, since v1.19; restricted not for Windows
         pods since v1.25
"""

from typing import Any

from webhook.rules.rule import Level, Pod, PodRule, Settings, Violation

ACCEPTED = ("RuntimeDefault", "Localhost")
KEY = "seccompProfile"
SENTENCE = "must be RuntimeDefault or Localhost"


def fill(pod: Pod, _settings: Settings) -> None:
    """Give the pod the runtime's profile and its containers that of the pod; Windows has none."""
    if pod.platform.windows:
        return
    pod.security_context.default(KEY, {"type": "RuntimeDefault"})
    profile = pod.security_context.get(KEY)
    if _accepted(profile):
        for container in pod.containers:
            container.security_context.default(KEY, profile)


def check(pod: Pod, settings: Settings) -> list[Violation]:
    """Refuse other types; a container's own profile counts before the pod's."""
    found: list[Violation] = []
    restricted = settings.level >= Level.RESTRICTED
    if restricted and pod.platform.windows:
        return found
    of_pod = pod.security_context.get(KEY)
    if of_pod is not None and not _accepted(of_pod):
        found.append(pod.security_context.violation(KEY, SENTENCE))
    uncovered = restricted and of_pod is None
    for container in pod.containers:
        own = container.security_context.get(KEY)
        if uncovered if own is None else not _accepted(own):
            found.append(container.security_context.violation(KEY, SENTENCE))
    return found


def _accepted(profile: Any) -> bool:
    return type(profile) is dict and profile.get("type") in ACCEPTED


RULE: PodRule = PodRule(id="seccomp-profile", level=Level.BASELINE, fill=fill, check=check)
