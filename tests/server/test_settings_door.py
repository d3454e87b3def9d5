"""Who applies settings is told at once what only the merge can see; nothing is ever refused."""

import json
import logging
import time
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.reviews import Json, answered, posted
from webhook.admission import LONGEST_WARNING
from webhook.observe.metrics import Metrics
from webhook.server.settings_door import MORE, MOST_WARNINGS, SettingsDoor
from webhook.server.settings_file import InForce, SettingsFile
from webhook.server.turns import RejectedError
from webhook.settings import Overlay, ServerException, Settings, SettingsByNamespace

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
SOON, PAST, FAR = "2027-02-01T00:00:00Z", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"
CLUSTER = Settings.model_validate(
    {
        "mcpServerDefaults": {"resources": {"limits": {"memory": "1Gi"}}},
        "mcpServerMaximums": {"limits": {"memory": "2Gi"}},
        "delegated": ["mode", "mcpNamespace.podSecurity.enforce"],
    }
)
GRANTED = ServerException(
    "old", "team", "files", frozenset({"privileged"}), (), "until then", NOW + 60
)
NEEDED = (
    "such pods need mcpNamespace.podSecurity.enforce: privileged there, or a namespace that is not "
    "managed"
)
LOW = {"mcpNamespace": {"podSecurity": {"enforce": "privileged"}}}
OVERLAYS = {
    "team": Overlay(exceptions=(GRANTED,)),
    "quiet": Overlay({"mode": "observe"}),
    "low": Overlay(LOW),
}
SETTINGS = "MCPServerSettings"
OF_NAMESPACE = "MCPNamespaceSettings"
EXCEPTION = "MCPServerException"
LOCKED = {"mcpServerDefaults": {"resources": {"limits": {"memory": "1Gi"}}}, "mode": "warn"}


def door(metrics: Metrics | None = None, **locked: Any) -> SettingsDoor:
    settings = SettingsFile(clock=lambda: NOW)
    settings.put(InForce(SettingsByNamespace(CLUSTER, OVERLAYS), locked=locked))
    return SettingsDoor(settings, metrics or Metrics(), clock=lambda: NOW)


def asked(kind: str, spec: Any, **tweak: Any) -> bytes:
    """The review of a document."""
    document = {"kind": kind, "metadata": {"name": "default"}, "spec": spec}
    return posted(kind={"kind": kind}, name="default", namespace="team", object=document, **tweak)


def told(kind: str, spec: Any, **locked: Any) -> list[str]:
    response = answered(door(**locked).answer(bytearray(asked(kind, spec)), 0.0))
    assert response["allowed"]
    warnings: list[str] = response.get("warnings", [])
    assert len(warnings) <= MOST_WARNINGS
    assert all(len(each) <= LONGEST_WARNING for each in warnings)
    return warnings


def granting(**tweak: Any) -> Json:
    workload = {"namespace": "team", "name": "web"}
    spec = {"workload": workload, "rules": ["privileged"], "reason": "old", "expires": SOON}
    return spec | tweak


