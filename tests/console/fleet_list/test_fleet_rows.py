"""The address of a page says which servers it lists, in which order, and cannot be misread."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.fleet.reports import REPORT
from webhook.console.fleet_list.fleet_rows import (
    ROWS,
    SORTS,
    WORDS,
    FleetQuery,
    QueryError,
    choose_rows,
    read_query,
)
from webhook.fleet.report import FleetReport, ServerFinding, ServerStatus
from webhook.fleet.server_facts import ServerFacts
from webhook.health import STATES

OLDER = ServerFinding("unprotected", "older-than-webhook", "m")
HOST = ServerFinding("refused", "refused", "m", rule="privileged")
SERVERS = (
    ServerStatus("Deployment", "shop", "Cart", (), "", ServerFacts("reg/cart:1", "", "2026-03")),
    ServerStatus(
        "Deployment", "shop", "old", (OLDER,), "", ServerFacts("reg/old:2", "kata", "2025")
    ),
    ServerStatus("Pod", "team", "bare", (HOST, OLDER), "", ServerFacts("", "gvisor", "2026-01")),
    ServerStatus("Deployment", "team", "crm", (), "", ServerFacts("reg/crm:9", "", "", ("why",))),
)
FLEET = FleetReport(SERVERS, (), "settings", modes={"shop": "observe"})


def query(text: str) -> FleetQuery:
    return read_query(parse_qsl(text, keep_blank_values=True))


def listed(text: str, report: FleetReport = FLEET) -> list[str]:
    return [server.name for server, _ in choose_rows(report, query(text)).rows]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "bare old Cart crm"),
        ("namespace=team", "bare crm"),
        ("state=current", "Cart crm"),
        ("state=current&state=refused", "bare Cart crm"),
        ("mark=observed", "old Cart"),
        ("mark=excepted", "crm"),
        ("mark=excepted&mark=observed", ""),
        ("rule=older-than-webhook", "bare old"),
        ("rule=privileged&state=refused", "bare"),
        ("q=CART", "Cart"),
        ("q=team/", "bare crm"),
        ("q=reg shop", "old Cart"),
        ("q=%20%20", "bare old Cart crm"),
        ("q=nothing", ""),
        ("sort=name", "Cart bare crm old"),
        ("sort=-name", "old crm bare Cart"),
        ("sort=namespace", "Cart old bare crm"),
        ("sort=-namespace", "bare crm Cart old"),
        ("sort=state", "Cart crm old bare"),
        ("sort=findings", "Cart crm old bare"),
        ("sort=-findings", "bare old Cart crm"),
        ("sort=image", "Cart crm old bare"),
        ("sort=-image", "old crm Cart bare"),
        ("sort=runtime-class", "bare old Cart crm"),
        ("sort=age", "Cart bare old crm"),
        ("sort=-age", "old bare Cart crm"),
    ],
)
def test_servers_are_listed_as_the_address_says(text: str, names: str) -> None:
    assert listed(text) == names.split()


def test_counts_are_those_of_all_states_and_marks() -> None:
    expected = {
        "all": 4, "current": 2, "out-of-date": 0, "unprotected": 1, "refused": 1, "incomplete": 0,
        "not-running": 0, "excepted": 1, "observed": 2,
    }  # fmt: skip

    assert choose_rows(FLEET, query("state=refused&mark=excepted")).counts == expected
    assert choose_rows(FLEET, query("namespace=shop")).counts["all"] == 2
    assert choose_rows(REPORT, FleetQuery()).counts["all"] == len(REPORT.servers)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("state=fine", f'unknown state "fine": known are {", ".join(STATES)}'),
        ("mark=x", 'unknown mark "x": known are excepted, observed'),
        ("rule=hots", f'unknown rule or reason "hots": known are {", ".join(WORDS)}'),
        ("sort=-size", f'unknown sort "-size": known are {", ".join(SORTS)}, also with - before'),
        ("page=0", 'unknown page "0": give a number from 1 to 100000'),
        ("page=1.5", 'unknown page "1.5": give a number from 1 to 100000'),
        ("page=%D9%A1", 'unknown page "\u0661": give a number from 1 to 100000'),
        ("page=99999999999999999999", None),
        ("q=" + "x" * 201, "the search is too long: give at most 200 characters"),
        ("namespace=a&namespace=b", '"a" and "b" are one too many: give one'),
        ("nonsense=1", 'unknown parameter "nonsense": known are namespace, state, mark, rule, q, '),
        ("state=" + "x" * 5000, None),
    ],
)  # fmt: skip
def test_what_is_not_known_is_an_error_that_says_what_is(text: str, sentence: str | None) -> None:
    with pytest.raises(QueryError) as found:
        query(text)

    assert sentence is None or str(found.value).startswith(sentence)
    assert len(str(found.value)) < 2000


ADDRESSES = (
    "/",
    "/?namespace=team&state=current&state=refused&mark=observed&rule=privileged&q=a+b&sort=-age&page=3",
    "/?state=not-running",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_says_all_of_a_query(address: str) -> None:
    assert query(urlsplit(address).query).url("/") == address


def test_the_same_query_has_one_address() -> None:
    first = query("page=1&q=&state=refused&sort=-state&state=current&state=current&rule=")

    assert first.url("/") == "/?state=current&state=refused"
    assert first.url("/fleet.csv", states=(), page=2) == "/fleet.csv?page=2"


def many(numbers: Iterable[int]) -> FleetReport:
    return FleetReport([ServerStatus("Deployment", "team", f"{at:03}") for at in numbers], (), "s")


def test_a_page_has_so_many_rows_and_beyond_the_last_is_the_last() -> None:
    found = choose_rows(many(range(120)), FleetQuery())

    assert found.pages == 3
    assert [len(found.on(page)) for page in (1, 2, 3, 4, 1000)] == [ROWS, ROWS, 20, 20, 20]
    assert [found.on(2)[0][0].name, found.on(3)[-1][0].name] == ["050", "119"]
    assert (
        choose_rows(many([]), FleetQuery()).pages,
        choose_rows(many([]), FleetQuery()).on(7),
    ) == (1, [])


def test_a_report_is_left_as_it_is() -> None:
    before = replace(FLEET)
    listed("sort=-name&q=a")

    assert before == FLEET
