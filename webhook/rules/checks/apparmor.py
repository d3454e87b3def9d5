"""The AppArmor profile of the container runtime is not switched off.

Field    securityContext.appArmorProfile of the pod and of every container, and the older
         annotations container.apparmor.security.beta.kubernetes.io/<container>
Absent   nothing
Refused  any type but RuntimeDefault and Localhost; any annotation but runtime/default and
         localhost/<profile>
Source   Pod Security Standards, baseline, since v1.0
"""

from typing import Any

from webhook.rules.rule import Level, Pod, PodRule, Settings, Violation

ACCEPTED = ("RuntimeDefault", "Localhost")
KEY = "appArmorProfile"
ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"


def check(pod: Pod, _settings: Settings) -> list[Violation]:
    """Refuse other profiles in both places."""
    found: list[Violation] = []
    for context in pod.contexts:
        profile = context.get(KEY)
        if profile is not None and not _confines(profile):
            found.append(context.violation(KEY, "must be RuntimeDefault or Localhost"))
    annotations = pod.annotations
    for key in annotations.value or ():
        if key.startswith(ANNOTATION) and not _keeps(annotations.get(key)):
            sentence = "must be runtime/default or localhost/<profile>"
            found.append(annotations.violation(key, sentence))
    return found


def _confines(profile: Any) -> bool:
    return type(profile) is dict and profile.get("type") in ACCEPTED


def _keeps(value: Any) -> bool:
    if type(value) is str:
        return value in ("", "runtime/default") or value.startswith("localhost/")
    return value is None


RULE: PodRule = PodRule(id="apparmor", level=Level.BASELINE, check=check)
