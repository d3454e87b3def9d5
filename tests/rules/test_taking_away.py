"""What a rule refuses can be taken away: the field or item that it names is the one at fault.

That is what overriding a conflict rests on. Fields that are filled in come back with our values.
"""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort

from tests.rules.case import Json, base, edition, pod_of, subjects
from tests.rules.odd_values import OF_CONTAINERS, OF_PODS
from tests.rules.pods import pods, put
from tests.rules.test_standard import OF_THE_STANDARD
from webhook.pods.fields import Malformed, Violation
from webhook.pods.patch import Operation, Patch
from webhook.pods.pod import Pod
from webhook.settings.model import Settings

EDITIONS = [
    edition("baseline", "v1.25"),
    edition("baseline"),
    edition("restricted", "v1.34"),
    edition("restricted"),
]
NAMES = ["baseline-1.25", "baseline", "restricted-1.34", "restricted"]


def fill(pod: Pod, settings: Settings) -> None:
    for rule in OF_THE_STANDARD:
        level = rule.level if rule.fill_level is None else rule.fill_level
        for subject in subjects(rule, pod):
            if level <= settings.level:
                rule.fill(subject, settings)


def refused(pod: Pod, settings: Settings) -> list[Violation]:
    return [
        violation
        for rule in OF_THE_STANDARD
        if rule.overridable and rule.level <= settings.level
        for subject in subjects(rule, pod)
        for violation in rule.check(subject, settings)
    ]


def settle(document: Json, settings: Settings) -> tuple[list[Operation], list[str]]:
    """Fill in, take away what is refused, fill in again: the operations, and what is left."""
    patch = Patch()
    pod = pod_of(document, patch)
    fill(pod, settings)
    for violation in reversed(refused(pod, settings)):
        if violation.item is not None or violation.key in (violation.at.value or {}):
            violation.at.remove(violation.key, violation.item)
    fill(pod, settings)
    return patch.finish(), [violation.message for violation in refused(pod, settings)]


def mends(document: Json, settings: Settings) -> None:
    """Fail unless a pod of the API's shape is mended, once and for all."""
    try:
        assert settle(document, settings)[1] == []
    except Malformed:
        return
    assert settle(document, settings) == ([], [])


@pytest.mark.parametrize("settings", EDITIONS, ids=NAMES)
def test_every_odd_value_is_mended(settings: Settings) -> None:
    for path, values in OF_PODS.items():
        for value in values:
            document = base()
            put(document["spec"], path, deepcopy(value))
            mends(document, settings)
    for path, values in OF_CONTAINERS.items():
        for value in values:
            document = base()
            put(document["spec"]["containers"][0], path, deepcopy(value))
            mends(document, settings)


@effort(max_examples=100, deadline=None)
@given(pod=pods())
def test_generated_pods_are_mended(pod: Json) -> None:
    for settings in EDITIONS:
        mends(deepcopy(pod), settings)


def test_items_of_one_list_are_named_one_by_one() -> None:
    names: list[Any] = ["NET_ADMIN", "NET_BIND_SERVICE", "SYS_ADMIN", 7]
    context = {"capabilities": {"drop": ["ALL"], "add": names}}
    sysctls = [{"name": "kernel.msgmax"}, {"name": "net.ipv4.tcp_syncookies"}, {"name": "vm.a"}]
    document = base(securityContext={"sysctls": sysctls})
    document["spec"]["containers"][0]["securityContext"] = context
    mends(document, edition())
    assert context["capabilities"]["add"] == ["NET_BIND_SERVICE"]
    assert document["spec"]["securityContext"]["sysctls"] == [{"name": "net.ipv4.tcp_syncookies"}]
