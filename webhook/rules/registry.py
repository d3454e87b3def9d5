"""All rules, in the order in which they fill in; nothing is registered by being imported.

The order matters where one rule reads what another filled in: identity before what is named after
it, the token before the volumes that come with it, ceilings after defaults, the gate last.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, get_args

from webhook.rules.checks import (
    annotations,
    apparmor,
    base_image,
    capabilities,
    config_env,
    config_files,
    host_namespaces,
    host_path,
    host_ports,
    identity,
    image_pull_policy,
    image_pull_secrets,
    isolation_gate,
    priority_class,
    privilege_escalation,
    privileged,
    probe_hosts,
    proc_mount,
    replicas,
    resource_ceilings,
    resources,
    run_as_non_root,
    run_as_user,
    runtime_class,
    scheduling,
    seccomp_profile,
    selinux,
    server_container,
    service_account_token,
    service_links,
    sysctls,
    tolerations,
    volume_types,
    windows_host_process,
)
from webhook.rules.rule import Rule, Violation, nothing_to_check, nothing_to_fill
from webhook.settings import NOT_EXCEPTABLE, NOT_OVERRIDABLE, RuleAction, RuleId, Settings

RULES: tuple[Rule, ...] = (
    annotations.RULE,
    server_container.RULE,
    identity.RULE,
    host_namespaces.RULE,
    privileged.RULE,
    run_as_non_root.RULE,
    run_as_user.RULE,
    seccomp_profile.RULE,
    privilege_escalation.RULE,
    capabilities.RULE,
    host_path.RULE,
    volume_types.RULE,
    host_ports.RULE,
    proc_mount.RULE,
    apparmor.RULE,
    selinux.RULE,
    sysctls.RULE,
    windows_host_process.RULE,
    probe_hosts.RULE,
    service_account_token.RULE,
    runtime_class.RULE,
    image_pull_policy.RULE,
    service_links.RULE,
    base_image.RULE,
    replicas.RULE,
    resources.RULE,
    resource_ceilings.RULE,
    scheduling.RULE,
    tolerations.RULE,
    priority_class.RULE,
    image_pull_secrets.RULE,
    config_env.RULE,
    config_files.RULE,
    isolation_gate.RULE,
)

EXCEPTABLE = frozenset(rule.id for rule in RULES if rule.exceptable)


class Step(NamedTuple):
    """A rule that applies, and what the settings say about a conflict with it.

    The rest is read from the rule, so that a review has it at hand. `replaces` says that the
    fleet's values take the place of others before the rule fills in.
    """

    rule: Rule
    action: RuleAction
    subject: str
    fill: Callable[[Any, Settings], None]
    check: Callable[[Any, Settings], Iterable[Violation]]
    only_with: frozenset[str]
    replaces: bool


class RulePlan(NamedTuple):
    """The rules that apply under the settings, laid out for the request path.

    `fills` fill in everything, `current` what is filled in even on pods of a template that was
    filled in before, by the settings or by what the template remembers of them, where the rule may
    be off by now; `checks` check before, `final` after all other webhooks. `notices` have
    something to say about a pod before it is filled in.
    """

    fills: tuple[Step, ...]
    current: tuple[Step, ...]
    checks: tuple[Step, ...]
    final: tuple[Step, ...]
    notices: tuple[Step, ...]


def plan_rules(settings: Settings, *, windows: bool = False) -> RulePlan:
    """The rules that apply under these settings to a pod of Linux or Windows, in order.

    The settings keep it: each review of a namespace asks by the same object, and there is a plan
    for each that differs.
    """
    name = "rules for Windows" if windows else "rules for Linux"
    plan: RulePlan | None = settings.kept.get(name)
    if plan is None:
        plan = settings.kept[name] = _laid_out(settings, windows=windows)
    return plan


def _laid_out(settings: Settings, *, windows: bool) -> RulePlan:
    known = [_step(rule, settings) for rule in RULES]
    steps = [
        step for step in known if step.action != "off" and not (windows and step.rule.linux_only)
    ]
    fills = tuple(step for step in steps if _fills(step.rule, settings))
    checks = tuple(step for step in steps if _checks(step, settings))
    return RulePlan(
        fills,
        tuple(
            step
            for step in known
            if step.rule.given or (step.rule.always_current and step in fills)
        ),
        checks,
        tuple(step for step in checks if step.rule.final),
        tuple(step for step in fills if step.rule.notice is not nothing_to_check),
    )


def _step(rule: Rule, settings: Settings) -> Step:
    action = settings.conflict_action(rule.id)
    checked = rule.checks_by(settings)
    return Step(
        rule,
        action,
        rule.subject,
        rule.fill,
        rule.check if checked else nothing_to_check,
        rule.only_with,
        replaces=checked and not rule.final and action == "override",
    )


def _fills(rule: Rule, settings: Settings) -> bool:
    level = rule.level if rule.fill_level is None else rule.fill_level
    return settings.level >= level and rule.fill is not nothing_to_fill


def _checks(step: Step, settings: Settings) -> bool:
    return settings.level >= step.rule.level and step.check is not nothing_to_check


def validate(rules: tuple[Rule, ...], ids: tuple[str, ...]) -> None:
    """Raise ValueError unless rules and settings agree on identifiers and what can be done."""
    have = tuple(rule.id for rule in rules)
    if have != ids:
        differing = sorted(set(have) ^ set(ids)) or "the order"
        raise ValueError(f"rules/registry.py and settings/rule_settings.py differ in {differing}")
    differing = sorted({rule.id for rule in rules if not rule.overridable} ^ NOT_OVERRIDABLE)
    if differing:
        raise ValueError(
            f"rules and settings/rule_settings.py differ in what {differing} can override"
        )
    differing = sorted({rule.id for rule in rules if not rule.exceptable} ^ NOT_EXCEPTABLE)
    if differing:
        raise ValueError(
            f"rules and settings/rule_settings.py differ in whether {differing} have exceptions"
        )


validate(RULES, get_args(RuleId))
