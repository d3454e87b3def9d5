"""All rules, in the order in which they fill in; nothing is registered by being imported.

The order matters where one rule reads what another filled in: identity before what is named after
it, the token before the volumes that come with it, ceilings after defaults, the gate last.
"""

from functools import lru_cache
from typing import NamedTuple, get_args

from webhook.rules import (
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
    isolation_gate,
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
    service_account_token,
    sysctls,
    volume_types,
    windows_host_process,
)
from webhook.rules.rule import Rule
from webhook.settings.errors import SettingsError
from webhook.settings.model import RuleAction, Settings
from webhook.settings.rule_ids import RuleId

RULES: tuple[Rule, ...] = (
    annotations.RULE,
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
    base_image.RULE,
    replicas.RULE,
    resources.RULE,
    resource_ceilings.RULE,
    scheduling.RULE,
    config_env.RULE,
    config_files.RULE,
    isolation_gate.RULE,
)


class Step(NamedTuple):
    """A rule that applies under the settings in force, and what they say about a conflict."""

    rule: Rule
    fills: bool
    checks: bool
    action: RuleAction


@lru_cache(maxsize=4)
def plan(settings: Settings) -> tuple[Step, ...]:
    """The rules that apply under these settings, in order.

    Raises SettingsError where the settings ask a rule for what it cannot do.
    """
    steps = []
    for rule in RULES:
        action = rule.action(rule.id, settings)
        if action == "override" and rule.id in settings.rules and not rule.overridable:
            raise SettingsError(
                f"rules.{rule.id}: override is not accepted, because nothing can stand in for "
                "what it refuses: use deny, warn or off"
            )
        fill_level = rule.level if rule.fill_level is None else rule.fill_level
        fills, checks = settings.level >= fill_level, settings.level >= rule.level
        if action != "off" and (fills or checks):
            steps.append(Step(rule, fills, checks, action))
    return tuple(steps)


def validate(rules: tuple[Rule, ...], ids: tuple[str, ...]) -> None:
    """Raise ValueError unless every identifier of the settings has its one rule, in that order."""
    have = tuple(rule.id for rule in rules)
    if have != ids:
        differing = sorted(set(have) ^ set(ids)) or "the order"
        raise ValueError(f"rules/registry.py and settings/rule_ids.py differ in {differing}")


validate(RULES, get_args(RuleId))
