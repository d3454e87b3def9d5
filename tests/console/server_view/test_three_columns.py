"""Columns say what the author wrote, what is stored, and what audit says a roll would change."""

from copy import deepcopy
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import Json, filled_in, memory, server, settings, stored
from webhook import names
from webhook.admission import Scope
from webhook.admission.drift import OUT_OF_DATE, OWN_FIELD, REFUSED, UNPROTECTED, drift_of
from webhook.console.server_view.three_columns import (
    BOTH,
    FILLED,
    REFUSED_NOW,
    ROLLS,
    UNRECORDED,
    Columns,
    as_written,
    pod_columns,
    template_columns,
)
from webhook.settings.model import Settings

DEFAULTS = Settings()
MEMORY = "containers[mcp].resources.requests.memory"
OPTED_IN = Scope.OPTED_IN
PRIVILEGED = [builders.container(securityContext={"privileged": True})]


def by_field(columns: Columns) -> dict[str, tuple[str, str, str, str]]:
    return {row.field: tuple(row[1:]) for row in columns.differing.shown}


def test_each_column_says_its_own() -> None:
    found = filled_in(server(), settings(**memory("400Mi")))

    columns = template_columns(found, settings(**memory("800Mi")), OPTED_IN)

    rows = by_field(columns)
    assert columns.state == OUT_OF_DATE
    assert columns.recorded
    assert columns.foreseen
    assert rows[MEMORY] == ("", "400Mi", "800Mi", BOTH)
    assert rows["containers[mcp].securityContext.allowPrivilegeEscalation"] == (
        "",
        "false",
        "false",
        FILLED,
    )
    alike = {row.field: row.now for row in columns.alike.shown}
    assert alike["containers[mcp].image"] == builders.IMAGE
    assert not any(names.INJECTED in field for field in (*rows, *alike))


CASES: list[Any] = [
    pytest.param(filled_in(server(), DEFAULTS), {}, id="current"),
    pytest.param(filled_in(server(), settings(**memory("400Mi"))), {}, id="other-defaults"),
    pytest.param(filled_in(server(), DEFAULTS), memory("800Mi"), id="other-settings"),
    pytest.param(stored(server()), {}, id="never-filled-in"),
    pytest.param(
        filled_in(server(), DEFAULTS),
        {"mcpServerDefaults": {"tolerations": [{"key": "mcp", "operator": "Exists"}]}},
        id="given-to-pods",
    ),
    pytest.param(
        filled_in(server(), DEFAULTS),
        {"mcpServerDefaults": {"runtimeClassName": "gvisor"}},
        id="another-class",
    ),
    pytest.param(filled_in(server(containers=[builders.container()] * 1), DEFAULTS), {}, id="one"),
]


@pytest.mark.parametrize(("found", "given"), CASES)
def test_the_third_column_differs_where_audit_says_so(found: Json, given: Json) -> None:
    judged = settings(**given)

    columns = template_columns(deepcopy(found), judged, OPTED_IN)
    outlook = drift_of(deepcopy(found), judged, OPTED_IN)

    rolls = {row.field for row in columns.differing.shown if row.change in (ROLLS, BOTH)}
    assert columns.state == outlook.state
    assert rolls == {each.field for each in outlook.changes}


def test_the_first_column_is_what_its_author_wrote() -> None:
    written = server(container={"imagePullPolicy": "Always"}, hostIPC=False)
    found = filled_in(written, DEFAULTS)

    first = as_written(found["spec"]["template"], {})

    assert first == written["spec"]["template"]


def test_without_a_record_the_first_column_is_not_known() -> None:
    columns = template_columns(stored(server()), DEFAULTS, OPTED_IN)

    assert columns.state == UNPROTECTED
    assert not columns.recorded
    assert UNRECORDED in columns.notes
    assert {row.change for row in columns.differing.shown} == {ROLLS}


def test_a_refused_roll_has_no_third_column() -> None:
    columns = template_columns(stored(server(containers=PRIVILEGED)), DEFAULTS, OPTED_IN)

    assert columns.state == REFUSED
    assert not columns.foreseen
    assert REFUSED_NOW in columns.notes


def test_the_label_of_the_workload_itself_is_a_row() -> None:
    found = filled_in(server(), DEFAULTS, managed=True)
    del found["metadata"]["labels"]

    rows = by_field(template_columns(found, DEFAULTS, Scope.MANAGED))

    assert rows[OWN_FIELD] == ("", "", "true", ROLLS)


def test_a_pod_is_compared_with_a_new_one_like_it() -> None:
    pod = filled_in(builders.bare_pod(), settings(**memory("400Mi")))

    columns = pod_columns(pod, settings(**memory("800Mi")), OPTED_IN)

    assert columns.of == "pod github-tools"
    assert by_field(columns)[MEMORY] == ("", "400Mi", "800Mi", BOTH)
    assert not any(row.field.startswith("metadata.uid") for row in columns.alike.shown)


def test_what_is_too_large_is_not_compared() -> None:
    containers = [builders.container() | {"name": f"c{at}"} for at in range(600)]

    for columns in (
        template_columns(stored(server(containers=containers)), DEFAULTS, OPTED_IN),
        pod_columns(stored(builders.bare_pod(containers=containers)), DEFAULTS, OPTED_IN),
    ):
        assert columns.state == REFUSED
        assert columns.differing.shown == ()
        assert "containers" in columns.notes[0]


def test_hostile_values_are_bounded_and_counted() -> None:
    many = {f"k{at}": "x" * 51_200 for at in range(3)} | {f"l{at:03}": "1" for at in range(400)}
    found = filled_in(server(), DEFAULTS)
    found["spec"]["template"]["metadata"]["annotations"] |= many

    columns = template_columns(found, DEFAULTS, OPTED_IN)

    assert len(columns.alike.shown) == 200
    assert columns.alike.more > 200
    longest = max(len(row.now) for row in columns.alike.shown)
    assert longest < 400


@pytest.mark.parametrize(
    "record",
    ["{", "null", '{"set": {"containers[mcp]": {"image": "mcp:2"}}}', '{"was": {"a[": {"b": 1}}}'],
)
def test_a_forged_record_breaks_nothing(record: str) -> None:
    found = stored(server())
    found["spec"]["template"]["metadata"]["annotations"] = {names.INJECTED: record}

    columns = template_columns(found, DEFAULTS, OPTED_IN)

    assert columns.differing.shown
