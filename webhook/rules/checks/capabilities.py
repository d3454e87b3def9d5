"""Containers hold no Linux capabilities beyond what the level allows.

Field    securityContext.capabilities of every container
Absent   drop [ALL]
Refused  restricted: drop without ALL, add of anything but NET_BIND_SERVICE; baseline: add beyond
         the runtime's usual set
Source   Pod Security Standards, baseline since v1.0, restricted since v1.22; restricted not for
         Windows pods since v1.25
"""

from collections.abc import Iterable, Iterator

from webhook.rules.rule import Container, ContainerRule, Level, Settings, Violation

USUAL = frozenset(
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
        "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    }
)  # fmt: skip
RESTRICTED = frozenset({"NET_BIND_SERVICE"})
KEY = "capabilities"
ALL_DROPPED = {"drop": ["ALL"]}  # and nothing added: nothing to object to at any level


def fill(container: Container, _settings: Settings) -> None:
    """Drop all where the container drops none; Windows has none."""
    if not container.platform.windows:
        container.capabilities.default("drop", ["ALL"])


def check(container: Container, settings: Settings) -> Iterable[Violation]:
    """Refuse additions beyond the level; at restricted the literal ALL must be dropped."""
    alone = container.security_context.get(KEY) == ALL_DROPPED
    return () if alone else _objections(container, settings)


def _objections(container: Container, settings: Settings) -> Iterator[Violation]:
    capabilities = container.capabilities
    restricted = settings.level >= Level.RESTRICTED
    if restricted and container.platform.windows:
        return
    allowed = RESTRICTED if restricted else USUAL
    for item, name in enumerate(capabilities.list("add")):
        if type(name) is not str or name not in allowed:
            called = name if type(name) is str else "an item that is no text"
            yield capabilities.violation("add", f"{called} is not allowed", item=item)
    if restricted and "ALL" not in capabilities.list("drop"):
        yield capabilities.violation("drop", "must include ALL")


RULE: ContainerRule = ContainerRule(
    id="capabilities",
    level=Level.BASELINE,
    fill_level=Level.RESTRICTED,
    fill=fill,
    check=check,
)
