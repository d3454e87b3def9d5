"""A Windows container is not a process of its node.

Field    securityContext.windowsOptions.hostProcess of the pod and of every container
Absent   nothing
Refused  true
Source   Pod Security Standards, baseline, since v1.0
"""

from collections.abc import Iterator

from webhook.rules.rule import Level, Pod, PodRule, Settings, Violation

KEY = "windowsOptions"


def check(pod: Pod, _settings: Settings) -> Iterator[Violation]:
    """Refuse everything but false where the field is present."""
    for context in pod.contexts:
        if context.get(KEY) is None:
            continue
        options = context.child(KEY)
        value = options.get("hostProcess")
        if value is not None and value is not False:
            yield options.violation("hostProcess", "must be false")


RULE: PodRule = PodRule(
    id="windows-host-process", level=Level.BASELINE, check=check, only_with=frozenset({KEY})
)
