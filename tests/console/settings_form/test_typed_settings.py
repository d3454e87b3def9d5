"""What is typed becomes settings, or is told at its field in the words of the settings."""

from typing import Any

import pytest

from tests.console.settings_form.subjects import cluster, namespace
from webhook import documents
from webhook.console.settings_form.settings_subject import Json, SettingsSubject
from webhook.console.settings_form.typed_settings import (
    MOST_TYPED,
    ChangedKey,
    KeyBySide,
    TypedSettings,
    rebased,
    settings_of_cluster,
    with_value,
)
from webhook.settings.faults import MOST_FAULTS

RESOURCES = "mcpServerDefaults.resources"
STORED = {"mode": "warn", "mcpServerDefaults": {"resources": {"requests": {"memory": "1Gi"}}}}


def typed(subject: SettingsSubject | None = None, **texts: str) -> TypedSettings:
    given = {name.replace("__", ":").replace("_", "."): text for name, text in texts.items()}
    return TypedSettings(subject or cluster(), given)


def test_nothing_typed_changes_nothing() -> None:
    found = typed(cluster(STORED))

    assert (found.spec, found.changed, found.faults) == (STORED, [], ())


def test_inputs_as_they_were_shown_change_nothing() -> None:
    stored: Json = {
        **STORED,
        "isolation": {"breakGlassGroups": []},
        "mcpServerDefaults": {"resources": {"limits": {"cpu": "1"}, "requests": {}}},
        "rules": {"privileged": "warn"},
    }
    shown = TypedSettings(cluster(stored), {})
    texts = {each.name: each.text for field in cluster().fields for each in shown.inputs(field)}

    assert TypedSettings(cluster(stored), texts).spec == stored


def test_what_is_typed_is_set_and_what_is_emptied_is_taken_out() -> None:
    found = typed(
        cluster(STORED),
        mode="",
        rules_privileged="warn",
        mcpServerDefaults_runtimeClassName="gvisor",
        **{f"{RESOURCES}.requests:memory": "", f"{RESOURCES}.limits:cpu": "2"},
    )

    assert found.spec == {
        "mcpServerDefaults": {
            "resources": {"limits": {"cpu": "2m"}},
            "runtimeClassName": "gvisor",
        },
        "rules": {"privileged": "warn"},
    }
    assert ChangedKey("mode", "warn", "not set") in found.changed
    assert ChangedKey("rules.privileged", "not set", "warn") in found.changed
    assert len(found.changed) == 4
    assert found.faults == ()


def test_a_locked_key_stays_as_it_is_stored() -> None:
    found = typed(cluster(STORED, chart={"mode": "enforce"}), mode="observe")

    assert found.spec == STORED
    assert found.inputs(found.subject.fields[0]) == ()


