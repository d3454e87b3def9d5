"""No directory of the node is mounted.

Field    volumes[].hostPath
Absent   nothing
Refused  any hostPath
Source   Pod Security Standards, baseline, since v1.0
"""

from collections.abc import Iterator

from webhook.rules.rule import Level, Pod, PodRule, Settings, Violation

KEY = "hostPath"


def check(pod: Pod, _settings: Settings) -> Iterator[Violation]:
    """Refuse a hostPath, whatever stands in it."""
    for volume in pod.spec.items_with("volumes", KEY):
        if volume.get(KEY) is not None:
            yield volume.violation(KEY, "is not allowed")


RULE: PodRule = PodRule(id="host-path", level=Level.BASELINE, overridable=False, check=check)
