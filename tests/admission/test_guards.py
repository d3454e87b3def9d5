"""What nobody may change on a live pod, and who may take the gate away."""

from typing import Any

import pytest

from tests.admission.case import (
    GATE,
    MANAGED,
    MUTATE,
    NAME,
    OPTED_IN,
    SERVER,
    VALIDATE,
    Json,
    answer_to,
    errors,
    mutated,
    pod,
)
from tests.in_memory.defaults import copied
from tests.rules.case import settings_of
from webhook.admission.answer import Answer
from webhook.admission.handler import review
from webhook.admission.workload import Request, Scope
from webhook.settings.model import Settings

CONTROLLER = "system:serviceaccount:mcp-admission-system:mcp-admission-controller"
SETTINGS = settings_of(
    isolation={"controllerUser": CONTROLLER, "breakGlassGroups": ["system:masters", "on-call"]}
)
LIVE = mutated(pod())
LABELS = LIVE["metadata"]["labels"]
ALTERED: dict[str, Any] = {
    "server-dropped": {NAME: "tools"},
    "name-dropped": {SERVER: "true"},
    "both-dropped": {},
    "all-labels-dropped": None,
    "opted-out": {**LABELS, SERVER: "false"},
    "another-server": {**LABELS, NAME: "other"},
    "name-emptied": {**LABELS, NAME: ""},
}


def updated(labels: Any = LABELS, **spec: Any) -> Json:
    """The live pod with other labels, or other fields of its spec."""
    new = copied(LIVE)
    new["metadata"]["labels"] = labels
    new["spec"] |= spec
    return new


def asked(new: Any, old: Any = LIVE, **keys: Any) -> Answer:
    return answer_to(new, old, **{"hook": VALIDATE, "settings": SETTINGS, **keys})


EVERYTHING, KEYED = {"operator": "Exists"}, {"key": "gpu", "operator": "Exists"}
TOLERATING = {**LIVE, "spec": {**LIVE["spec"], "tolerations": [EVERYTHING]}}
EVERY_EFFECT = [{**EVERYTHING, "effect": "NoExecute", "tolerationSeconds": at} for at in range(200)]


@pytest.mark.parametrize(
    ("old", "tolerations", "action", "refused"),
    [
        pytest.param(LIVE, [EVERYTHING], "deny", True, id="added"),
        pytest.param(LIVE, [EVERYTHING], "override", True, id="nothing-overrides-it"),
        pytest.param(LIVE, [EVERYTHING], "warn", False, id="warned"),
        pytest.param(LIVE, [EVERYTHING], "off", False, id="off"),
        pytest.param(LIVE, [KEYED], "deny", False, id="keyed"),
        pytest.param(TOLERATING, [KEYED, EVERYTHING], "deny", False, id="kept"),
        pytest.param(TOLERATING, [EVERYTHING, *EVERY_EFFECT], "deny", True, id="another"),
    ],
)
def test_a_live_pod_gets_no_toleration_of_everything(
    old: Json, tolerations: list[Json], action: str, *, refused: bool
) -> None:
    settings = settings_of(rules={"tolerations": action})

    answer = asked(updated(tolerations=tolerations), old, settings=settings)

    assert answer.allowed is not refused
    assert len(answer.findings) <= 100
    assert {finding.rule for finding in answer.findings} <= {"tolerations"}
    assert bool(answer.findings) == (refused or action == "warn")


@pytest.mark.parametrize("scope", [OPTED_IN, MANAGED])
@pytest.mark.parametrize("subresource", ["", "status", "ephemeralcontainers"])
@pytest.mark.parametrize("labels", ALTERED.values(), ids=ALTERED)
def test_our_labels_stay_on_a_live_pod(labels: Any, subresource: str, scope: Scope) -> None:
    answer = asked(updated(labels), subresource=subresource, scope=scope)

    assert {*errors(answer)} == {"identity"}
    assert "cannot change on a live pod: recreate the pod (identity)" in answer.message


@pytest.mark.parametrize("subresource", ["", "status"])
def test_our_labels_cannot_be_added_to_a_live_pod(subresource: str) -> None:
    before = updated({"app": "tools"})

    assert errors(asked(updated(), before, subresource=subresource)) == ["identity"] * 2


@pytest.mark.parametrize("subresource", ["", "status"])
def test_other_labels_may_change(subresource: str) -> None:
    new = updated({**LABELS, "app": "changed", "mcp-admission.dev/other": "x"})

    assert asked(new, subresource=subresource).allowed


def test_the_mutating_hook_leaves_labels_alone() -> None:
    assert asked(updated({}), hook=MUTATE).operations == ()