@pytest.mark.parametrize(
    ("texts", "field", "said"),
    [
        (
            {"mode": "harsh"},
            "mode",
            '"harsh" is not accepted: write observe, warn or enforce',
        ),
        (
            {"exceptions.longestDays": "many"},
            "exceptions.longestDays",
            '"many" is not accepted: write a whole number, without quotes',
        ),
        (
            {"mcpServerDefaults.tolerations": "- key: a\n- key: b\n  effect: Now"},
            "mcpServerDefaults.tolerations",
            ('line 3, [1].effect: "Now" is not accepted: write NoSchedule, PreferNoSchedule or '
            "NoExecute"),
        ),
        (
            {"mcpServerDefaults.affinity": "nodeAffinty: {}"},
            "mcpServerDefaults.affinity",
            ("line 1, nodeAffinty: unknown key, did you mean nodeAffinity? known here are "
            "nodeAffinity, podAffinity and podAntiAffinity"),
        ),
        (
            {"mcpServerDefaults.tolerations": "- ["},
            "mcpServerDefaults.tolerations",
            "line 1: ",
        ),
        (
            {"delegated": "mode\n\nmoode"},
            "delegated",
            'line 3: "moode" is no key that a namespace can set, did you mean mode?',
        ),
        (
            {f"{RESOURCES}.requests:memory": "lots"},
            RESOURCES,
            'requests.memory: "lots" is not a quantity: ',
        ),
        (
            {f"{RESOURCES}.requests:memory": "2", f"{RESOURCES}.requests:memory:unit": "Gi"}
            | {"mcpServerMaximums.requests:memory": "1Gi"},
            "mcpServerMaximums.requests",
            "memory: 1Gi is less than mcpServerDefaults.resources.requests.memory, 2Gi: ",
        ),
        (
            {"rules.host-path": "override"},
            "rules.host-path",
            "override is not accepted, because nothing can stand in for what it refuses: ",
        ),
    ],
    ids=["choice", "number", "yaml", "unknown", "syntax", "list", "quantity", "contradiction",
         "rule"],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_field_and_stays_typed(
    texts: dict[str, str], field: str, said: str
) -> None:
    found = TypedSettings(cluster(), texts)

    ((where, (fault,)),) = found.by_field.items()

    assert where == field
    assert fault.sentence.startswith(said)
    shown = {each.name: each.text for held in found.subject.fields for each in found.inputs(held)}
    assert {name: shown[name] for name in texts} == texts


def test_what_contradicts_the_chart_is_told_before_it_is_saved() -> None:
    subject = cluster(chart={"mcpServerMaximums": {"requests": {"memory": "1Gi"}}})
    found = TypedSettings(
        subject,
        {f"{RESOURCES}.requests:memory": "2", f"{RESOURCES}.requests:memory:unit": "Gi"},
    )

    assert [*found.by_field] == ["mcpServerMaximums.requests"]


def test_a_contradiction_that_the_chart_ends_is_no_fault() -> None:
    stored = {"delegated": ["no.key"], "mcpServerMaximums": {"requests": {"memory": "1Gi"}}}
    chart = {"delegated": ["mode"], "mcpServerMaximums": {"requests": {"memory": "4Gi"}}}
    found = TypedSettings(
        cluster(stored, chart=chart),
        {f"{RESOURCES}.requests:memory": "2", f"{RESOURCES}.requests:memory:unit": "Gi"},
    )

    assert found.faults == ()


def test_a_fault_of_no_field_names_its_key() -> None:
    (fault,) = typed(SettingsSubject({"modee": "warn"})).by_field[""]

    assert fault.sentence.startswith("modee: unknown key, did you mean mode?")


def test_so_many_faults_are_told() -> None:
    text = "\n".join(f"key-{number}" for number in range(3 * MOST_FAULTS))

    assert len(typed(delegated=text).faults) == MOST_FAULTS


def test_what_a_namespace_may_not_set_is_told_in_its_words() -> None:
    found = typed(namespace(mode="warn"), mode="observe", onConflict="deny")

    assert found.spec == {"mode": "observe", "onConflict": "deny"}
    ((fault,),) = found.by_field.values()
    assert fault.sentence == (
        "observe is looser than warn, which the cluster has: the cluster's settings have to list "
        "mode under delegated for that"
    )


def test_what_is_no_value_at_all_is_a_fault_of_a_namespace_too() -> None:
    assert [*typed(namespace(), mode="harsh").by_field] == ["mode"]
    assert [*typed(SettingsSubject({}, None, "team-a"), mode="harsh").by_field] == ["mode"]


@pytest.mark.parametrize(
    ("values", "value", "found"),
    [
        ({}, 1, {"a": {"b": 1}}),
        ({"a": {"c": 2}}, 1, {"a": {"c": 2, "b": 1}}),
        ({"a": {"b": 1}}, None, {}),
        ({"a": {"b": 1, "c": 2}, "d": 3}, None, {"a": {"c": 2}, "d": 3}),
        ({"a": {"b": 1}}, {}, {"a": {"b": {}}}),
        ({"a": 5}, 1, {"a": {"b": 1}}),
        ({}, None, {}),
    ],
)
def test_a_value_at_a_key(values: Json, value: Any, found: Json) -> None:
    assert with_value(values, ("a", "b"), value) == found


def test_the_cluster_gets_what_is_locked_beside_what_is_typed() -> None:
    ceilings = {"mcpServerMaximums": {"requests": {"memory": "2Gi"}}}
    subject = cluster(
        chart=ceilings | {"mode": "warn"},
        environment={"mcpServerMaximums": {"requests": {"cpu": "1"}}},
    )

    found = settings_of_cluster(subject, {"mode": "observe", "onConflict": "warn"})

    assert (found.mode, found.on_conflict) == ("warn", "warn")
    assert found.mcp_server_maximums.requests == {"memory": "2Gi", "cpu": "1"}


def test_a_change_is_laid_over_what_somebody_else_has_changed_meanwhile() -> None:
    seen = {"mode": "warn", "onConflict": "deny", "rules": {"privileged": "warn"}}
    now = {"mode": "enforce", "onConflict": "warn", "rules": {"privileged": "warn"}}
    wanted = {"mode": "observe", "onConflict": "deny"}

    values, rows = rebased(cluster().fields, seen, now, wanted)

    assert values == {"mode": "observe", "onConflict": "warn"}
    assert rows == [
        KeyBySide("mode", "warn", "enforce", "observe", contested=True),
        KeyBySide("onConflict", "deny", "warn", "deny", contested=False),
    ]


def test_more_than_anybody_types_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = "[" + "a," * (MOST_TYPED // 2)
    monkeypatch.setattr(documents, "read_documents", None)

    found = typed(mcpServerDefaults_tolerations=longest)

    (told,) = found.by_field["mcpServerDefaults.tolerations"]
    assert f"{MOST_TYPED:,} characters" in told.sentence


def test_all_that_is_changed_has_room_together() -> None:
    part = "- " + "a" * (MOST_TYPED // 2)
    found = typed(mcpServerDefaults_tolerations=part, mcpNamespace_networkPolicy_dnsPeers=part)

    assert any("characters" in each.sentence for each in found.faults)


def test_what_is_stored_may_be_longer() -> None:
    names = [f"name-{number}" for number in range(MOST_TYPED // 5)]
    stored = cluster({"mcpServerDefaults": {"imagePullSecrets": [{"name": n} for n in names]}})

    found = typed(stored, mode="warn")

    assert [each.key for each in found.changed] == ["mode"]
    assert not [each for each in found.faults if "characters" in each.sentence]


def test_a_text_with_many_faults_is_not_read_for_each_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads = list[str]()
    read = documents.read_documents

    def noted(text: str, name: str) -> Any:
        reads.append(name)
        return read(text, name)

    monkeypatch.setattr(documents, "read_documents", noted)

    found = typed(mcpServerDefaults_tolerations="- wrong\n" * MOST_FAULTS)

    assert len(found.by_field["mcpServerDefaults.tolerations"]) == MOST_FAULTS
    assert len(reads) <= 2
