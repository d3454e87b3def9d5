"""Which servers a page of the fleet lists: filtered, searched, sorted and cut, by its address.

The address says all of it, so that it can be shared. A value that is not known is an error that
says which ones are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from webhook.fleet.report import REASONS, FleetReport, ServerStatus
from webhook.health import STATES
from webhook.rules.registry import RULES

EXCEPTED, OBSERVED = "excepted", "observed"
MARKS: Mapping[str, str] = {
    EXCEPTED: "an exception counts for it",
    OBSERVED: "its namespace is below the mode enforce",
}
"""What a server of any state may be beside it."""
RULE_IDS = tuple(rule.id for rule in RULES)
WORDS = (*RULE_IDS, *REASONS)
ROWS = 50
LONGEST_SEARCH, MOST_PAGES = 200, 100_000
DESCENDING = "-"
WORST_FIRST = "-state"

Row = tuple[ServerStatus, str]
SORTS: Mapping[str, Callable[[Row], Any]] = {
    "namespace": lambda row: row[0].namespace,
    "name": lambda row: row[0].name,
    "state": lambda row: STATES.index(row[1]),
    "findings": lambda row: len(row[0].findings),
    "image": lambda row: row[0].facts.image,
    "runtime-class": lambda row: row[0].facts.runtime_class,
    "age": lambda row: row[0].facts.created,
}
"""The columns that servers may be sorted by, and by what; a server without it comes last."""
_BACKWARDS = frozenset({"age"})


class QueryError(ValueError):
    """A parameter of an address that is not known, in one sentence that says what is."""


class FleetQuery(NamedTuple):
    """What the address of a page asks for; what is empty is not asked for.

    Servers are listed that have one of the states, each of the marks and one of the rules. `rules`
    are rules or reasons of findings. `search` are words, each of which stands in the namespace, the
    name or the image. `sort` is a column, with a hyphen before it from the last.
    """

    namespace: str = ""
    states: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    search: str = ""
    sort: str = WORST_FIRST
    page: int = 1

    def url(self, path: str, **changes: Any) -> str:
        """The address at which a path answers this, or this with changes: always the same."""
        query = self._replace(**changes)
        given = [
            ("namespace", query.namespace),
            *(("state", each) for each in STATES if each in query.states),
            *(("mark", each) for each in MARKS if each in query.marks),
            *(("rule", each) for each in WORDS if each in query.rules),
            ("q", query.search),
            ("sort", query.sort if query.sort != WORST_FIRST else ""),
            ("page", str(query.page) if query.page != 1 else ""),
        ]
        text = urlencode([each for each in given if each[1]])
        return f"{path}?{text}" if text else path


def read_query(given: Iterable[tuple[str, str]]) -> FleetQuery:
    """What the parameters of an address ask for; raises QueryError.

    An empty one is that of a field that was left empty.
    """
    found: dict[str, list[str]] = {each: [] for each in _READERS}
    for name, value in given:
        if name not in found:
            raise QueryError(f"unknown parameter {_quoted(name)}: known are {', '.join(_READERS)}")
        if value:
            found[name].append(value)
    read = {name: read(found[name]) for name, read in _READERS.items()}
    namespace, states, marks, rules, search, sort, page = read.values()
    return FleetQuery(namespace, states, marks, rules, search, sort or WORST_FIRST, page or 1)


class FleetRows(NamedTuple):
    """The servers that a query chose, in its order, with the state of each.

    `counts` are of the servers by state and mark, as if no state and no mark had been asked for;
    `all` of them are counted, too.
    """

    rows: list[Row]
    counts: dict[str, int]

    @property
    def pages(self) -> int:
        """How many pages there are; one where there is nothing."""
        return max(1, -(-len(self.rows) // ROWS))

    def on(self, page: int) -> list[Row]:
        """The rows of a page; beyond the last, those of the last."""
        end = min(page, self.pages) * ROWS
        return self.rows[end - ROWS : end]


def choose_rows(report: FleetReport, query: FleetQuery) -> FleetRows:
    """The servers of a report that a query asks for; each is looked at once."""
    counts = dict.fromkeys(("all", *STATES, *MARKS), 0)
    rows = []
    for server in _found(report.servers, query):
        state, marks = server.state, marks_of(server, report)
        counts["all"] += 1
        for each in (state, *marks):
            counts[each] += 1
        if (not query.states or state in query.states) and marks.issuperset(query.marks):
            rows.append((server, state))
    return FleetRows(_sorted(rows, query.sort), counts)


def marks_of(server: ServerStatus, report: FleetReport) -> frozenset[str]:
    """What the server is beside its state."""
    excepted, observed = server.facts.exceptions, server.namespace in report.modes
    return _MARKED[bool(excepted), observed]


def _found(servers: Iterable[ServerStatus], query: FleetQuery) -> Iterator[ServerStatus]:
    words, rules = query.search.casefold().split(), frozenset(query.rules)
    for each in servers:
        if query.namespace and each.namespace != query.namespace:
            continue
        if rules and rules.isdisjoint(each.words):
            continue
        if words:
            text = f"{each.namespace}/{each.name} {each.facts.image}".casefold()
            if not all(word in text for word in words):
                continue
        yield each


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    """The rows by a column; those that are alike keep the order of the report."""
    column = sort.removeprefix(DESCENDING)
    key = SORTS[column]
    known = [row for row in rows if key(row) != ""]
    # The youngest was created last.
    last_first = (sort != column) is not (column in _BACKWARDS)
    known.sort(key=key, reverse=last_first)
    return known + [row for row in rows if key(row) == ""]


def _one(values: list[str]) -> str:
    if len(values) > 1:
        raise QueryError(f"{' and '.join(map(_quoted, values[:2]))} are one too many: give one")
    return values[0].strip() if values else ""


def _search(values: list[str]) -> str:
    found = _one(values)
    if len(found) > LONGEST_SEARCH:
        raise QueryError(f"the search is too long: give at most {LONGEST_SEARCH} characters")
    return found


def _number(values: list[str]) -> int:
    text = _one(values)
    if not text:
        return 1
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
    if not 1 <= number <= MOST_PAGES:
        raise QueryError(f"unknown page {_quoted(text)}: give a number from 1 to {MOST_PAGES}")
    return number


def _sort(values: list[str]) -> str:
    found = _one(values)
    if found and found.removeprefix(DESCENDING) not in SORTS:
        known = ", ".join(SORTS)
        raise QueryError(f"unknown sort {_quoted(found)}: known are {known}, also with - before it")
    return found


def _words(what: str, known: Iterable[str]) -> Callable[[list[str]], tuple[str, ...]]:
    known = tuple(known)

    def read(values: list[str]) -> tuple[str, ...]:
        for each in values:
            if each not in known:
                raise QueryError(f"unknown {what} {_quoted(each)}: known are {', '.join(known)}")
        return tuple(each for each in known if each in values)

    return read


def _quoted(value: str) -> str:
    return f'"{value[:40]}"'


_READERS: Mapping[str, Callable[[list[str]], Any]] = {
    "namespace": _one,
    "state": _words("state", STATES),
    "mark": _words("mark", MARKS),
    "rule": _words("rule or reason", WORDS),
    "q": _search,
    "sort": _sort,
    "page": _number,
}
_MARKED = {
    (excepted, observed): frozenset([EXCEPTED] * excepted + [OBSERVED] * observed)
    for excepted in (False, True)
    for observed in (False, True)
}
