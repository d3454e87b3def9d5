"""What the Pod Security label of a namespace refuses, whatever a workload is let off here.

An exception changes the answers of this product alone. The API server checks each pod by the label
`pod-security.kubernetes.io/enforce` of its namespace, too, and knows no exceptions. So a rule of
the Pod Security Standards can be excepted in vain: the pod is refused nevertheless. That is told
where the exception is applied, in its status and by `audit`, which all ask here.
"""

from collections.abc import Iterable
from typing import NamedTuple

from webhook.rules.registry import RULES
from webhook.settings import Level, Settings, listed

GRADED = frozenset({"capabilities", "proc-mount", "seccomp-profile"})
"""Rules that ask for more at a higher level: a lower label need not refuse what they object to."""

_LEVELS: dict[str, Level] = {rule.id: rule.level for rule in RULES if rule.level > Level.PRIVILEGED}
_SHOWN = 3


class PodSecurityRefusals(NamedTuple):
    """The rules that a namespace with this label asks for, whatever is excepted.

    `wholly` says that each excepted rule is among them, and all that it objects to is refused.
    """

    namespace: str
    label: Level
    rules: tuple[str, ...]
    wholly: bool

    @property
    def sentence(self) -> str:
        """What is refused, and by whom."""
        where = f"namespace {self.namespace} ({self.level})"
        return f"Pod Security of {where} still refuses {self.what}"

    @property
    def level(self) -> str:
        """The level of the label, as it is written."""
        return self.label.name.lower()

    @property
    def what(self) -> str:
        """The rules by name, of many the first."""
        verb = "objects" if len(self.rules) == 1 else "object"
        return f"what {listed(self.rules, 'and', _SHOWN)} {verb} to"

    @property
    def mend(self) -> str:
        """The way out: no exception is one."""
        return (
            f"set mcpNamespace.podSecurity.enforce to {self.enough} there, or run the workload in "
            "a namespace without this label"
        )

    @property
    def told(self) -> str:
        """What is refused, and the way out."""
        return f"{self.sentence}: {self.mend}"

    @property
    def told_of_managed(self) -> str:
        """The same, where it is not known whether the namespace is managed, and so has a label."""
        return f"{self.sentence}, if {self.namespace} is managed: {self.mend}"

    @property
    def enough(self) -> str:
        """The highest level at which none of the rules is asked for."""
        return Level(min(_LEVELS[rule] for rule in self.rules) - 1).name.lower()


def pod_security_refusals(
    namespace: str, rules: Iterable[str], label: Level, settings: Settings
) -> PodSecurityRefusals | None:
    """What a namespace with this label refuses of what is excepted there; None where it is nothing.

    The settings are those of the namespace: they say what the rules object to.
    """
    excepted = sorted(rules)
    found = tuple([rule for rule in excepted if rule in _LEVELS and _LEVELS[rule] <= label])
    if not found:
        return None
    graded = label < settings.level and not GRADED.isdisjoint(found)
    return PodSecurityRefusals(namespace, label, found, len(found) == len(excepted) and not graded)
