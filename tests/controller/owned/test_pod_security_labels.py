"""Pod Security labels of others are neither lowered, nor taken over, nor taken away."""

import json
from typing import Any

import pytest

from webhook import names
from webhook.controller.owned import SecurityLabels, giving_back, packed_labels, security_labels

Json = dict[str, Any]
PREFIX = "pod-security.kubernetes.io/"


def labels(**values: str) -> dict[str, str]:
    return {PREFIX + key.replace("_", "-"): value for key, value in values.items()}


def found(
    there: Json, ours: Json | None = None, theirs: Json | None = None, note: str = ""
) -> SecurityLabels:
    """Labels as they are; those of others are the rest unless they are named."""
    mine = ours or {}
    rest = {key: 1 for key in there if key not in mine} if theirs is None else theirs
    managers = [("mcp-admission", "Apply", mine), ("kubectl-label", "Update", rest)]
    fields = [
        {
            "manager": name,
            "operation": operation,
            "fieldsV1": {"f:metadata": {"f:labels": {f"f:{key}": {} for key in of}}},
        }
        for name, operation, of in managers
        if of
    ]
    metadata: Json = {"labels": there, "managedFields": fields}
    if note:
        metadata["annotations"] = {names.POD_SECURITY_BEFORE: note}
    return security_labels({"metadata": metadata})


RESTRICTED = labels(enforce="restricted", enforce_version="latest")
BASELINE = labels(enforce="baseline", enforce_version="v1.30")


@pytest.mark.parametrize(
    ("theirs", "wanted", "expected"),
    [
        (RESTRICTED, RESTRICTED, {}),
        (RESTRICTED, BASELINE, {}),
        (BASELINE, RESTRICTED, RESTRICTED),
        (labels(enforce="restricted"), BASELINE, {}),
        (labels(enforce="restricted"), RESTRICTED, {}),
        (labels(enforce="privileged"), BASELINE, BASELINE),
        (
            labels(enforce="baseline", enforce_version="v1.29"),
            BASELINE,
            {PREFIX + "enforce-version": "v1.30"},
        ),
        (labels(enforce="restricted", enforce_version="v1.29"), BASELINE, {}),
        (labels(enforce="baseline", enforce_version="v1.31"), BASELINE, {}),
        (labels(enforce_version="v1.31"), BASELINE, labels(enforce="baseline")),
        (labels(enforce="odd", enforce_version="odd"), BASELINE, BASELINE),
        (labels(audit="restricted"), RESTRICTED, RESTRICTED),
        ({}, RESTRICTED, RESTRICTED),
        (RESTRICTED, {}, {}),
    ],
    ids=lambda each: ",".join(f"{key.removeprefix(PREFIX)}={value}" for key, value in each.items()),
)
def test_what_others_ask_for_themselves_is_left_to_them(
    theirs: Json, wanted: Json, expected: Json
) -> None:
    assert found(theirs).to_apply(wanted) == expected


def test_what_is_ours_or_nobodys_follows_the_settings() -> None:
    assert found(RESTRICTED, ours=RESTRICTED).to_apply(BASELINE) == BASELINE
    assert found(RESTRICTED, theirs={}).to_apply(BASELINE) == BASELINE
    # What we apply as well is theirs once it is as strict.
    assert found(RESTRICTED, ours=RESTRICTED, theirs=RESTRICTED).to_apply(BASELINE) == {}


def test_a_weaker_one_is_kept_while_it_is_raised_and_given_back() -> None:
    weaker = found(BASELINE)
    assert weaker.to_keep(RESTRICTED) == BASELINE
    assert not weaker.are_applied(RESTRICTED)

    note = packed_labels(BASELINE)[names.POD_SECURITY_BEFORE]
    raised = found(RESTRICTED, ours=RESTRICTED, note=note)
    assert raised.are_applied(RESTRICTED)
    assert raised.to_keep(RESTRICTED) == BASELINE
    given = giving_back(raised)
    assert given == {"labels": BASELINE, "annotations": {names.POD_SECURITY_BEFORE: None}}


def test_nothing_is_given_back_where_nothing_of_ours_is_applied() -> None:
    note = packed_labels(BASELINE)[names.POD_SECURITY_BEFORE]

    assert giving_back(found(RESTRICTED, note=note)) is None
    assert giving_back(found(RESTRICTED, ours=RESTRICTED)) is None
    assert packed_labels({}) == {}


@pytest.mark.parametrize(
    "note",
    [
        "not json",
        "[" * 100_000,
        "[]",
        json.dumps({"team": "restricted"}),
        json.dumps({PREFIX + "enforce": "all"}),
        json.dumps({PREFIX + "enforce": 1}),
        json.dumps({PREFIX + "enforce-version": "v2"}),
        json.dumps({PREFIX + "other-version": "latest"}),
    ],
    ids=["text", "deep", "list", "label", "level", "type", "version", "mode"],
)
def test_a_note_that_somebody_else_wrote_says_nothing(note: str) -> None:
    kept = found(RESTRICTED, ours=RESTRICTED, note=note)

    assert kept.before == {}


def test_labels_that_go_leave_nothing_of_ours() -> None:
    assert found(RESTRICTED).are_applied({})
    assert not found(RESTRICTED, ours=RESTRICTED).are_applied({})
    assert found(RESTRICTED, ours=RESTRICTED).are_applied(RESTRICTED)
    assert not found(BASELINE, ours=BASELINE).are_applied(RESTRICTED)
