"""The mode by which the servers of a namespace are judged: the one that is set, or one asked about.

Below `enforce`, a server is as its author left it. Nothing was to be filled in, refused or made, so
nothing of that is a finding; what enforce would do is counted. Where enforce is asked about and is
not in force yet, its findings are told as what would become of the server. What the controller
makes by then is no finding.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from webhook.admission import (
    PODS_REFUSED,
    PODS_WOULD_BE_REFUSED,
    REFUSED,
    WOULD_BE_REFUSED,
)
from webhook.fleet.report import WOULD_CHANGE, WOULD_REFUSE, ServerFinding
from webhook.settings import SettingsByNamespace

ENFORCE, WARN = "enforce", "warn"
FORESEEN = frozenset({"half-labelled", "out-of-date", "refused", "wide-policy"})
"""Reasons of findings that say what would become of a server."""


class Judged(NamedTuple):
    """What is reported about a server, and what enforce would do where it is not in force."""

    findings: list[ServerFinding]
    would: str = ""


class JudgedMode:
    """`settings` are those to judge by; `in_force` those that are, where they are others.

    `asked` is a mode to judge all namespaces by, empty for the one that each has.
    """

    def __init__(
        self,
        settings: SettingsByNamespace,
        asked: str = "",
        in_force: SettingsByNamespace | None = None,
    ) -> None:
        self._settings, self._in_force = settings, in_force or settings
        self.asked = asked
        self.enforced = settings.in_mode(ENFORCE)
        self.warned = settings.in_mode(WARN)

    def of(self, namespace: str) -> str:
        """The mode by which the servers of a namespace are judged."""
        return self.asked or self._settings.of(namespace).mode

    def now(self, namespace: str) -> str:
        """The mode that the namespace has, or has by the settings that are not in force yet."""
        in_force = self._in_force.of(namespace).mode
        judged = self.of(namespace)
        return in_force if self.asked or judged == ENFORCE else judged

    def tells_what_is(self, namespace: str) -> bool:
        """Whether it is told why servers do not run, rather than what would become of them."""
        return not self.asked or self.of(namespace) == self.now(namespace) == ENFORCE

    def judged(
        self,
        namespace: str,
        enforced: Iterable[ServerFinding],
        around: Iterable[ServerFinding] = (),
        warned: Iterable[ServerFinding] = (),
    ) -> Judged:
        """What becomes of the findings about a server that `enforce` has, and of those around it.

        `warned` is what its author would read in the mode `warn`. Only what is reported is read.
        """
        findings = list(enforced)
        if self.of(namespace) == self.now(namespace) == ENFORCE:
            return Judged([*findings, *around])
        would = _would(findings)
        if self.of(namespace) == ENFORCE:
            return Judged([*map(_foreseen, _alone([*findings, *around]))], would)
        return Judged(list(warned) if self.asked == WARN else [], would)


def _would(findings: Iterable[ServerFinding]) -> str:
    states = {each.state for each in findings if each.reason in FORESEEN}
    changes = any(each.change for each in findings)
    return WOULD_REFUSE if REFUSED in states else WOULD_CHANGE if changes else ""


def _alone(findings: Sequence[ServerFinding]) -> list[ServerFinding]:
    """Those that say what would become of it; a rollout that changes fields adds labels, too."""
    rolls = any(each.change for each in findings)
    return [
        each
        for each in findings
        if each.reason in FORESEEN and not (rolls and each.reason == "half-labelled")
    ]


def _foreseen(finding: ServerFinding) -> ServerFinding:
    """The finding in the future."""
    if finding.state != REFUSED:
        return finding
    reason = finding.message.removeprefix(PODS_REFUSED)
    of_pods = reason != finding.message
    beginning = PODS_WOULD_BE_REFUSED if of_pods else WOULD_BE_REFUSED
    return finding._replace(message=f"{beginning}{reason}")
