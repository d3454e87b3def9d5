"""Whose an object is, by what the API server tells of its writers, and what is dropped of ours."""

import json
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.controller.owned.foreign_edits import put_back_note, released
from webhook.controller.owned.managed_fields import HELM_RELEASE, LAST_APPLIED, changed_by
from webhook.controller.owned.owned_objects import (
    NAMESPACE,
    POLICY,
    SECRET,
    SERVICE,
    Kind,
    ObjectKey,
    Owner,
    live_object,
)

Json = dict[str, Any]
UID = "uid-of-crm"
OURS = {"app.kubernetes.io/managed-by": "mcp-admission", "mcp-admission.dev/name": "crm"}
SELECTOR = {"mcp-admission.dev/server": "true", "mcp-admission.dev/name": "crm"}
PORT = {"name": "mcp", "port": 80, "protocol": "TCP", "targetPort": "mcp"}
WEB = {"name": "web", "port": 3000, "protocol": "TCP", "targetPort": 3000}
REFERENCE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "crm", "uid": UID}
US = {"manager": "mcp-admission", "operation": "Update", "fieldsV1": {"f:spec": {"f:ports": {}}}}
OURSELVES = {"metadata": {"labels": OURS, "ownerReferences": [REFERENCE]}}
WEB_FIELDS: Json = {'k:{"port":3000,"protocol":"TCP"}': {}}


def entry(fields: Json, operation: str = "Apply", **more: str) -> Json:
    return {"manager": "them", "operation": operation, "fieldsV1": fields, **more}


def applied(manifest: object) -> Json:
    """The annotation of a client-side apply."""
    return {LAST_APPLIED: manifest if isinstance(manifest, str) else json.dumps(manifest)}


def found(
    *entries: Json, annotations: Json | None = None, labels: Json | None = None, **content: Any
) -> Json:
    """A Service of ours, and what somebody else has made of it."""
    metadata = {
        "name": "crm-mcp",
        "namespace": "team",
        "uid": "1",
        "resourceVersion": "7",
        "labels": OURS if labels is None else labels,
        "ownerReferences": [REFERENCE],
        "annotations": annotations or {},
        "managedFields": [US, *entries],
    }
    spec = {"type": "ClusterIP", "ports": [PORT], "selector": SELECTOR}
    return {"metadata": metadata, **(content or {"spec": spec})}


SPEC: Json = {"f:spec": {"f:selector": {}}}
WHOSE = [
    pytest.param(found(), "ours", id="nobody-else"),
    pytest.param(found(entry(SPEC, "Update")), "ours", id="edited"),
    pytest.param(found(entry({"f:metadata": {"f:labels": {"f:a": {}}}})), "ours", id="label"),
    pytest.param(found(entry({"f:spec": {"f:type": {}}})), "ours", id="type"),
    pytest.param(found(entry({})), "ours", id="nothing-applied"),
    pytest.param(found({"manager": "them", "operation": "Apply"}), "ours", id="no-fields"),
    pytest.param(found(entry(SPEC, subresource="status")), "ours", id="status"),
    pytest.param(found(entry(SPEC)), "theirs", id="server-side"),
    pytest.param(found(entry({"f:spec": {"f:ports": WEB_FIELDS}})), "theirs", id="ports"),
    pytest.param(found(annotations=applied({"spec": {"ports": []}})), "theirs", id="client-side"),
    pytest.param(found(annotations=applied({"metadata": {}})), "ours", id="only-metadata"),
    pytest.param(found(annotations=applied({"spec": "odd"})), "ours", id="odd-spec"),
    pytest.param(found(annotations=applied("[]")), "ours", id="a-list"),
    pytest.param(found(annotations=applied("{")), "ours", id="no-json"),
    pytest.param(found(annotations=applied("[" * 200_000)), "ours", id="deep"),
    pytest.param(found(annotations={HELM_RELEASE: "crm"}), "theirs", id="helm"),
    pytest.param(
        found(labels={**OURS, "app.kubernetes.io/managed-by": "Helm"}), "theirs", id="managed-by"
    ),
    pytest.param(found(labels={}), "ours", id="unlabelled"),
]


@pytest.mark.parametrize(("stored", "whose"), WHOSE)
def test_an_object_is_ours_until_somebody_applies_it(stored: Json, whose: str) -> None:
    live, owner = live_object(SERVICE, stored), Owner(UID)

    assert owner.has(live) is (whose == "ours")
    assert owner.lost(live) is (whose == "theirs")


def test_one_that_does_not_say_that_it_is_ours_or_lost_its_reference_never_was_ours() -> None:
    strange, free = found(labels={}), found()
    strange["metadata"]["managedFields"] = [entry(SPEC, "Update")]
    free["metadata"]["ownerReferences"] = []
    for stored in (strange, free):
        live = live_object(SERVICE, stored)
        assert not Owner(UID).has(live)
        assert not Owner(UID).lost(live)


