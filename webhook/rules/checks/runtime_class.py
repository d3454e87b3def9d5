"""Third-party code runs in the sandbox that the administrator chose.

Field    spec.runtimeClassName
Absent   the setting mcpServerDefaults.runtimeClassName (empty until set); not for Windows pods
Refused  another class than the setting's, once it is set
Source   KEP-585 RuntimeClass; KEP-688 pod overhead, which belongs to the class
"""

from collections.abc import Sequence

from webhook.rules.rule import Pod, PodRule, Settings, Violation

KEY = "runtimeClassName"


def fill(pod: Pod, settings: Settings) -> None:
    """Choose the class; an overhead without a class is left over from another one."""
    if pod.spec.has(KEY):
        return
    if pod.spec.has("overhead"):
        pod.spec.remove("overhead")
    wanted = settings.mcp_server_defaults.runtime_class_name
    if wanted is not None:
        pod.spec.set(KEY, wanted)


def chosen(settings: Settings) -> bool:
    """Whether the administrator chose a class."""
    return settings.mcp_server_defaults.runtime_class_name is not None


def check(pod: Pod, settings: Settings) -> Sequence[Violation]:
    """Refuse another class."""
    wanted = settings.mcp_server_defaults.runtime_class_name
    if wanted is None or pod.spec.get(KEY) == wanted:
        return ()
    return [pod.violation(KEY, f"must be {wanted}")]


RULE: PodRule = PodRule(
    id="runtime-class", linux_only=True, fill=fill, check=check, checks_by=chosen
)