UNGATED = [[], None, [{"name": "other"}]]


@pytest.mark.parametrize("gates", UNGATED)
def test_a_tenant_may_not_take_the_gate_away(gates: Any) -> None:
    answer = asked(updated(schedulingGates=gates))

    assert errors(answer) == ["isolation-gate"]
    assert answer.findings[0].path == "/spec/schedulingGates"


@pytest.mark.parametrize(
    ("keys", "allowed"),
    [
        ({"user": CONTROLLER}, True),
        ({"user": "admin", "groups": ("system:authenticated", "on-call")}, True),
        ({"groups": ("system:masters",)}, True),
        ({"user": CONTROLLER + "-2"}, False),
        ({"user": ""}, False),
        ({"groups": ()}, False),
        ({"groups": ("on-calls", "masters")}, False),
    ],
)
def test_the_controller_and_who_breaks_the_glass_may(keys: Json, allowed: bool) -> None:
    assert asked(updated(schedulingGates=[]), **keys).allowed is allowed


def test_nobody_is_the_controller_until_the_settings_name_it() -> None:
    nameless = settings_of(isolation={"breakGlassGroups": []})

    assert not asked(updated(schedulingGates=[]), settings=nameless, user="").allowed
    assert not asked(updated(schedulingGates=[]), settings=nameless, user="None").allowed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([{"name": GATE}, {"name": "other"}], [{"name": GATE}]),
        ([{"name": "other"}], []),
        (None, []),
        ([], [{"name": "other"}]),
    ],
)
def test_other_gates_are_not_guarded(before: Any, after: Any) -> None:
    old = updated(schedulingGates=before)

    assert asked(updated(schedulingGates=after), old).allowed


def binding(settings: Settings = SETTINGS, **metadata: Any) -> Answer:
    document = {"kind": "Binding", "metadata": {"name": "tools", **metadata}, "target": {}}
    asked_for = Request(
        hook=VALIDATE, resource="pods", subresource="binding", operation="CREATE", name="tools",
        object=document,
    )  # fmt: skip
    return review(asked_for, settings, OPTED_IN)


@pytest.mark.parametrize(
    ("metadata", "path"),
    [
        ({"labels": {SERVER: "true"}}, "/metadata/labels/mcp-admission.dev~1server"),
        ({"labels": {NAME: "other"}}, "/metadata/labels/mcp-admission.dev~1name"),
        (
            {"annotations": {"mcp-admission.dev/x": ""}},
            "/metadata/annotations/mcp-admission.dev~1x",
        ),
    ],
)
def test_a_binding_carries_nothing_of_ours_to_a_pod(metadata: Json, path: str) -> None:
    answer = binding(**metadata)

    assert errors(answer) == ["identity"]
    assert answer.findings[0].path == path
    assert 'MCP server "tools" refused:' in answer.message


@pytest.mark.parametrize("metadata", [{}, {"labels": {"a": "b"}, "annotations": {"a/b": "c"}}])
def test_an_ordinary_binding_passes(metadata: Json) -> None:
    assert binding(**metadata).allowed


APPARMOR = "container.apparmor.security.beta.kubernetes.io/main"
PROFILES: list[tuple[Any, bool]] = [
    ("unconfined", False),
    ("Unconfined", False),
    ("unknown/x", False),
    (7, False),
    ("runtime/default", True),
    ("localhost/mcp", True),
    ("", True),
]


@pytest.mark.parametrize(("profile", "passes"), PROFILES)
def test_a_binding_does_not_switch_apparmor_off(profile: Any, passes: bool) -> None:
    answer = binding(annotations={"a/b": "c", APPARMOR: profile})

    assert errors(answer) == ([] if passes else ["apparmor"])
    if not passes:
        assert f"metadata.annotations[{APPARMOR}] must be runtime/default" in answer.message
        place = APPARMOR.replace("/", "~1")
        assert [found.path for found in answer.findings] == [f"/metadata/annotations/{place}"]


@pytest.mark.parametrize(
    ("keys", "warnings"),
    [
        ({"rules": {"apparmor": "warn"}}, 1),
        ({"rules": {"apparmor": "off"}}, 0),
        ({"mcpNamespace": {"podSecurity": {"enforce": "privileged"}}}, 0),
    ],
    ids=["warn", "off", "privileged"],
)
def test_profiles_of_a_binding_are_judged_by_the_settings(keys: Json, warnings: int) -> None:
    answer = binding(settings_of(**keys), annotations={APPARMOR: "unconfined"})

    assert answer.allowed
    assert len(answer.warnings) == warnings
