"""The installation as one person may see it: read once for all pages, compared with the chart."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.console.replicas import PLACES, Replicas
from tests.fleet.checkup.snapshots import NOW, registrations, seen
from tools.chart.shipped import shipped
from webhook.console.health_view.health_reading import (
    AS_SHIPPED,
    CHECKS,
    HealthReading,
    compare_registrations,
)
from webhook.fleet import cluster_snapshot, settings_in_force
from webhook.fleet.checkup.checks import FAULT, OK, UNKNOWN, Snapshot, Told
from webhook.kube.errors import ApiError, Forbidden, NotFound, Unreachable
from webhook.settings import SettingsError

Json = dict[str, Any]
MUTATING = "MutatingWebhookConfiguration"
CONFIG_MAP = "/api/v1/namespaces/mcp-admission-system/configmaps/mcp-admission-registrations"
(SHIPPED,) = [
    each
    for each in shipped("ConfigMap")
    if each["metadata"]["name"] == "mcp-admission-registrations"
]


def compared(found: Snapshot, config_map: Json | ApiError = SHIPPED) -> list[Told]:
    class Cluster:
        async def get(self, path: str) -> Json:
            assert path == CONFIG_MAP
            if isinstance(config_map, ApiError):
                raise config_map
            return config_map

    api: Any = Cluster()
    return asyncio.run(compare_registrations(api, found))


def altered(change: Callable[[Json], object]) -> Snapshot:
    found = registrations()[MUTATING]
    change(found)
    return seen({MUTATING: (found,)})


def test_registrations_as_shipped_are_said_to_be() -> None:
    assert compared(seen()) == [Told(OK, AS_SHIPPED)]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (seen({MUTATING: ()}), f"the {MUTATING} mcp-admission is not there"),
        (altered(lambda found: found["webhooks"].pop(0)), "has no entry"),
        (altered(lambda found: found["webhooks"][0].pop("rules")), "has another rules"),
        (
            altered(lambda found: found["webhooks"].append({"name": "other.example"})),
            "an entry other.example, which is not ours",
        ),
    ],
    ids=["missing", "without an entry", "altered", "added"],
)
def test_each_difference_is_a_fault_with_what_mends_it(found: Snapshot, said: str) -> None:
    told = compared(found)

    assert all(each.verdict == FAULT and each.mend.startswith("helm upgrade") for each in told)
    assert len({each.message for each in told}) == len(told)
    assert any(said in each.message for each in told)


@pytest.mark.parametrize(
    ("found", "config_map", "said"),
    [
        (seen(unread=MUTATING), SHIPPED, "you may not read it"),
        (seen(), Forbidden(403, "Forbidden", "no"), "may not be read by you: no"),
        (seen(), NotFound(404, "NotFound", "no"), "is not there"),
        (seen(), {"data": {}}, "cannot be read"),
        (seen(), {"data": {f"{MUTATING}.json": "x"}}, "cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_unknown(
    found: Snapshot, config_map: Json | ApiError, said: str
) -> None:
    (told,) = compared(found, config_map)

    assert told.verdict == UNKNOWN
    assert said in told.message


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> "Cluster":
    found = Cluster()
    monkeypatch.setattr(cluster_snapshot, "take_snapshot", found.take_snapshot)
    monkeypatch.setattr(settings_in_force, "judging_settings_in_force", found.settings)
    return found


class Cluster(Replicas):
    """Replicas, and a snapshot that takes as long as a test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.found, self.taken = seen(), 0
        self.ready = asyncio.Event()
        self.error: Exception | None = None

    async def take_snapshot(self, *given: Any, fleet: bool) -> Snapshot:
        assert not fleet
        self.taken += 1
        await self.ready.wait()
        return self.found

    async def settings(self, *_: object) -> None:
        if self.error is not None:
            raise self.error

    async def get(self, path: str, **given: Any) -> Json:
        return SHIPPED if path == CONFIG_MAP else await super().get(path, **given)


def with_reading(cluster: Cluster, main: Callable[[HealthReading], Awaitable[None]]) -> None:
    async def look() -> None:
        api: Any = cluster
        reading = HealthReading(api, PLACES, lambda: cluster.now)
        await main(reading)
        await reading.close()

    asyncio.run(look())


def test_all_of_it_is_read_at_once(cluster: Cluster) -> None:
    cluster.add("a")

    async def main(reading: HealthReading) -> None:
        cluster.ready.set()
        await reading.look(60)
        assert reading.seen is not None
        # There is no console in this cluster.
        asked = [each.id for each in CHECKS if not each.id.startswith("console")]
        assert [each.id for each in reading.seen.results] == asked
        assert reading.seen.registrations == (Told(OK, AS_SHIPPED),)
        assert (reading.seen.at, reading.seen.needs) == (NOW, [])
        assert reading.seen.overview["enforcing"]["enforcing"] == "yes"
        assert set(reading.history.replicas.pods) == {"a"}
        assert reading.now == cluster.now

    with_reading(cluster, main)


def test_what_is_altered_needs_a_person(cluster: Cluster) -> None:
    cluster.found = replace(altered(lambda found: found["webhooks"][0].pop("rules")))

    async def main(reading: HealthReading) -> None:
        cluster.ready.set()
        await reading.look(60)
        assert reading.seen is not None
        assert "has another rules" in reading.seen.needs[0].message

    with_reading(cluster, main)


def test_a_slow_reading_is_not_waited_for_and_made_once(cluster: Cluster) -> None:
    async def main(reading: HealthReading) -> None:
        await reading.look(0)
        await asyncio.gather(reading.look(0), reading.look(0))
        assert (reading.seen, cluster.taken) == (None, 1)
        cluster.ready.set()
        await asyncio.gather(reading.look(60), reading.look(60))
        assert reading.seen is not None
        await reading.look(60)
        assert cluster.taken == 1
        cluster.now += 15
        await reading.look(60)
        assert cluster.taken == 2

    with_reading(cluster, main)


@pytest.mark.parametrize("error", [Unreachable("no answer"), SettingsError("settings.yaml: no")])
def test_what_keeps_it_away_is_raised_and_tried_again(error: Exception, cluster: Cluster) -> None:
    cluster.error = error

    async def main(reading: HealthReading) -> None:
        with pytest.raises(type(error)):
            await reading.look(60)
        cluster.error = None
        cluster.ready.set()
        await reading.look(60)
        assert reading.seen is not None

    with_reading(cluster, main)


def test_a_reading_ends_with_its_person(cluster: Cluster) -> None:
    async def main(reading: HealthReading) -> None:
        await reading.look(0)
        await reading.close()
        assert len(asyncio.all_tasks()) == 1

    with_reading(cluster, main)
