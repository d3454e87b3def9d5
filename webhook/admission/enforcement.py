"""The rules at work on one pod: fill in, check what came out, and settle conflicts."""

from collections.abc import Sequence
from typing import Any

from webhook.admission.answer import Finding, Severity
from webhook.admission.injected import Memory
from webhook.pods.fields import Violation
from webhook.pods.patch import Patch
from webhook.pods.pod import Pod
from webhook.rules.registry import Step, plan
from webhook.rules.rule import PodRule, Workload
from webhook.settings.model import Settings

# Of one rule to one subject: a list of a million items is refused for the first of them.
MOST_OBJECTIONS = 100
# Of one rule to all the containers of a pod.
MOST_OF_RULE = 1000


class Enforcement:
    """The rules that apply to a pod, and to the Deployment that it is the template of.

    `remembered` is what the template of a pod says that was filled in: only what is always current
    is filled in again, and what the template's pods are given. `given` are the settings by which
    pods are given it, where they are not the others. `cut` says that there was more to
    object to than MOST_OBJECTIONS or MOST_OF_RULE.
    """

    def __init__(
        self,
        settings: Settings,
        pod: Pod | None,
        deployment: Workload | None = None,
        *,
        remembered: Memory | None = None,
        given: Settings | None = None,
    ) -> None:
        self.settings = settings
        self.given = given if remembered is None else remembered.pods.instead_of_defaults(settings)
        self.subjects: dict[str, Sequence[Any]] = {
            "pod": () if pod is None else (pod,),
            "container": () if pod is None else pod.containers,
            "workload": () if deployment is None else (deployment,),
        }
        self.plan = plan(settings, windows=pod is not None and pod.platform.windows)
        self.fills = self.plan.fills if remembered is None else self.plan.current
        self.cut = False

    def fill(self, patch: Patch) -> list[Finding]:
        """Fill in every absent field that a rule has a value for.

        What the fleet replaces goes first, so that the next rules see what stays; returns the
        warnings about it.
        """
        warnings: list[Finding] = []
        for step in self.fills:
            if not step.rule.final and step.action == "override":
                for _, violations in self._objections((step,)):
                    warnings += _overridden(step, violations, patch)
            self._fill(step)
        return warnings

    def give(self) -> None:
        """Fill in what the pods of a template are given, and nothing else."""
        for step in self.fills:
            if step.rule.given is not None:
                self._fill(step)

    def promise(self) -> dict[str, Any]:
        """What the pods of a template that is filled in lack, in the words of mcpServerDefaults."""
        promised: dict[str, Any] = {}
        for step in self.fills:
            if step.rule.given is not None:
                for subject in self.subjects[step.rule.subject]:
                    promised |= step.rule.given(subject, self.settings)
        return promised

    def settle(self, patch: Patch) -> list[Finding]:
        """What the rules object to, once conflicts that may be overridden are."""
        objections = self._objections(self.plan.checks)
        warnings: list[Finding] = []
        for step, violations in objections:
            warnings += _overridden(step, _settled(step, violations, patch), patch)
        if warnings:
            # What one rule lost may be what another one waited for.
            warnings += self.fill(patch)
            objections = self._objections(self.plan.checks)
        return warnings + _findings(objections)

    def check(self) -> list[Finding]:
        """What the rules object to in the object as it will be stored."""
        return _findings(self._objections(self.plan.final))

    def _fill(self, step: Step) -> None:
        given = self.given if step.rule.given is not None else None
        settings = self.settings if given is None else given
        for subject in self.subjects[step.rule.subject]:
            step.rule.fill(subject, settings)

    def _objections(self, steps: Sequence[Step]) -> list[tuple[Step, list[Violation]]]:
        settings, subjects = self.settings, self.subjects
        found: dict[Step, list[Violation]] = {}
        for step in steps:
            check = step.rule.check
            for subject in subjects[step.rule.subject]:
                for number, violation in enumerate(check(subject, settings)):
                    of_rule = found.setdefault(step, [])
                    if number == MOST_OBJECTIONS or len(of_rule) == MOST_OF_RULE:
                        self.cut = True
                        break
                    of_rule.append(violation)
        return list(found.items())


def notices(settings: Settings, pod: Pod) -> list[Finding]:
    """What the author of a pod should know about what the rules are about to fill in."""
    found = [
        (step, list(step.rule.notice(pod, settings)))
        for step in plan(settings, windows=pod.platform.windows).notices
        if isinstance(step.rule, PodRule)
    ]
    return _findings(found)


def _settled(step: Step, violations: list[Violation], patch: Patch) -> list[Violation]:
    """Those that are settled by overriding: what was overridden once is never refused later."""
    if not step.rule.overridable or step.action == "warn":
        return []
    if step.action == "override":
        return violations
    return [violation for violation in violations if patch.gave_back(violation.at, violation.key)]


def _overridden(step: Step, violations: list[Violation], patch: Patch) -> list[Finding]:
    """Take the values away that are there, the last of a list first; a warning for each."""
    warnings = []
    for violation in reversed(violations):
        said = violation.overridden or f"{violation.place} overridden: {violation.sentence}"
        brief = f"{violation.place} overridden"
        warning = Finding(step.rule.id, Severity.WARNING, violation.pointer, said, brief)
        if patch.override(violation.at, violation.key, violation.item):
            warnings.append(warning)
    return warnings[::-1]


def _findings(objections: list[tuple[Step, list[Violation]]]) -> list[Finding]:
    return [
        Finding(
            step.rule.id,
            Severity.ERROR if step.action != "warn" and not violation.advice else Severity.WARNING,
            violation.pointer,
            violation.message,
            violation.brief,
        )
        for step, violations in objections
        for violation in violations
    ]