def test_ownership_is_not_edited_away_by_managed_fields_or_further_references() -> None:
    strange, shared = found(), found()
    strange["metadata"]["managedFields"] = [entry(SPEC, "Update")]
    other = {**REFERENCE, "uid": "another"}
    shared["metadata"]["ownerReferences"] = [{**other, "name": "other"}, other, REFERENCE]
    for stored in (strange, shared):
        live = live_object(SERVICE, stored)
        assert Owner(UID).has(live)
        assert live.owner == "crm"
    assert not Owner(UID, alone=True).has(live_object(SERVICE, strange))


def test_where_it_has_to_be_ours_alone_an_edit_is_enough() -> None:
    edited, alone = live_object(SERVICE, found(entry(SPEC, "Update"))), Owner(UID, alone=True)

    assert alone.lost(edited)
    assert alone.has(live_object(SERVICE, found(entry(SPEC, "Update", subresource="status"))))


def test_the_policy_of_a_namespace_is_never_handed_over() -> None:
    stored = found(entry({"f:spec": {"f:podSelector": {}}}), spec={"podSelector": {}})
    stored["metadata"]["ownerReferences"] = []
    live = live_object(POLICY, stored)

    assert live.taken
    assert NAMESPACE.has(live)
    assert not NAMESPACE.lost(live)


UNION = {**SELECTOR, "app": "other"}
MERGED = {"spec": {"type": "NodePort", "ports": [PORT, WEB], "selector": UNION}}
THEIRS = {"spec": {"ports": [WEB], "selector": {"app": "other"}}}
DATA = {"data": {"OURS": "b3Vycw==", "A": "YQ==", "B": "Yg=="}}
DROPPED = dict.fromkeys(SELECTOR)
LEFT = [
    pytest.param(
        SERVICE,
        found(annotations=applied(THEIRS), **MERGED),
        {"spec": {"selector": DROPPED, "ports": [WEB]}},
        id="client-side",
    ),
    pytest.param(
        SERVICE,
        found(annotations=applied({"spec": {"ports": [{"port": 80, "nodePort": 30000}, "odd"]}})),
        {"spec": {"ports": [{"port": 80}]}},
        id="of-a-port-of-ours",
    ),
    pytest.param(
        SERVICE,
        found(annotations=applied({"spec": {"ports": [{"port": 1}], "selector": "odd"}})),
        {},
        id="what-is-not-stored",
    ),
    pytest.param(
        SERVICE,
        found(entry({"f:spec": {"f:selector": {}, "f:ports": WEB_FIELDS}}), **MERGED),
        {"spec": {"ports": [WEB]}},
        id="server-side",
    ),
    pytest.param(
        SERVICE,
        found(entry(SPEC), entry({"f:spec": {"f:ports": WEB_FIELDS}}), **MERGED),
        {"spec": {"ports": [WEB]}},
        id="two-appliers",
    ),
    pytest.param(
        SERVICE,
        found(annotations={HELM_RELEASE: "crm"}, **MERGED),
        {"spec": {"selector": DROPPED}},
        id="helm-3",
    ),
    pytest.param(SERVICE, found(annotations={HELM_RELEASE: "crm"}), {}, id="only-annotated"),
    pytest.param(
        SERVICE, found(annotations=applied({"spec": {"selector": SELECTOR}})), {}, id="as-ours"
    ),
    pytest.param(
        SECRET,
        found(annotations=applied({"stringData": {"A": "a"}, "data": {"B": "Yg=="}}), **DATA),
        {"data": {"OURS": None}},
        id="secret-client-side",
    ),
    pytest.param(
        SECRET,
        found(entry({"f:stringData": {"f:A": {}}, "f:data": {"f:B": {}}}), **DATA),
        {"data": {"OURS": None}},
        id="secret-server-side",
    ),
    pytest.param(SECRET, found(annotations={HELM_RELEASE: "crm"}, **DATA), {}, id="secret-helm-3"),
    pytest.param(
        POLICY,
        found(
            annotations=applied({"spec": {"podSelector": {"matchLabels": {"app": "other"}}}}),
            spec={"podSelector": {"matchLabels": UNION}, "egress": [{}]},
        ),
        {"spec": {"podSelector": {"matchLabels": DROPPED}}},
        id="policy",
    ),
]


@pytest.mark.parametrize(("kind", "stored", "content"), LEFT)
def test_what_is_let_go_has_what_they_applied_and_nothing_of_ours(
    kind: Kind, stored: Json, content: Json
) -> None:
    patch = released(kind, stored, UID)

    metadata = patch.pop("metadata")
    assert patch == content
    assert metadata["labels"] == dict.fromkeys(OURS)
    assert metadata["ownerReferences"] == []
    assert US not in metadata["managedFields"]
    assert (metadata["uid"], metadata["resourceVersion"]) == ("1", "7")


def test_what_they_applied_of_ours_and_what_others_say_stays() -> None:
    other = {**REFERENCE, "kind": "ConfigMap", "uid": "2"}
    dumped = {**OURSELVES, **THEIRS}
    stored = found(annotations=applied(dumped))
    stored["metadata"]["ownerReferences"].append(other)
    metadata = released(SERVICE, stored, UID)["metadata"]
    assert metadata["labels"] == {}
    assert metadata["ownerReferences"] == [REFERENCE, other]

    stored = found(annotations=applied({**THEIRS, "metadata": {"ownerReferences": "odd"}}))
    stored["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm"}
    stored["metadata"]["ownerReferences"] = [other, REFERENCE]
    metadata = released(SERVICE, stored, UID)["metadata"]
    assert metadata["labels"] == {}
    assert metadata["ownerReferences"] == [other]


