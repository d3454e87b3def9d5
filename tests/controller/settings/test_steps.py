"""The steps of a change: whatever the order of events, no replica refuses what another fills in."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.controller.settings.effective import EffectiveSettings, effective_settings
from webhook.controller.settings.steps import (
    LARGEST_FILES,
    fitting_stage,
    following_stage,
    read_stage,
    step_number,
)
from webhook.settings.by_namespace import Overlay
from webhook.settings.layers import FILE
from webhook.settings.stage import ACCEPTED_FILE, Stage
from webhook.settings.written_settings import NAMESPACES_FILE, WrittenSettings

OLD, NEW, OTHER = (
    WrittenSettings(f"onConflict: {action}\n") for action in ("warn", "deny", "override")
)
OVERLAY = Overlay({"mode": "enforce"})
TEXTS = [
    *(WrittenSettings(f"mcpServerDefaults:\n  image: a{at}\n") for at in range(5)),
    OLD,
    WrittenSettings(OLD.text, {"team-a": OVERLAY}),
]


def walk(stage: Stage, wanted: WrittenSettings) -> list[tuple[int, Stage]]:
    """Every step to the wanted settings, if every replica follows."""
    seen = []
    while (following := following_stage(stage, wanted, reached=True, over=True)) != stage:
        stage = following
        seen.append((step_number(stage, wanted), stage))
    return seen


def test_a_change_has_three_steps() -> None:
    assert walk(Stage(OLD), NEW) == [
        (1, Stage(OLD, NEW)),
        (2, Stage(NEW, None, (OLD,))),
        (3, Stage(NEW)),
    ]


@pytest.mark.parametrize(
    "stage", [Stage(OLD, NEW), Stage(NEW, None, (OLD,)), Stage(OTHER, None, (OLD, NEW))]
)
def test_a_step_that_not_every_replica_has_is_not_followed_by_the_next(stage: Stage) -> None:
    assert following_stage(stage, NEW, reached=False, over=False) == stage


def test_the_last_step_waits_until_what_was_filled_in_before_is_checked() -> None:
    stage = Stage(NEW, None, (OLD,))

    assert following_stage(stage, NEW, reached=True, over=False) == stage


@pytest.mark.parametrize(
    ("stage", "wanted", "following"),
    [
        (Stage(OLD, NEW), OTHER, Stage(OLD, OTHER)),
        (Stage(OLD, NEW), OLD, Stage(OLD)),
        (Stage(NEW, None, (OLD,)), OTHER, Stage(NEW, OTHER, (OLD,))),
        (Stage(NEW, OTHER, (OLD,)), NEW, Stage(NEW, None, (OLD,))),
        (Stage(NEW, OTHER, (OLD,)), OLD, Stage(NEW, OTHER, (OLD,))),
    ],
)
def test_settings_that_change_amid_a_change(
    stage: Stage, wanted: WrittenSettings, following: Stage
) -> None:
    assert following_stage(stage, wanted, reached=False, over=False) == following


def test_settings_that_go_back_amid_a_change_are_accepted_already() -> None:
    assert walk(Stage(NEW, None, (OLD,)), OLD)[0] == (2, Stage(OLD, None, (NEW,)))


# What happens: other settings are wanted, a replica reads its files, the controller looks.
events = st.lists(
    st.one_of(
        st.tuples(st.just("want"), st.sampled_from(TEXTS)),
        st.tuples(st.just("read"), st.integers(0, 2)),
        st.tuples(st.just("look"), st.booleans()),
    ),
    max_size=60,
)


def accepts(stage: Stage, other: WrittenSettings) -> bool:
    return other in [stage.current, stage.upcoming, *stage.before]


@given(happened=events)
def test_no_replica_refuses_what_another_one_fills_in(happened: list[tuple[str, Any]]) -> None:
    written, wanted = Stage(TEXTS[0]), TEXTS[0]
    replicas = [written] * 3
    for what, which in happened:
        if what == "want":
            wanted = which
        elif what == "read":
            replicas[which] = written
        else:
            reached = all(each == written for each in replicas)
            written = following_stage(written, wanted, reached=reached, over=reached and which)
        assert all(accepts(one, other.current) for one in replicas for other in replicas)
        assert len(written.before) <= 2

    for _ in range(4):
        replicas = [written] * 3
        written = following_stage(written, wanted, reached=True, over=True)
    assert written == Stage(wanted)


def large(characters: int, letter: str = "x") -> EffectiveSettings:
    return effective_settings({"mcpServerDefaults": {"image": letter * characters}}, [])


def size(stage: Stage, effective: EffectiveSettings) -> int:
    return stage.size + len(effective.source)


def test_settings_that_do_not_fit_beside_those_before_are_written_at_once() -> None:
    before, after = large(400_000), large(400_000, "y")
    stage = following_stage(Stage(before.written), after.written, reached=True, over=True)

    assert size(stage, after) > LARGEST_FILES
    assert fitting_stage(stage, after) == Stage(after.written)


def test_the_oldest_settings_go_first_where_there_is_no_room() -> None:
    small, before, after = large(1), large(350_000, "z"), large(350_000, "y")
    stage = Stage(small.written, after.written, (before.written,))

    assert fitting_stage(stage, after) == Stage(small.written, after.written)
    assert fitting_stage(stage, small) == stage
    assert fitting_stage(
        Stage(after.written, None, (small.written, before.written)), after
    ) == Stage(after.written, None, (small.written,))


def test_no_step_has_more_overlays_than_replicas_read() -> None:
    """Compressed, they would take a small part of the room."""
    before, after = (
        WrittenSettings(
            OLD.text, {f"n{at}": Overlay({"x": f"{at}{end}" * 5000}) for at in range(300)}
        )
        for end in "ab"
    )
    effective = replace(effective_settings({}, []), overlays=after.overlays)
    stage = Stage(before, after)

    assert stage.size < LARGEST_FILES
    assert not stage.is_readable
    assert fitting_stage(stage, effective).current == effective.written


def test_the_next_leader_reads_the_step_of_the_one_before() -> None:
    stage = Stage(OLD, replace(NEW, overlays={"team-a": OVERLAY}), (OTHER,))

    assert read_stage({**stage.files, **stage.binary_files}) == stage
    assert read_stage({FILE: OLD.text}) == Stage(OLD)


@pytest.mark.parametrize(
    "files",
    [{}, {FILE: "onConflict: perhaps"}, {FILE: OLD.text, ACCEPTED_FILE: "next: 1"},
     {FILE: OLD.text, NAMESPACES_FILE: "?"}, {FILE: OLD.text, NAMESPACES_FILE: "YQ=="}],
)  # fmt: skip
def test_files_that_no_replica_can_use_are_no_step(files: dict[str, str]) -> None:
    assert read_stage(files) is None
