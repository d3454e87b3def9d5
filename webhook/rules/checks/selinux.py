"""SELinux confines containers as containers.

Field    securityContext.seLinuxOptions of the pod and of every container
Absent   nothing
Refused  any type but container_t, container_init_t, container_kvm_t and (since v1.31)
         container_engine_t; any user; any role
Source   Pod Security Standards, baseline, since v1.0
"""

from collections.abc import Iterator

from webhook.rules.rule import Level, Pod, PodRule, Settings, Violation

KEY = "seLinuxOptions"
UNSET = (None, "")
TYPES = ("container_t", "container_init_t", "container_kvm_t")
ENGINE_TYPE, ENGINE_SINCE = "container_engine_t", 31


def check(pod: Pod, settings: Settings) -> Iterator[Violation]:
    """Refuse other types, and a user or a role of the pod's own choice."""
    for context in pod.contexts:
        if context.get(KEY) is None:
            continue
        options = context.child(KEY)
        if not _accepted(options.get("type"), settings.minor):
            yield options.violation("type", "must be a type of containers, such as container_t")
        for key in ("user", "role"):
            if options.get(key) not in UNSET:
                yield options.violation(key, "must not be set")


def _accepted(value: object, minor: int) -> bool:
    return value in UNSET or value in TYPES or (value == ENGINE_TYPE and minor >= ENGINE_SINCE)


RULE: PodRule = PodRule(id="selinux", level=Level.BASELINE, check=check, only_with=frozenset({KEY}))
