"""The rules at work on one pod: fill in, check what came out, and settle conflicts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webhook.admission.answer import Finding, Severity
from webhook.admission.patch import Patch
from webhook.admission.request import Hook
from webhook.rules.fields import Violation
from webhook.rules.pod import Pod
from webhook.rules.registry import Step, plan
from webhook.rules.rule import ContainerRule, PodRule, Workload
from webhook.settings.model import Settings


class Enforcement:
    """The rules that apply to a pod, and to the Deployment that it is the template of.

    `remembered` pods come from a template that was filled in: only what is always current is
    filled in again.
    """

    def __init__(
        self,
        settings: Settings,
        pod: Pod | None,
        deployment: Workload | None = None,
        *,
        remembered: bool = False,
    ) -> None:
        self.settings = settings
        self.pod = pod
        self.deployment = deployment
        self.remembered = remembered
        self.steps = [
            step
            for step in plan(settings)
            if not (step.rule.linux_only and pod is not None and pod.windows)
        ]

    def fill(self) -> None:
        """Fill in every absent field that a rule has a value for."""
        for step in self.steps:
            if step.fills and (step.rule.always_current or not self.remembered):
                self._fill(step)

    def check(self, hook: Hook, patch: Patch | None = None) -> list[Finding]:
        """What the rules object to; with a patch, conflicts may be settled by overriding them."""
        findings: list[Finding] = []
        for step in self.steps:
            if step.checks and (step.rule.final or hook is Hook.MUTATE):
                violations = self._violations(step)
                if violations and patch is not None and step.action == "override":
                    findings += self._override(step, violations, patch)
                else:
                    findings += _findings(step, violations)
        return findings

    def _override(self, step: Step, violations: list[Violation], patch: Patch) -> list[Finding]:
        """Take what contradicts out, fill in again, and warn; what is left is refused."""
        if not step.rule.overridable:
            return _findings(step, violations)
        warnings = []
        for violation in reversed(violations):
            said = violation.overridden or f"{violation.place} overridden: {violation.sentence}"
            warnings.append(Finding(step.rule.id, Severity.WARNING, violation.pointer, said))
            if violation.item is not None:
                violation.at.remove(violation.key, violation.item)
            elif violation.at.value is not None and violation.key in violation.at.value:
                patch.take(violation.at, violation.key)
        self._fill(step)
        return [*reversed(warnings), *_findings(step, self._violations(step))]

    def _fill(self, step: Step) -> None:
        for subject in self._subjects(step):
            step.rule.fill(subject, self.settings)

    def _violations(self, step: Step) -> list[Violation]:
        rule, settings = step.rule, self.settings
        return [
            violation
            for subject in self._subjects(step)
            for violation in rule.check(subject, settings)
        ]

    def _subjects(self, step: Step) -> Iterable[Any]:
        if isinstance(step.rule, ContainerRule):
            return () if self.pod is None else self.pod.containers
        subject = self.pod if isinstance(step.rule, PodRule) else self.deployment
        return () if subject is None else (subject,)


def _findings(step: Step, violations: list[Violation]) -> list[Finding]:
    refuses = step.action != "warn"
    return [
        Finding(
            step.rule.id,
            Severity.ERROR if refuses and not violation.advice else Severity.WARNING,
            violation.pointer,
            violation.message,
        )
        for violation in violations
    ]
