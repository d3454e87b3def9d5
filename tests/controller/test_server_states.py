"""What is told of a server that does not run or lacks something, and how servers are counted."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import stored
from tests.health.objects import waiting
from tests.kube.virtual_time import run
from webhook.admission.drift import UNPROTECTED
from webhook.controller.cluster_state import ClusterState, Queues
from webhook.controller.event_recorder import EventRecorder
from webhook.controller.server_states import MOMENT, PATIENCE, SOON, StateReconciler
from webhook.health import INCOMPLETE, NOT_RUNNING, REMEDIES, STATES
from webhook.kube.work_queue import NamespacedName, Queue
from webhook.objects import LONGEST_NOTE
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

Json = dict[str, Any]
CRM = NamespacedName("team", "crm")
BEGAN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
QUOTA = 'pods "crm-1" is forbidden: exceeded quota: none, requested: pods=1, used: pods={}'
ASKS: Json = {"envFrom": [{"secretRef": {"name": "keys"}}]}


class Team:
    """A namespace with a server, at a time, and the Events that were written about it."""

    def __init__(self, *, mode: str = "enforce", secrets: bool = True) -> None:
        settings = Settings.model_validate({"mode": mode})
        queues = Queues(*(Queue() for _ in Queues._fields))
        self.state = ClusterState(SettingsByNamespace(settings), "release", (), queues)
        self.state.namespaces.put({"metadata": {"name": "team", "uid": "t"}})
        self.now, self.version = BEGAN, 100
        self.events: list[tuple[str, str]] = []
        self.refused: dict[NamespacedName, str] = {}
        api: Any = self
        self.reconciler = StateReconciler(
            api, self.state, EventRecorder(api, "test", Queue()), self.refused, secrets=secrets
        )
        self.put()
        self.state.complete = True

    def server_time(self) -> datetime:
        return self.now

    async def create(self, _: str, body: Json) -> Json:
        self.events.append((body["reason"], body["note"]))
        return body

    def put(
        self, *conditions: Json, ready: int = 1, asks: Json | None = None, **container: Any
    ) -> None:
        """The Deployment, anew."""
        found = builders.server("crm", asks=asks, container=container, replicas=1)
        found["metadata"]["generation"] = 1
        found["status"] = {
            "observedGeneration": 1,
            "replicas": ready,
            "updatedReplicas": ready,
            "readyReplicas": ready,
            "conditions": list(conditions),
        }
        self.state.deployments.put(self._stored(found))

    def put_pod(self, *statuses: Json) -> None:
        """A pod of it, anew."""
        found = builders.bare_pod("crm-7d4f-1")
        owner = {"kind": "ReplicaSet", "name": "crm-7d4f", "controller": True}
        found["metadata"]["namespace"] = "team"
        found["metadata"]["labels"]["pod-template-hash"] = "7d4f"
        found["metadata"]["ownerReferences"] = [owner]
        found["status"] = {"phase": "Running", "containerStatuses": list(statuses)}
        self.state.pods.put(self._stored(found))

    def put_secret(self, name: str) -> None:
        self.state.sources.put(self._stored({"metadata": {"name": name, "namespace": "team"}}))

    def look(self, *, after: float = 0.0) -> float | None:
        """Reconcile it at a later time."""
        self.now += timedelta(seconds=after)
        return run(self.reconciler.reconcile(CRM))

    def told(self) -> list[str]:
        """The reasons of the Events since."""
        found, self.events[:] = [reason for reason, _ in self.events], []
        return found

    def counted(self) -> dict[str, int]:
        """The states that a server is in."""
        return {state: count for state, count in self.reconciler.counts().states.items() if count}

    def _stored(self, found: Json) -> Json:
        self.version += 1
        kept = stored(found)
        kept["metadata"]["resourceVersion"] = str(self.version)
        return kept


def refused(message: str, since: datetime = BEGAN) -> Json:
    return {
        "type": "ReplicaFailure",
        "status": "True",
        "message": message,
        "lastTransitionTime": f"{since:%Y-%m-%dT%H:%M:%SZ}",
    }


def counts(state: str) -> dict[str, int]:
    return {"all": 1, state: 1}


def test_a_healthy_server_is_counted_and_nothing_is_told() -> None:
    team = Team()

    assert [team.look(after=each) for each in (0, 60)] == [None, None]
    assert (team.told(), team.counted()) == ([], counts("current"))
    assert team.reconciler.counts().states.keys() == {"all", *STATES}


def test_what_waiting_cannot_mend_is_told_at_once_with_its_place_and_remedy() -> None:
    team = Team()
    team.put(refused(QUOTA.format(0)), ready=0)

    assert team.look() is None
    ((reason, note),) = team.events
    assert reason == "QuotaExceeded"
    for part in (
        "exceeded quota: none, requested: pods=1, used: pods=0",
        "Deployment status.conditions[ReplicaFailure]",
        REMEDIES["QuotaExceeded"],
        "`mcp-admission audit -n team`",
    ):
        assert part in note
    assert team.counted() == counts(NOT_RUNNING)


def test_an_event_is_kept_while_its_cause_is_and_forgotten_when_that_is_mended() -> None:
    team = Team()
    for used in (0, 5):
        team.put(refused(QUOTA.format(used)), ready=0)
        team.look()
    assert team.told() == ["QuotaExceeded"]

    team.put()
    team.look()
    assert (team.told(), team.counted()) == ([], counts("current"))
    team.put(refused(QUOTA.format(7)), ready=0)
    team.look()
    assert team.told() == ["QuotaExceeded"]


def test_what_is_a_moment_old_is_told_once_it_lasts() -> None:
    team = Team()
    team.put(refused("status unknown for quota: none"), ready=0)

    assert team.look(after=2) == 8
    assert (team.told(), team.counted()) == ([], counts("current"))
    assert team.look(after=8) is None
    assert (team.told(), team.counted()) == (["PodsRefused"], counts(NOT_RUNNING))


def test_what_is_over_before_it_lasts_is_never_told() -> None:
    team = Team()
    team.put(refused("status unknown for quota: none"), ready=0)
    team.look(after=2)
    team.put()

    assert (team.look(after=20), team.told()) == (None, [])


def test_a_clock_that_is_ahead_does_not_have_it_looked_at_without_a_pause() -> None:
    team = Team()
    ahead = BEGAN + timedelta(seconds=5)
    team.put(refused("status unknown for quota: none", ahead), ready=0)
    assert team.look() == 15
    assert team.look(after=14.9) == pytest.approx(0.5)


def test_a_missing_secret_is_told_until_it_is_there() -> None:
    team = Team()
    team.put(**ASKS)
    assert team.look() == 10
    assert team.look(after=10) is None
    assert (team.told(), team.counted()) == (["SecretMissing"], counts(INCOMPLETE))

    team.put_secret("keys")
    team.look()
    assert (team.told(), team.counted()) == ([], counts("current"))


def test_another_missing_secret_is_told_too() -> None:
    team = Team()
    team.put(**ASKS)
    team.look()
    team.look(after=10)
    asks = [{"secretRef": {"name": each}} for each in ("keys", "more")]
    team.put(envFrom=asks)
    team.look()
    team.look(after=10)

    notes = [note for _, note in team.events]
    assert len(notes) == 2
    assert 'secret "keys" not found' in notes[0]
    assert "and 1 more" in notes[1]


def test_where_secrets_are_not_followed_none_is_missing() -> None:
    team = Team(secrets=False)
    team.put(**ASKS)

    assert (team.look(), team.look(after=60), team.counted()) == (None, None, counts("current"))


def test_a_secret_that_was_refused_is_not_told_as_missing_and_is_counted() -> None:
    team = Team()
    team.put(envFrom=[{"secretRef": {"name": "crm-mcp-config"}}])
    team.refused[CRM] = "ConfigMissing"

    assert (team.look(), team.look(after=60), team.told()) == (None, None, [])
    assert team.counted() == counts(INCOMPLETE)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [pytest.param("enforce", "current", id="made"), pytest.param("observe", INCOMPLETE, id="not")],
)
def test_a_secret_that_will_be_made_is_not_missing(mode: str, expected: str) -> None:
    team = Team(mode=mode)
    envs = [{"secretRef": {"name": "crm-mcp-config"}}]
    team.put(asks={"config-from": "source"}, envFrom=envs)
    team.look()
    team.look(after=60)

    assert (team.told(), team.counted()) == ([], counts(expected))


def test_a_crash_loop_is_told_by_its_pod() -> None:
    team = Team()
    team.put(ready=0)
    team.put_pod(waiting("CrashLoopBackOff", restartCount=5))
    team.look()
    ((reason, note),) = team.events
    assert reason == "CrashLoop"
    assert "pod crm-7d4f-1 status.containerStatuses[mcp]" in note

    team.state.pods.drop("team", "crm-7d4f-1")
    team.look()
    assert team.counted() == counts("current")


def test_it_is_known_of_a_fleet_once_each_server_was_looked_at() -> None:
    team = Team()
    first = team.reconciler.first_look
    assert not first.over(team.now)
    first.begin([CRM, ("team", "gone")], team.now)

    team.look()
    assert not first.over(team.now)
    assert first.over(team.now + PATIENCE)
    first.saw(("team", "gone"))
    assert first.over(team.now)


def test_what_is_young_at_the_first_look_is_waited_for_and_later_nothing_is() -> None:
    team = Team()
    team.put(**ASKS)
    first = team.reconciler.first_look
    first.begin([CRM], team.now)

    assert team.look() == MOMENT.total_seconds()
    assert not first.over(team.now)
    team.look(after=MOMENT.total_seconds())
    assert team.told() == ["SecretMissing"]
    assert first.over(team.now + SOON)
    first.saw(CRM, team.now + timedelta(days=1))
    assert first.over(team.now + SOON)


def test_reasons_are_counted_by_state_also_those_of_who_refuses() -> None:
    team = Team()
    team.refused[CRM] = "ConfigMissing"
    assert team.reconciler.counts().reasons == {INCOMPLETE: {"config-missing": 1}}

    team.put(refused(QUOTA.format(0)), ready=0)
    team.look()
    assert team.reconciler.counts().reasons == {NOT_RUNNING: {"quota-exceeded": 1}}


@pytest.mark.parametrize("mode", ["observe", "warn"])
def test_below_enforce_it_is_counted_and_not_told(mode: str) -> None:
    team = Team(mode=mode)
    team.put(refused(QUOTA.format(0)), ready=0)

    assert (team.look(), team.told(), team.counted()) == (None, [], counts(NOT_RUNNING))


def test_in_a_namespace_that_is_being_deleted_nothing_is_told() -> None:
    team = Team()
    going = {"name": "team", "deletionTimestamp": "2026-03-01T12:00:00Z", "resourceVersion": "999"}
    team.state.namespaces.put({"metadata": {**going, "uid": "team"}})
    team.put(refused(QUOTA.format(0)), ready=0)

    assert (team.look(), team.told()) == (None, [])


def test_a_cause_is_worse_than_what_a_rollout_would_change() -> None:
    async def main(team: Team) -> None:
        await team.state.judge.judge_all()

    team = Team()
    run(main(team))
    assert team.counted() == counts(UNPROTECTED)
    team.put(refused(QUOTA.format(0)), ready=0)
    team.look()
    assert team.counted() == counts(NOT_RUNNING)


def test_a_server_that_is_gone_is_not_counted_and_nothing_of_it_is_kept() -> None:
    team = Team()
    team.put(refused(QUOTA.format(0)), ready=0)
    team.look()

    team.state.deployments.drop("team", "crm")
    team.look()
    assert (team.counted(), team.reconciler._told, team.reconciler._notes) == ({}, {}, {})


def test_nothing_is_decided_before_everything_is_known() -> None:
    team = Team()
    team.put(refused(QUOTA.format(0)), ready=0)
    team.state.complete = False

    assert (team.look(), team.told()) == (None, [])


def test_a_note_is_as_long_as_an_event_allows() -> None:
    def longest(causes: Iterable[str]) -> int:
        return max(map(len, causes))

    team = Team()
    team.put(refused(f'pods "crm-1" is forbidden: {"x" * 5000}'), ready=0)
    team.look()
    ((_, note),) = team.events
    assert note.endswith("holds now")
    assert len(note) + longest(REMEDIES.values()) < LONGEST_NOTE
