"""Where a verdict is told: once, and of the generation that was asked about."""

import json
import math
from typing import Any

import pytest

from tests.controller.probe.probed import NOW
from webhook.admission import Scope
from webhook.controller.event_recorder import Regarding
from webhook.controller.installation import SAID_ENFORCING
from webhook.controller.probe.enforcing_report import EnforcingReport, Leadership
from webhook.controller.probe.verdict import ProbeVerdict
from webhook.controller.settings.settings_store import SettingsResource
from webhook.observe.metrics import ControllerMetrics

Json = dict[str, Any]
TRUE = ProbeVerdict("True", "Enforcing", "it is")
AWAY = ProbeVerdict("False", "Unreachable", "it is not", "it is not: dial tcp")
AGAIN = AWAY._replace(said="it is not: deadline")
OF_BEFORE = {"status": "True", "reason": "Enforcing", "message": "", "observedGeneration": 3}
UNKNOWN = ProbeVerdict("Unknown", "NotProbed", "who knows")


class Told:
    """A report, and what came of it: Events, and how often the status was to be written."""

    def __init__(self, stored: Json | None = None, *, resource: bool = True, away: bool = False):
        self.events: list[tuple[str, str, str]] = []
        self.writes, self.room = 0, True
        self.says: dict[str, str] = {}
        status = {} if stored is None else {"conditions": [{"type": "Enforcing", **stored}]}
        self.resource = SettingsResource("1", 4, {}, status) if resource else None
        self.metrics = ControllerMetrics()
        recorder: Any = self
        leadership = Leadership("release", lambda: away, lambda: NOW, self.says, "me")
        self.report = EnforcingReport(
            leadership, self.metrics, recorder, lambda: self.resource, self.write
        )

    def write(self) -> None:
        self.writes += 1

    async def record(self, regarding: Regarding, notes: dict[str, str]) -> None:
        for reason, note in notes.items():
            event = f"{regarding.namespace}/{regarding.name}", reason, note
            if event not in self.events[-1:] and self.room:
                self.events.append(event)

    async def tell(self, *verdicts: ProbeVerdict, generation: int = 4) -> None:
        for each in verdicts:
            await self.report.tell({Scope.OPTED_IN: each, Scope.MANAGED: None}, generation)

    def condition(self) -> Json:
        assert self.resource is not None
        return self.report.conditions(self.resource)["Enforcing"]

    def gauge(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"mcp_admission_{name}", labels)


async def test_one_event_and_one_write_for_each_change_and_none_in_between() -> None:
    told = Told()

    await told.tell(TRUE, TRUE, AWAY, AGAIN, AWAY, TRUE, TRUE)

    since = "since 2026-01-01 00:00:00 UTC: opted-in: "
    where = "release/mcp-admission-serve"
    assert [(place, reason) for place, reason, _ in told.events] == [
        (where, "Unreachable"),
        (where, "Enforcing"),
    ]
    assert told.events[0][2].startswith(f"{since}it is not: dial tcp")
    assert told.writes == 3


async def test_an_event_that_was_left_out_is_asked_for_again() -> None:
    told = Told()
    told.room = False
    await told.tell(AWAY)
    assert told.events == []

    told.room = True
    await told.tell(AWAY, AWAY)
    assert [reason for _, reason, _ in told.events] == ["Unreachable"]


async def test_a_cluster_without_the_resource_has_the_event_and_the_metrics() -> None:
    told = Told(resource=False)

    await told.tell(AWAY)

    assert [reason for _, reason, _ in told.events] == ["Unreachable"]
    assert told.gauge("enforcing", scope="opted-in") == 0


async def test_the_condition_keeps_its_words_while_nothing_changes() -> None:
    told = Told()
    await told.tell(AWAY)
    before = told.condition()

    await told.tell(AGAIN)

    assert told.condition() == before
    assert before["message"].startswith("opted-in: it is not: dial tcp")
    assert before["observedGeneration"] == 4


async def test_another_generation_is_written_once_and_without_an_event() -> None:
    told = Told()
    await told.tell(TRUE)
    assert told.report.stale(5)
    assert not told.report.stale(4)

    await told.tell(TRUE, TRUE, generation=5)

    assert told.writes == 2
    assert told.condition()["observedGeneration"] == 5
    assert told.events == []


