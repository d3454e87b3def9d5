"""The page says what became of each exception, and of nothing more than was read."""

from typing import Any

import pytest

from tests.console.granted import document, granted, in_force, said
from tests.console.server_view.one_server import ServerCluster
from tests.fleet.listed_cluster import FORBIDDEN, NOW
from webhook.console.exceptions_view import (
    PAGE_SIZE,
    ExceptionFilter,
    ExceptionRow,
    read_exceptions,
    view_exceptions,
)
from webhook.fleet.settings_in_force import JudgingSettings

DAY = 24 * 60 * 60.0
SOON = NOW.timestamp() + 3 * DAY


async def rows(by: JudgingSettings, *documents: Any) -> list[ExceptionRow]:
    api: Any = ServerCluster(mcpserverexceptions=list(documents))
    found, unread = await read_exceptions(api, by)
    assert unread == ""
    return found


async def states(by: JudgingSettings, *documents: Any) -> dict[str, str]:
    return {each.name: each.state for each in await rows(by, *documents)}


async def test_each_is_told_by_what_became_of_it() -> None:
    by = in_force(granted("lasts"), granted("ends-soon", expires=SOON))

    found = await states(
        by,
        document("lasts"),
        document("ends-soon"),
        document("over", expires="2026-02-22T00:00:00Z"),
        document("waits"),
        document("broken", rules=["nonsense"]),
    )

    assert found == {
        "lasts": "in-force",
        "ends-soon": "ending",
        "over": "ended",
        "waits": "not-in-force",
        "broken": "not-in-force",
    }


async def test_a_row_says_why_it_was_granted() -> None:
    (row,) = await rows(in_force(granted("lasts")), document("lasts", images=["a/b"]))

    assert (row.namespace, row.workload, row.rules) == ("team", "crm", ("privileged",))
    assert (row.reason, row.images, row.uid) == ("its vendor mends it", ("a/b",), "uid-of-lasts")
    assert row.granted == "2026-02-20T00:00:00Z"


async def test_an_end_is_a_time() -> None:
    by = in_force(granted("lasts", expires=SOON))

    found = await rows(by, document("lasts"), document("waits"), document("broken", expires="soon"))

    assert {each.name: each.expires for each in found} == {
        "lasts": "2026-03-04T12:00:00Z",
        "waits": "2026-03-20T00:00:00Z",
        "broken": "soon",
    }


@pytest.mark.parametrize(
    ("status", "generation", "state"),
    [("False", 1, "not-in-force"), ("True", 1, "in-force"), ("False", 0, "in-force")],
)
async def test_the_controllers_word_counts_where_it_is_about_this_document(
    status: str, generation: int, state: str
) -> None:
    found = said(document("lasts"), status, "Pod Security refuses it", generation)

    assert await states(in_force(granted("lasts")), found) == {"lasts": state}


async def test_without_the_right_those_in_force_are_known() -> None:
    api: Any = ServerCluster()
    api.failures["mcpserverexceptions"] = [FORBIDDEN]

    found, unread = await read_exceptions(api, in_force(granted("lasts")))

    assert unread == "may not be listed"
    assert [(each.name, each.state, each.uid) for each in found] == [("lasts", "in-force", "")]


async def test_unused_is_said_where_the_fleet_was_read() -> None:
    found = await rows(in_force(granted("a"), granted("b")))

    unknown = view_exceptions(found, "", None)
    known = view_exceptions(found, "", frozenset({"b", "gone"}))

    assert not unknown.use_known
    assert unknown.counts["unused"] == 0
    assert known.counts == {
        "in-force": 1,
        "ending": 0,
        "ended": 0,
        "unused": 1,
        "not-in-force": 0,
    }


async def test_pages_words_and_states_choose() -> None:
    found = await rows(in_force(*(granted(f"e{at:03}", f"crm-{at % 2}") for at in range(120))))

    last = view_exceptions(found, "", None, ExceptionFilter(page=99))
    assert (last.page, last.pages, last.total) == (3, 3, 120)
    assert len(last.rows) == 120 - 2 * PAGE_SIZE
    odd = view_exceptions(found, "", None, ExceptionFilter(search="CRM-1 team privileged"))
    assert odd.total == 60
    assert view_exceptions(found, "", None, ExceptionFilter("ended")).total == 0
    assert view_exceptions([], "", None).pages == 1


async def test_long_texts_are_cut() -> None:
    by = in_force(granted("lasts"))
    (row,) = await rows(by, document("lasts", reason="r" * 51_200, images=["i" * 5000] * 99))

    assert len(row.reason) < 700
    assert len(row.images) == 20
    assert max(map(len, row.images)) < 400
