"""System calls are filtered.

Field    securityContext.seccompProfile of the pod and of every container
Absent   type RuntimeDefault; a container takes the pod's value
Refused  any type but RuntimeDefault and Localhost; at restricted, a container without a profile
Source   Pod Security Standards, baseline and restricted, since v1.19; not for Windows since v1.25
"""

from collections.abc import Iterator

from webhook.rules.fields import Fields, Violation
from webhook.rules.pod import Pod
from webhook.rules.rule import PodRule
from webhook.settings.model import Settings
from webhook.settings.standard import Level

ACCEPTED = ("RuntimeDefault", "Localhost")
KEY = "seccompProfile"


def fill(pod: Pod, _settings: Settings) -> None:
    """Give the pod the runtime's profile and its containers that of the pod."""
    pod.security_context.default(KEY, {"type": "RuntimeDefault"})
    if _type(pod.security_context) in ACCEPTED:
        for container in pod.containers:
            container.security_context.default(KEY, pod.security_context.get(KEY))


def check(pod: Pod, settings: Settings) -> Iterator[Violation]:
    """Refuse other types; a container's own profile counts before the pod's."""
    of_pod = _type(pod.security_context)
    if of_pod is not None and of_pod not in ACCEPTED:
        yield pod.security_context.violation(KEY, "must be RuntimeDefault or Localhost")
    for container in pod.containers:
        own = _type(container.security_context)
        missing = own is None and of_pod is None and settings.level >= Level.RESTRICTED
        if missing or (own is not None and own not in ACCEPTED):
            yield container.security_context.violation(KEY, "must be RuntimeDefault or Localhost")


def _type(context: Fields) -> object:
    return context.child(KEY).get("type")


RULE = PodRule(id="seccomp-profile", level=Level.BASELINE, linux_only=True, fill=fill, check=check)
