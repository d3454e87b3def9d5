"""A list is typed in rows, which hold it exactly, and everything else is typed as YAML."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from webhook.console.settings_form.editors import AREA, LINE, SELECT, UnreadableText
from webhook.console.settings_form.row_editors import BOX, MOST_ROWS, TICKED, TolerationsEditor

NAME = "tolerations"
EDITOR = TolerationsEditor()
GPU = {"key": "gpu", "operator": "Equal", "value": "a", "effect": "NoSchedule"}
GONE = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}

texts = st.sampled_from(["", " a", "gpu", "Exists", "Now", "- [", "0", "60"])
tolerations = st.dictionaries(
    st.sampled_from(["key", "operator", "value", "effect", "tolerationSeconds", "other"]),
    st.one_of(texts, st.integers(-1, 99), st.none(), st.booleans()),
    max_size=6,
)
lists = st.one_of(st.lists(st.one_of(tolerations, texts), max_size=MOST_ROWS + 2), tolerations)

NOTHING = EDITOR.written(NAME, None)


def in_row(at: int, **cells: str) -> dict[str, str]:
    return {f"{NAME}:{at}:{key}": text for key, text in cells.items()}


def test_a_toleration_is_a_row_and_an_empty_one_follows() -> None:
    typed = EDITOR.written(NAME, [GPU, GONE])

    table = EDITOR.table(NAME, typed)

    assert table is not None
    assert table.columns == ("key", "operator", "value", "effect", "seconds")
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["gpu", "Equal", "a", "NoSchedule", ""],
        ["", "Exists", "", "NoExecute", "60"],
        ["", "", "", "", ""],
    ]
    assert [row.removal and row.removal.kind for row in table.rows] == [BOX, BOX, None]
    assert [cell.kind for cell in table.rows[0].cells] == [LINE, SELECT, LINE, SELECT, LINE]
    assert [value for value, _ in table.rows[0].cells[1].options] == [
        "", "Equal", "Exists", "Lt", "Gt",
    ]  # fmt: skip
    assert EDITOR.inputs(NAME, typed) == ()
    assert EDITOR.read(NAME, typed) == [GPU, GONE]


def test_nothing_in_a_row_is_not_set_and_seconds_are_a_number_where_they_can_be() -> None:
    assert EDITOR.read(NAME, EDITOR.written(NAME, None)) is None
    assert EDITOR.read(NAME, in_row(0, key=" ", effect="") | in_row(1, value=" x ")) == [
        {"value": "x"}
    ]
    assert EDITOR.read(NAME, in_row(0, tolerationSeconds="5")) == [{"tolerationSeconds": 5}]
    assert EDITOR.read(NAME, in_row(0, tolerationSeconds="soon")) == [{"tolerationSeconds": "soon"}]


def test_a_row_that_is_to_be_taken_out_stays_until_it_is() -> None:
    typed = in_row(0, key="gpu", remove=TICKED) | in_row(1, key="tpu") | in_row(2, remove=TICKED)

    assert EDITOR.read(NAME, typed) == [{"key": "tpu"}]
    table = EDITOR.table(NAME, typed)
    assert table is not None
    assert [row.removal and row.removal.text for row in table.rows] == [TICKED, "", None]
    assert EDITOR.read(NAME, in_row(0, key="gpu", remove=TICKED)) is None


def test_a_fault_is_at_the_row_that_it_is_typed_in() -> None:
    typed = in_row(1, key="a", remove=TICKED) | in_row(3, key="b", effect="Now")

    assert EDITOR.row(NAME, typed, (0, "effect")) == 1
    assert EDITOR.place(NAME, typed, (0, "effect")) == "row 2"
    assert EDITOR.row(NAME, typed, ()) is None
    assert EDITOR.row(NAME, typed, (5,)) is None
    yaml = {NAME: "- key: a\n  effect: Now"}
    assert EDITOR.row(NAME, yaml, (0, "effect")) is None
    assert EDITOR.place(NAME, yaml, (0, "effect")) == "line 2, [0].effect"


def test_so_many_rows_are_shown_and_more_items_are_yaml() -> None:
    full, many = [[GPU] * MOST_ROWS, [GPU] * (MOST_ROWS + 1)]

    table = EDITOR.table(NAME, EDITOR.written(NAME, full))

    assert table is not None
    assert len(table.rows) == MOST_ROWS
    assert table.rows[-1].removal is not None
    assert EDITOR.table(NAME, EDITOR.written(NAME, many)) is None


@pytest.mark.parametrize(
    "value", [[], [{}], [{"key": ""}], [{"key": None}], [{"key": "a", "other": 1}], "text", [1]]
)
def test_what_rows_cannot_hold_is_yaml(value: Any) -> None:
    typed = EDITOR.written(NAME, value)

    (found,) = EDITOR.inputs(NAME, typed)
    assert (found.kind, EDITOR.table(NAME, typed)) == (AREA, None)
    assert EDITOR.read(NAME, typed) == value


@given(lists)
@example([GPU, GONE])
@example([{"tolerationSeconds": True}])
def test_nothing_is_lost_on_the_way_to_the_other_form_and_back(value: Any) -> None:
    typed = EDITOR.written(NAME, value)
    there = EDITOR.switched(NAME, typed)
    back = EDITOR.switched(NAME, there)

    for each in (typed, there, back):
        # As JSON, because 1 is no true.
        found, expected = (
            json.dumps(one, sort_keys=True) for one in (EDITOR.read(NAME, each), value)
        )
        assert found == expected
    assert EDITOR.table(NAME, back) == EDITOR.table(NAME, typed)


def test_what_cannot_be_read_is_not_switched() -> None:
    with pytest.raises(UnreadableText):
        EDITOR.switched(NAME, {NAME: "- ["})


def test_a_choice_that_there_is_not_stays_where_it_was_typed() -> None:
    table = EDITOR.table(NAME, in_row(0, effect="<script>"))

    assert table is not None
    assert table.rows[0].cells[3].options[-1] == ("<script>", "<script>")


def test_whoever_has_typed_rows_has_typed_all_of_them() -> None:
    stored = EDITOR.written(NAME, [GPU, GONE])

    assert EDITOR.laid_over(NAME, stored, {}) == stored
    assert EDITOR.laid_over(NAME, stored, {NAME: ""}) == {NAME: ""}
    assert EDITOR.laid_over(NAME, stored, in_row(3, key="", value=" ")) == NOTHING
    shown = {**in_row(0, key=""), **in_row(1, **GPU), **in_row(7, key="a", remove=TICKED)}
    found = EDITOR.laid_over(NAME, stored, shown)
    assert found == EDITOR.laid_over(NAME, {}, found)
    assert EDITOR.typed_rows(NAME, found) == EDITOR.typed_rows(NAME, shown)


def test_an_empty_row_after_what_is_stored_is_no_change() -> None:
    stored = EDITOR.written(NAME, [GPU, GONE])

    assert EDITOR.laid_over(NAME, stored, {**stored, **in_row(2, key="", operator="")}) == stored