@pytest.mark.parametrize(
    ("kind", "spec", "warnings"),
    [
        (SETTINGS, {"onConflict": "warn"}, []),
        (
            SETTINGS,
            {"mode": "enforce"},
            ["spec.mode has no effect: chart or environment set it"],
        ),
        (
            SETTINGS,
            {"mcpServerMaximums": {"limits": {"memory": "64Mi"}}},
            [
                (
                    "spec.mcpServerMaximums.limits.memory: 64Mi is less than "
                    "mcpServerDefaults.resources.limits.memory, 1Gi"
                )
            ],
        ),
        (
            SETTINGS,
            {"delegated": ["modes"]},
            ['spec.delegated[0]: "modes" is no key that a namespace can set, did you mean mode?'],
        ),
        (OF_NAMESPACE, {"onConflict": "deny"}, []),
        (
            OF_NAMESPACE,
            {"mcpServerMaximums": {"limits": {"memory": "64Mi"}}},
            [
                (
                    "spec.mcpServerMaximums.limits.memory: 64Mi is less than "
                    "mcpServerDefaults.resources.limits.memory, 1Gi"
                )
            ],
        ),
        (
            OF_NAMESPACE,
            {"delegated": []},
            ["spec.delegated: is for the whole cluster: take it out"],
        ),
        (
            OF_NAMESPACE,
            {"selectors": [{"a": "b"}]},
            ["spec.selectors: is read by the chart alone: take it out"],
        ),
        (EXCEPTION, granting(rules=["replicas"]), []),
        (EXCEPTION, granting(workload={"namespace": "low", "name": "web"}), []),
        (
            EXCEPTION,
            granting(rules=["privileged", "replicas"]),
            [
                (
                    "Pod Security (restricted) still refuses what privileged objects to, if team "
                    "is managed"
                ),
                NEEDED,
            ],
        ),
        (
            EXCEPTION,
            granting(
                rules=["privilege-escalation", "run-as-non-root", "seccomp-profile"],
                workload={"namespace": "n" * 63, "name": "web"},
            ),
            [
                (
                    "Pod Security (restricted) still refuses what privilege-escalation, "
                    "run-as-non-root and seccomp-profile object to, if ..."
                ),
                NEEDED,
            ],
        ),
        (
            EXCEPTION,
            granting(expires=PAST, rules=["replicas"]),
            [f"spec.expires: the exception has ended on {PAST}: delete it, or make another one"],
        ),
        (
            EXCEPTION,
            granting(expires=FAR),
            [
                (
                    f"spec.expires: {FAR} is more than 90 days from now, which "
                    "exceptions.longestDays allows: end it earlier"
                )
            ],
        ),
        (
            EXCEPTION,
            granting(workload={"namespace": "team", "name": "files"}, rules=["replicas"]),
            ["the exception old is for team/files, too: the rules of both count"],
        ),
        (
            EXCEPTION,
            granting(workload={"namespace": "quiet", "name": "files"}, rules=["replicas"]),
            [
                (
                    "nothing is refused in namespace quiet while its mode is observe: the "
                    "exception has no effect yet"
                )
            ],
        ),
        ("Pod", {"mode": "warn"}, []),
    ],
)
def test_what_only_the_merge_can_see_is_told(kind: str, spec: Json, warnings: list[str]) -> None:
    assert told(kind, spec, **LOCKED) == warnings


@pytest.mark.parametrize(
    ("kind", "spec", "place"),
    [
        (OF_NAMESPACE, {"modes": "warn"}, "spec.modes: unknown key"),
        (OF_NAMESPACE, {"onConflict": "warn"}, "spec.onConflict: "),
        (OF_NAMESPACE, [], "spec: must be a mapping"),
        (SETTINGS, {"rules": {"privilege": "warn"}}, "spec.rules.privilege: unknown key"),
        (EXCEPTION, granting(rules=["privilege"]), "spec.rules"),
        (EXCEPTION, granting(rules=["isolation-gate"]), "spec.rules"),
        (EXCEPTION, granting(reason=" "), "spec.reason: "),
        (EXCEPTION, None, "spec: this key is required"),
    ],
)
def test_what_a_schema_of_another_version_let_pass_is_told(
    kind: str, spec: Any, place: str
) -> None:
    (warning,) = told(kind, spec)

    assert warning.startswith(place)


def test_of_many_warnings_the_first_are_told() -> None:
    spec = {"rules": {f"rule-{number}": "warn" for number in range(9)}}

    assert len(told(OF_NAMESPACE, spec)) == MOST_WARNINGS
    assert told(OF_NAMESPACE, spec)[-1] == MORE


def test_an_exception_that_is_applied_again_is_not_beside_itself() -> None:
    spec = granting(workload={"namespace": "team", "name": "files"}, rules=["replicas"])
    document = {"metadata": {"name": "old"}, "spec": spec}
    body = posted(kind={"kind": EXCEPTION}, name="old", object=document)

    assert "warnings" not in answered(door().answer(bytearray(body), 0.0))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["mode", "rules", "workload", "expires", "mcpServerMaximums", "delegated", "reason", "images"]
)
SPECS = st.dictionaries(KEYS, JSON_VALUES).map(
    lambda spec: {"metadata": {"name": "a"}, "spec": spec}
)


@given(
    kind=st.sampled_from([SETTINGS, OF_NAMESPACE, EXCEPTION, "Pod"]),
    document=JSON_VALUES | SPECS,
)
def test_a_document_of_any_shape_is_allowed(kind: str, document: Any) -> None:
    metrics = Metrics()
    body = bytearray(posted(kind={"kind": kind}, object=document))

    assert answered(door(metrics).answer(body, 0.0))["allowed"]
    assert not metrics.registry.get_sample_value("mcp_admission_internal_errors_total")


