"""Which priority class a server may have: listed, never preempting, or filled in by Kubernetes."""

from typing import Any

import pytest

from tests.rules.case import Json, base, filled, refused, settings_of
from webhook.rules.checks.priority_class import RULE
from webhook.settings.model import Settings

LISTED = settings_of(priorityClasses={"allowed": ["fleet", "system-node-critical"]})
SYSTEM = "priorityClassName must not be a class of the system"
PREEMPTS = "priorityClassName must not preempt other pods"
TEMPLATE = "priorityClassName may be refused to its pods: list it in priorityClasses.allowed"
PRIORITY = "priority must be left to the priority class"


def written(*fields: str) -> Json:
    """An entry of managedFields: the creator wrote these fields of the spec."""
    spec: Json = {"f:containers": {}, **{f"f:{each}": {} for each in fields}}
    return {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": spec}}


def pod(name: Any, policy: Any = "PreemptLowerPriority", *entries: Any) -> Json:
    """A pod as the Priority plugin leaves it."""
    found = base(priorityClassName=name, preemptionPolicy=policy, priority=1000)
    return {**found, "metadata": {**found["metadata"], "managedFields": list(entries)}}


OWN, OTHERS = written("priorityClassName"), written("nodeName")
LABELS_ONLY = {"manager": "kubectl", "fieldsV1": {"f:metadata": {"f:labels": {}}}}
ROWS = [
    pytest.param(base(), Settings(), "", id="no-class"),
    pytest.param(base(priorityClassName=""), Settings(), "", id="empty"),
    pytest.param(base(priority=0), Settings(), "", id="no-default-class"),
    pytest.param(base(priority=-5), Settings(), "", id="negative"),
    pytest.param(base(priority=5), Settings(), PRIORITY, id="priority-without-class"),
    pytest.param(base(priority="5"), Settings(), PRIORITY, id="text-as-priority"),
    pytest.param(base(priority=True), Settings(), PRIORITY, id="boolean-as-priority"),
    pytest.param(pod("high"), Settings(), PREEMPTS, id="no-record"),
    pytest.param(pod("high", None, OWN), Settings(), PREEMPTS, id="no-policy"),
    pytest.param(pod("high", "never", OWN), Settings(), PREEMPTS, id="another-policy"),
    pytest.param(pod("high", "Never", OWN), Settings(), "", id="never-preempts"),
    pytest.param(pod("high", "PreemptLowerPriority", OWN), Settings(), PREEMPTS, id="preempts"),
    pytest.param(pod("d", "PreemptLowerPriority", OTHERS), Settings(), "", id="default-class"),
    pytest.param(pod("d", "Preempt", LABELS_ONLY, OTHERS), Settings(), "", id="two-records"),
    pytest.param(pod("d", "Preempt", OTHERS, OWN), Settings(), PREEMPTS, id="one-wrote-it"),
    pytest.param(pod("d", "Preempt", "odd"), Settings(), PREEMPTS, id="odd-record"),
    pytest.param(pod("d", "Preempt", {"fieldsV1": 1}), Settings(), PREEMPTS, id="odd-fields"),
    pytest.param(pod("d", "Preempt", {"fieldsV1": {"f:spec": 1}}), Settings(), PREEMPTS, id="odd"),
    pytest.param(pod("fleet", "Preempt", OWN), LISTED, "", id="listed"),
    pytest.param(pod("fleets", "Preempt", OWN), LISTED, PREEMPTS, id="almost-listed"),
    pytest.param(pod("system-node-critical", "P", OWN), LISTED, "", id="listed-of-the-system"),
    pytest.param(pod("system-cluster-critical", "P", OWN), LISTED, SYSTEM, id="system"),
    pytest.param(pod("system-x", "Never", OTHERS), Settings(), SYSTEM, id="system-whatever"),
    pytest.param(pod(7, "Never", OTHERS), Settings(), SYSTEM, id="no-text"),
]


@pytest.mark.parametrize(("document", "settings", "message"), ROWS)
def test_a_new_pod(document: Json, settings: Settings, message: str) -> None:
    messages = refused(RULE, document, settings)

    assert [each.partition(": ")[0] for each in messages] == ([message] if message else [])
    assert refused(RULE, document, settings, creating=False) == [], "a live pod keeps its class"


TEMPLATES = [
    pytest.param(base(), Settings(), "", id="no-class"),
    pytest.param(base(priority=5), Settings(), "", id="priority-of-the-default-class"),
    pytest.param(base(priorityClassName="fleet"), LISTED, "", id="listed"),
    pytest.param(base(priorityClassName="x"), LISTED, TEMPLATE, id="unlisted"),
    pytest.param(base(priorityClassName="x", preemptionPolicy="Never"), LISTED, "", id="never"),
    pytest.param(base(priorityClassName="system-x"), LISTED, SYSTEM, id="system"),
]


@pytest.mark.parametrize(("template", "settings", "message"), TEMPLATES)
def test_a_template(template: Json, settings: Settings, message: str) -> None:
    (*messages,) = refused(RULE, template, settings, kind="Deployment", creating=False)

    assert len(messages) == bool(message)
    assert all(each.startswith(message) for each in messages)


def test_no_class_is_filled_in() -> None:
    assert filled(RULE, base()) == []
    assert not RULE.overridable