@pytest.mark.parametrize(
    ("stored", "away", "status"),
    [
        (OF_BEFORE, False, "True"),
        (OF_BEFORE, True, "Unknown"),
        (None, False, "Unknown"),
    ],
    ids=["handed over", "nobody led", "first"],
)
def test_before_the_first_probe_the_last_one_counts_unless_nobody_led(
    stored: Json | None, away: bool, status: str
) -> None:
    condition = Told(stored, away=away).condition()

    assert condition["status"] == status
    if status == "True":
        assert condition["observedGeneration"] == 3


@pytest.mark.parametrize(
    ("stored", "reasons"),
    [
        ({"status": "False", "reason": "Unreachable", "message": ""}, []),
        ({"status": "True", "reason": "Enforcing", "message": ""}, ["Unreachable"]),
        ({"status": "Unknown", "reason": "NotProbed", "message": ""}, ["Unreachable"]),
    ],
    ids=["told before", "enforced before", "not known before"],
)
async def test_a_new_leader_does_not_tell_again_what_the_status_says(
    stored: Json, reasons: list[str]
) -> None:
    told = Told(stored)

    await told.tell(AWAY)

    assert [reason for _, reason, _ in told.events] == reasons


@pytest.mark.parametrize("resource", [True, False])
async def test_a_new_leader_keeps_the_words_while_details_alone_differ(*, resource: bool) -> None:
    before = Told(resource=resource)
    await before.tell(AWAY)
    stored = json.loads(before.says[SAID_ENFORCING])

    told = Told(stored if resource else None, resource=resource)
    told.says.update(before.says)
    await told.tell(AGAIN)
    assert (
        json.loads(told.says[SAID_ENFORCING])["message"]
        == "opted-in: it is not: dial tcp\nmanaged: nothing to ask about"
    )

    await told.tell(AWAY._replace(message="it is otherwise", said="x"))
    assert json.loads(told.says[SAID_ENFORCING])["message"].startswith("opted-in: x")
    assert told.events == []


async def test_metrics_say_what_is_known_of_each_scope_and_when_it_was_asked() -> None:
    told = Told()
    await told.tell(TRUE)
    assert told.gauge("enforcing", scope="opted-in") == 1
    assert math.isnan(told.gauge("enforcing", scope="managed") or 0)
    assert told.gauge("enforcing_timestamp_seconds") == NOW.timestamp()

    await told.tell(UNKNOWN)
    assert math.isnan(told.gauge("enforcing", scope="opted-in") or 0)

    told.report.forget()
    assert told.gauge("enforcing", scope="opted-in") is None


async def test_only_what_differs_is_news() -> None:
    told = Told()
    assert told.report.is_news({Scope.OPTED_IN: TRUE})
    await told.tell(AWAY)

    assert not told.report.is_news({Scope.OPTED_IN: AGAIN, Scope.MANAGED: None})
    assert told.report.is_news({Scope.OPTED_IN: TRUE, Scope.MANAGED: None})


async def test_the_lease_says_it_too_and_since_when() -> None:
    told, since = Told(resource=False), "2025-01-01T00:00:00Z"
    told.says[SAID_ENFORCING] = json.dumps({**OF_BEFORE, "lastTransitionTime": since})

    await told.tell(TRUE)
    kept = json.loads(told.says[SAID_ENFORCING])
    await told.tell(AWAY)
    changed = json.loads(told.says[SAID_ENFORCING])

    assert (kept["status"], kept["lastTransitionTime"]) == ("True", since)
    assert (changed["reason"], changed["lastTransitionTime"]) == (
        "Unreachable",
        "2026-01-01T00:00:00Z",
    )
    assert [reason for _, reason, _ in told.events] == ["Unreachable"]


async def test_the_last_reason_of_a_scope_is_shown_alone() -> None:
    told = Told()
    await told.tell(TRUE, AWAY)

    assert told.gauge("enforcing_info", scope="opted-in", reason="Unreachable") == 1
    assert told.gauge("enforcing_info", scope="opted-in", reason="Enforcing") is None
    told.report.forget()
    assert told.gauge("enforcing_info", scope="opted-in", reason="Unreachable") is None
    await told.tell(AWAY)
    assert told.gauge("enforcing_info", scope="opted-in", reason="Unreachable") == 1
