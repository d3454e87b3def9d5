"""Conditions that nodes have to fulfil are rows; all else of an affinity is YAML beside them."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.console.settings_form.subjects import Json, cluster
from webhook.console.settings_form.affinity_editor import AffinityEditor
from webhook.console.settings_form.editors import UnreadableText
from webhook.console.settings_form.typed_settings import TypedSettings

NAME = "mcpServerDefaults.affinity"
EDITOR = AffinityEditor()
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
TERMS = ("nodeAffinity", REQUIRED, "nodeSelectorTerms")
POOL = {"key": "pool", "operator": "In", "values": ["a", "b"]}
ARM = {"key": "arm", "operator": "Exists"}
APART: Json = {"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone"}]}}
PREFERRED: Json = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}


def nodes(*terms: Any, **more: Any) -> Json:
    held = {REQUIRED: {"nodeSelectorTerms": list(terms)}, **more}
    return {"nodeAffinity": held}


def term(*conditions: Any) -> Json:
    return {"matchExpressions": list(conditions)}


def in_row(at: int, term: str, key: str, operator: str, values: str = "") -> dict[str, str]:
    cells = {"term": term, "key": key, "operator": operator, "values": values}
    return {f"{NAME}:{at}:{each}": text for each, text in cells.items()}


def shown(value: Any) -> tuple[list[list[str]], str]:
    """The rows and what is beside them."""
    typed = EDITOR.written(NAME, value)
    table = EDITOR.table(NAME, typed)
    (beside,) = EDITOR.inputs(NAME, typed)
    return [[cell.text for cell in row.cells] for row in table.rows] if table else [], beside.text


def test_each_condition_is_a_row_and_what_else_there_is_stands_beside() -> None:
    value = nodes(term(POOL, ARM), term(ARM), **PREFERRED) | APART

    rows, beside = shown(value)

    assert rows == [
        ["1", "pool", "In", "a, b"],
        ["1", "arm", "Exists", ""],
        ["2", "arm", "Exists", ""],
        ["", "", "", ""],
    ]
    assert beside.startswith("podAntiAffinity:\n  required")
    assert "nodeAffinity:\n  preferred" in beside
    assert EDITOR.read(NAME, EDITOR.written(NAME, value)) == value


def test_rows_without_a_term_have_that_of_the_row_above() -> None:
    typed = (
        in_row(0, "", "a", "Exists")
        | in_row(1, "two", "b", "Exists")
        | in_row(2, " ", "c", "In", "x,, y")
        | in_row(3, "1", "d", "Exists")
    )

    found = EDITOR.read(NAME, typed)

    conditions = [[each["key"] for each in held["matchExpressions"]] for held in held_terms(found)]
    assert conditions == [["a", "d"], ["b", "c"]]
    assert held_terms(found)[1]["matchExpressions"][1]["values"] == ["x", "y"]
    in_term_two = (*TERMS, 1, "matchExpressions", 1, "values")
    assert EDITOR.row(NAME, typed, in_term_two) == 2
    assert EDITOR.row(NAME, typed, (*TERMS, 0, "matchExpressions", 1)) == 3
    assert EDITOR.row(NAME, typed, (*TERMS, 1)) == 1
    assert EDITOR.row(NAME, typed, ("podAffinity", 0)) is None


def test_what_is_stored_is_not_read_as_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhook.documents.read_documents", None)

    typed = EDITOR.written(NAME, nodes(term(POOL)) | APART)

    assert EDITOR.table(NAME, typed) is not None


def held_terms(value: Any) -> list[Any]:
    found: list[Any] = value["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    return found


def test_nothing_is_not_set_and_braces_are_an_affinity_on_purpose() -> None:
    assert EDITOR.read(NAME, EDITOR.written(NAME, None)) is None
    assert shown({}) == ([["", "", "", ""]], "{}")
    assert EDITOR.read(NAME, EDITOR.written(NAME, {})) == {}


@pytest.mark.parametrize(
    "value",
    [
        nodes(),
        nodes({}),
        nodes(term()),
        nodes({"matchFields": [POOL]}),
        nodes(term({**ARM, "values": []})),
        nodes(term({**POOL, "values": ["a,b"]})),
        nodes(term({**POOL, "values": None})),
        nodes(term(ARM)) | {"nodeAffinity": {REQUIRED: {"other": 1}}},
        [],
        "text",
    ],
)
def test_what_rows_cannot_hold_is_yaml(value: Any) -> None:
    typed = EDITOR.written(NAME, value)

    assert EDITOR.table(NAME, typed) is None
    assert EDITOR.read(NAME, typed) == value


words = st.sampled_from(["", "a", "b,c", " d", "- x"])
conditions = st.fixed_dictionaries(
    {}, optional={"key": words, "operator": words, "values": st.lists(words, max_size=2)}
)
terms = st.fixed_dictionaries(
    {}, optional={"matchExpressions": st.lists(conditions, max_size=3), "matchFields": st.just([])}
)
affinities = st.fixed_dictionaries(
    {},
    optional={
        "nodeAffinity": st.fixed_dictionaries(
            {},
            optional={
                REQUIRED: st.fixed_dictionaries(
                    {}, optional={"nodeSelectorTerms": st.lists(terms, max_size=3)}
                ),
                **dict.fromkeys(PREFERRED, st.just([])),
            },
        ),
        "podAffinity": st.one_of(st.none(), st.just({})),
    },
)


@given(affinities)
@example(nodes(term(POOL, ARM), term(ARM), **PREFERRED) | APART)
@example({"nodeAffinity": {}})
def test_nothing_is_lost_on_the_way_to_the_other_form_and_back(value: Any) -> None:
    typed = EDITOR.written(NAME, value)
    there = EDITOR.switched(NAME, typed)
    back = EDITOR.switched(NAME, there)

    assert [EDITOR.read(NAME, each) for each in (typed, there, back)] == [value] * 3
    assert EDITOR.table(NAME, back) == EDITOR.table(NAME, typed)


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ("- a", "write a mapping"),
        ("nodeAffinity: a", "write a mapping"),
        (f"nodeAffinity:\n  {REQUIRED}: {{}}", "that is what the rows say"),
        ("a: [", "line "),
    ],
)
def test_what_stands_beside_has_to_fit_the_rows(beside: str, said: str) -> None:
    typed = in_row(0, "1", "a", "Exists") | {f"{NAME}:beside": beside}

    with pytest.raises(UnreadableText, match=said):
        EDITOR.read(NAME, typed)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("", "In", "a"), "row 2: write the label of the node"),
        (("no label", "In", "a"), 'row 2: the label "no label" is none: write letters'),
        (("a", "", "b"), "row 2: choose an operator"),
        (("a", "Exists", "b"), "row 2: operator Exists takes no values: take them out"),
        (("a", "NotIn", ""), "row 2: operator NotIn compares values: write some"),
        (("a", "Gt", "1, 2"), "row 2: operator Gt compares with one whole number: write one"),
        (("a", "Lt", "many"), "row 2: operator Lt compares with one whole number: write one"),
        (("a", "In", "b c"), 'row 2: the value "b c" is none: write at most 63'),
        (("a", "Near", "b"), 'row 2: "Near" is not accepted: write In, NotIn'),
    ],
)
def test_what_is_wrong_with_a_condition_is_told_at_its_row(
    row: tuple[str, str, str], said: str
) -> None:
    typed = TypedSettings(cluster(), in_row(0, "", "a", "Exists") | in_row(1, "", *row))

    ((_, faults),) = typed.by_field.items()

    assert [each.row for each in faults] == [1]
    assert faults[0].sentence.startswith(said)


def test_the_same_is_told_of_yaml_by_its_line() -> None:
    text = f"nodeAffinity:\n  {REQUIRED}:\n    nodeSelectorTerms:\n    - matchExpressions:\n"
    typed = TypedSettings(cluster(), {NAME: f"{text}      - key: a\n"})

    (fault,) = typed.by_field[NAME]

    assert (fault.row, fault.sentence.endswith("choose an operator")) == (None, True)
    assert fault.sentence.startswith("line 5, ")


def test_a_value_of_other_types_is_left_to_the_model() -> None:
    wrong = nodes("a", term(1, {"key": 1, "operator": [], "values": "x"}), {"matchExpressions": 5})

    assert [sentence for _, sentence in EDITOR.objections(wrong)] == ["choose an operator"]
    assert [*EDITOR.objections(5)] == []