def test_a_document_is_counted_and_its_warnings_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    metrics = Metrics()
    body = asked(OF_NAMESPACE, {"delegated": ["hunter2"]}, dryRun=True)
    door(metrics).answer(bytearray(body), time.monotonic())
    counted = {"hook": "validate", "scope": "settings", "operation": "CREATE"}
    counted |= {"kind": OF_NAMESPACE, "decision": "allowed", "dry_run": "true"}
    (record,) = caplog.records

    assert metrics.registry.get_sample_value("mcp_admission_reviews_total", counted) == 1
    assert record.getMessage() == "settings warned of"
    assert vars(record)["fields"] == {
        "kind": OF_NAMESPACE,
        "namespace": "team",
        "name": "default",
        "uid": json.loads(body)["request"]["uid"],
        "warnings": 1,
    }


def test_a_check_that_fails_keeps_nothing_from_being_applied(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> float:
        raise KeyError("hunter2")

    metrics = Metrics()
    failing = SettingsDoor(SettingsFile(), metrics, clock=broken)
    response = answered(failing.answer(bytearray(asked(EXCEPTION, granting())), 0.0))
    (record,) = caplog.records

    assert response == {"uid": response["uid"], "allowed": True}
    assert metrics.registry.get_sample_value("mcp_admission_internal_errors_total") == 1
    assert record.levelname == "ERROR"
    assert "hunter2" not in str(vars(record)["fields"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{}", HTTPStatus.BAD_REQUEST),
        (b"[" + b"[]," * 2_000_000 + b"0]", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    ],
)
def test_what_is_no_review_is_rejected(body: bytes, status: HTTPStatus) -> None:
    """The registration is ignored then."""
    with pytest.raises(RejectedError) as rejected:
        door().answer(bytearray(body), 0.0)

    assert rejected.value.status == status


OF_CLASS = {"mcpServerDefaults": {"runtimeClassName": "gvisor"}}
CLASS = "spec.mcpServerDefaults.runtimeClassName"
MISSING = f'{CLASS}: RuntimeClass "gvisor" not found: create it, or change this key'


def told_of_class(kind: str, spec: Any, classes: frozenset[str] | None, **given: Any) -> list[str]:
    """What is said of a class where there are these; `given` are locks and what is delegated."""
    settings = SettingsFile(clock=lambda: NOW)
    cluster = Settings.model_validate({"delegated": given.pop("delegated", ["mcpServerDefaults"])})
    settings.put(InForce(SettingsByNamespace(cluster, {}), locked=given))
    settings.runtime_classes = classes
    body = bytearray(asked(kind, spec))
    warnings: list[str] = answered(SettingsDoor(settings, Metrics()).answer(body, 0.0)).get(
        "warnings", []
    )
    return warnings


@pytest.mark.parametrize("kind", [SETTINGS, OF_NAMESPACE])
@pytest.mark.parametrize(
    ("classes", "warnings"),
    [(None, []), (frozenset({"gvisor"}), []), (frozenset({"kata"}), [MISSING])],
    ids=["not known", "there", "missing"],
)
def test_a_runtime_class_that_is_not_there_is_told(
    kind: str, classes: frozenset[str] | None, warnings: list[str]
) -> None:
    assert told_of_class(kind, OF_CLASS, classes) == warnings


def test_a_class_that_has_no_effect_is_not_told_again() -> None:
    (refused,) = told_of_class(OF_NAMESPACE, OF_CLASS, frozenset(), delegated=[])
    assert "not found" not in refused
    (locked,) = told_of_class(SETTINGS, OF_CLASS, frozenset(), **OF_CLASS)
    assert locked == f"{CLASS} has no effect: chart or environment set it"


@pytest.mark.parametrize("kind", [SETTINGS, OF_NAMESPACE])
@pytest.mark.parametrize("named", [None, 7, ["gvisor"], {"a": 1}, ""])
def test_what_is_no_name_of_a_class_is_not_looked_for(kind: str, named: Any) -> None:
    spec = {"mcpServerDefaults": {"runtimeClassName": named}}

    found = told_of_class(kind, spec, frozenset())
    assert not [each for each in found if "not found" in each]


@pytest.mark.parametrize("defaults", [None, 7, [], "gvisor"])
def test_what_is_no_mapping_names_no_class(defaults: Any) -> None:
    found = told_of_class(SETTINGS, {"mcpServerDefaults": defaults}, frozenset())
    assert not [each for each in found if "not found" in each]