def test_who_changed_a_field_is_known_where_the_field_is_still_there() -> None:
    stored = found(
        entry({"f:spec": {"f:selector": {}}}, "Update"),
        {**entry({"f:spec": {"f:type": {}}}, "Update"), "manager": "another"},
        {**entry({"f:metadata": {"f:annotations": {}}}, "Update"), "manager": "third"},
    )
    assert changed_by(stored, [("spec", "selector", "app")]) == ["them"]
    assert changed_by(stored, [("spec", "type"), ("spec", "selector")]) == ["another", "them"]
    assert changed_by(stored, [("spec", "ports"), ("metadata", "labels", "a")]) == []


def test_the_note_names_the_first_few_fields_and_no_value() -> None:
    wanted = {"metadata": {"labels": OURS}, "data": {f"KEY{at}": "eA==" for at in range(9)}}
    stored = {"metadata": {"labels": {}}, "data": {"MORE": "aHVudGVyMg=="}}
    paths = SECRET.differences(wanted, stored)
    note = put_back_note(ObjectKey("Secret", "team", "crm-mcp-config"), paths, ["them"])

    assert note.startswith(
        "them changed data[KEY0], data[KEY1], data[KEY2], data[KEY3], data[KEY4] and 7 more of "
        "Secret crm-mcp-config, which was put back: "
    )
    assert "aHVudGVyMg" not in note


def test_at_most_a_hundred_fields_are_compared_by_name() -> None:
    stored = {"metadata": {}, "data": {f"KEY{at}": "eA==" for at in range(10_000)}}

    assert len(SECRET.differences({"metadata": {}, "data": {"A": ""}}, stored)) == 100


KEYS = st.sampled_from(["port", "protocol", "name", "app", "TCP", "80"])
SCALARS = st.none() | st.integers(0, 2) | KEYS
ANYTHING = st.recursive(
    SCALARS, lambda inside: st.lists(inside) | st.dictionaries(KEYS, inside), max_leaves=10
)
PORTS = st.lists(st.dictionaries(KEYS, SCALARS, min_size=1), max_size=3)
SPECS = st.fixed_dictionaries({"ports": PORTS, "selector": st.dictionaries(KEYS, KEYS)})


@given(ANYTHING | SPECS, SPECS)
def test_nothing_is_written_into_what_is_theirs_that_is_not_stored(
    manifest: Any, spec: Json
) -> None:
    stored = found(annotations=applied({"spec": manifest}), spec=spec)
    patch = released(SERVICE, stored, UID).get("spec", {})

    assert set(patch.get("selector", {}).values()) <= {None}
    for port in patch.get("ports", []):
        assert any(port.items() <= each.items() for each in spec["ports"])


@pytest.mark.parametrize(
    "key",
    [
        "k:",
        "k:1",
        "k:[1]",
        'k:{"port":[1]}',
        'k:{"port":{}}',
        'k:{"uid":"1"}',
        f'k:{{"port":{"1" * 5000}}}',
        f'k:{{"port":{"[" * 5000}{"]" * 5000}}}',
        "v:1",
        "i:0",
    ],
    ids=lambda key: key[:20],
)
def test_no_key_of_managed_fields_stops_the_reading(key: str) -> None:
    """Whoever may write a Service writes its managedFields, and the port is put back as ever."""
    forged = found(
        entry(
            {
                "f:spec": {"f:ports": {key: {"f:port": {}}}},
                "f:metadata": {"f:finalizers": {key: {}}},
            }
        )
    )
    forged["metadata"]["finalizers"] = ["a"]

    assert live_object(SERVICE, forged).taken


FEW = range(4_000)
MANY_PORTS = [{"port": at, "protocol": "TCP"} for at in FEW]
MANY_FIELDS = [
    pytest.param(
        SERVICE,
        [entry({"f:spec": {"f:ports": {f'k:{{"a{at}":1}}': {} for at in range(10_000)}}})],
        {"spec": {"ports": MANY_PORTS}},
        id="keys",
    ),
    pytest.param(
        SERVICE,
        [entry({"f:spec": {"f:ports": {f'k:{{"port":{at}}}': {}}}}) for at in FEW],
        {"spec": {"ports": MANY_PORTS}},
        id="ports",
    ),
    pytest.param(
        SECRET,
        [entry({"f:data": {f"f:{at}": {}}}) for at in FEW],
        {"data": {str(at): "" for at in range(10_000)}},
        id="data",
    ),
]


@pytest.mark.parametrize(("kind", "entries", "content"), MANY_FIELDS)
def test_many_managed_fields_are_read_once(kind: Kind, entries: list[Json], content: Json) -> None:
    """All servers wait while the controller reads one object."""
    forged = found(*entries, **content)
    started = process_time()

    live_object(kind, forged)

    assert process_time() - started < 1.0
