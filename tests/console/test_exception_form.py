"""What the form asks for is accepted by its reader, or the fault stands beside the field."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from tests import builders
from tests.console.server_view.one_server import DEFAULTS, deployment, judging
from tests.controller.servers.live import settings, stored
from webhook.admission import Scope
from webhook.console.exception_form import (
    AskedException,
    document_text,
    draft_of_server,
    drafted_form,
    last_day,
    offered_rules,
    usual_end,
)
from webhook.rules.registry import EXCEPTABLE
from webhook.settings.exception_document import read_exception

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FULL = AskedException("team", "crm", ("privileged",), "a.test/x\nb.test/y", "why", "2026-03-08")


def test_a_full_form_is_a_resource_that_is_accepted() -> None:
    document = FULL.document(NOW)

    read = read_exception(document, now=NOW.timestamp(), longest_days=90)

    assert read.faults == ()
    assert read.in_force is not None
    assert read.in_force.images == ("a.test/x", "b.test/y")
    assert document["spec"]["expires"] == "2026-03-08T23:59:59Z"
    name = document["metadata"]["name"]
    assert re.fullmatch(r"team\.crm-20260301-[0-9a-f]{8}", name)
    assert FULL.document(NOW + timedelta(seconds=9))["metadata"]["name"] == name
    assert FULL._replace(reason="because").document(NOW)["metadata"]["name"] != name
    assert FULL.checked(NOW, 90).faults == {}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"namespace": "Team!"}, "namespace"),
        ({"workload": "<script>"}, "workload"),
        ({"workload": "w" * 300}, "workload"),
        ({"rules": ()}, "rules"),
        ({"rules": ("identity",)}, "rules"),
        ({"images": "i" * 400}, "images"),
        ({"reason": "  "}, "reason"),
        ({"reason": "r" * 501}, "reason"),
        ({"expires": ""}, "expires"),
        ({"expires": "tomorrow"}, "expires"),
        ({"expires": "2026-02-01"}, "expires"),
        ({"expires": "2027-02-01"}, "expires"),
    ],
)
def test_a_fault_stands_beside_its_field(typed: dict[str, Any], field: str) -> None:
    found = FULL._replace(**typed).checked(NOW, 90)

    assert [*found.faults] == [field]
    assert found.faults[field]


def test_whatever_is_typed_is_named_as_kubernetes_names_objects() -> None:
    names = [
        FULL._replace(workload=each).document(NOW)["metadata"]["name"]
        for each in ("A_b", "\u202e<>", "w" * 300)
    ]

    assert names[0].startswith("team.a-b-20260301-")
    assert names[1].startswith("team-20260301-")
    assert len(names[2]) <= 253


@pytest.mark.parametrize("days", [1, 2, 7, 8, 90])
def test_the_day_that_is_offered_is_accepted(days: int) -> None:
    offered = FULL._replace(expires=usual_end(NOW, days))

    assert offered.checked(NOW, days).faults == {}
    assert FULL._replace(expires=last_day(NOW, days)).checked(NOW, days).faults == {}
    assert usual_end(NOW, 90) == "2026-03-08"


def test_a_draft_fills_the_form_in_and_lets_the_server_pass() -> None:
    refused = stored(builders.server("crm", replicas=1, hostPID=True))
    refused["metadata"]["managedFields"] = [{"manager": "kubectl"}]

    draft = draft_of_server(refused, "Deployment", judging(settings(mode="warn")), Scope.OPTED_IN)
    shown = drafted_form(draft, AskedException(expires=usual_end(NOW, 90)))
    form = shown.form

    assert "(host-namespaces)" in shown.excepted.shown[0]
    assert shown.notes == ()
    assert form.rules == ("host-namespaces",)
    assert (form.namespace, form.workload, form.reason) == ("team", "crm", "")
    assert form.images == "registry.example/mcp"
    assert [*form.checked(NOW, 90).faults] == ["reason"]


def test_what_is_not_refused_needs_none() -> None:
    draft = draft_of_server(deployment(DEFAULTS), "Deployment", judging(), Scope.OPTED_IN)

    assert draft.rules == []
    shown = drafted_form(draft, AskedException(workload="crm"))
    assert shown.notes[0].startswith("no rule that has exceptions refuses Deployment team/crm")


def test_a_form_that_was_sent_is_read_field_by_field() -> None:
    sent = [("rules", "a"), ("rules", "b"), ("images", "x\r\ny "), ("faults", "z"), ("_x", "y")]

    assert AskedException.of(sent) == AskedException(rules=("a", "b"), images="x\ny")


def test_the_text_to_send_is_the_resource() -> None:
    document = FULL._replace(reason="a: b # c\n\u202e").document(NOW)

    assert yaml.safe_load(document_text(document)) == document


def test_rules_that_are_asked_for_come_first() -> None:
    offered = offered_rules(["privileged", "sysctls"])

    assert offered[:2] == ["privileged", "sysctls"]
    assert {*offered} == EXCEPTABLE
