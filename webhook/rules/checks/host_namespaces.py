"""A pod shares no namespace of its node.

Field    hostNetwork, hostPID and hostIPC of the pod
Absent   nothing
Refused  true
Source   Pod Security Standards, baseline, since v1.0
"""

from collections.abc import Iterator

from webhook.rules.rule import Level, Pod, PodRule, Settings, Violation

KEYS = ("hostNetwork", "hostPID", "hostIPC")


def check(pod: Pod, _settings: Settings) -> Iterator[Violation]:
    """Refuse everything but false in each field that is present."""
    for key in KEYS:
        value = pod.spec.get(key)
        if value is not None and value is not False:
            yield pod.violation(key, "must be false")


RULE: PodRule = PodRule(
    id="host-namespaces", level=Level.BASELINE, check=check, only_with=frozenset(KEYS)
)
