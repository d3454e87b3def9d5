"""The rules' checks and an independent statement of the Pod Security Standards agree."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import Phase, find, given
from hypothesis import settings as effort

from tests.rules import standard
from tests.rules.case import Json, base, edition, refused
from tests.rules.odd_values import ANNOTATIONS, LISTS, OF_CONTAINERS, OF_PODS
from tests.rules.pods import pods, put
from webhook.pods.fields import Malformed
from webhook.rules.checks import (
    apparmor,
    capabilities,
    host_namespaces,
    host_path,
    host_ports,
    privilege_escalation,
    privileged,
    probe_hosts,
    proc_mount,
    run_as_non_root,
    run_as_user,
    seccomp_profile,
    selinux,
    sysctls,
    volume_types,
    windows_host_process,
)
from webhook.rules.registry import RULES
from webhook.rules.rule import ContainerRule, PodRule
from webhook.settings.rule_settings import Level

OF_THE_STANDARD: tuple[PodRule | ContainerRule, ...] = (
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
)
EFFORT = effort(deadline=None, max_examples=2000, phases=[Phase.generate], derandomize=True)
LEVELS = ("baseline", "restricted")
EDITIONS = {level: edition(level) for level in LEVELS}


def refusals(pod: Json, level: str) -> list[str]:
    """What the rules of the standard refuse; the engine refuses what is malformed, too."""
    settings = EDITIONS[level]
    try:
        return [
            message
            for rule in OF_THE_STANDARD
            if rule.level <= settings.level
            for message in refused(rule, pod, settings)
        ]
    except Malformed as error:
        return [str(error)]


def agree(pod: Json) -> None:
    """Fail unless rules and standard give one verdict at each level."""
    for level in LEVELS:
        by_rules, by_standard = refusals(pod, level), standard.violations(pod, level)
        assert bool(by_rules) == bool(by_standard), (level, by_rules, by_standard, pod)


def test_these_are_all_rules_of_the_standard() -> None:
    registered = [rule for rule in RULES if rule.level > Level.PRIVILEGED]
    assert list(OF_THE_STANDARD) == registered


def hardened(**tweak: Any) -> Json:
    """A pod that complies, with a container in every list."""
    context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    covering = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    if "securityContext" in tweak:
        context |= covering
    containers = {key: [{"name": key.lower(), "securityContext": {**context}}] for key in LISTS}
    return base(**{"securityContext": covering, **containers, **tweak})


VARIANTS: dict[str, Json] = {
    "linux": {},
    "windows": {"os": {"name": "windows"}},
    "user-namespace": {"hostUsers": False},
    "containers-stand-alone": {"securityContext": None},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_rules_and_standard_agree_on_every_odd_value(variant: str) -> None:
    for path, values in OF_PODS.items():
        for value in values:
            pod = hardened(**VARIANTS[variant])
            put(pod["spec"], path, deepcopy(value))
            agree(pod)
    for key in LISTS if variant == "linux" else LISTS[1:2]:
        for path, values in OF_CONTAINERS.items():
            for value in values:
                pod = hardened(**VARIANTS[variant])
                put(pod["spec"][key][0], path, deepcopy(value))
                agree(pod)
    for annotation, values in ANNOTATIONS.items():
        for value in values:
            pod = hardened(**VARIANTS[variant])
            put(pod["metadata"], ("annotations", annotation), deepcopy(value))
            agree(pod)


@effort(max_examples=400, deadline=None)
@given(pod=pods())
def test_rules_and_standard_agree_on_generated_pods(pod: Json) -> None:
    agree(pod)


@pytest.mark.parametrize("complies", [True, False], ids=["compliant", "refused"])
@pytest.mark.parametrize("level", LEVELS)
def test_the_generator_reaches_both_verdicts_with_every_list(level: str, complies: bool) -> None:
    def wanted(pod: Json) -> bool:
        lists = all(pod["spec"].get(key) for key in LISTS)
        return lists and complies is not bool(standard.violations(pod, level))

    assert find(pods(), wanted, settings=EFFORT)


def test_the_privileged_level_asks_for_nothing() -> None:
    assert standard.violations(base(hostNetwork=True), "privileged") == []
