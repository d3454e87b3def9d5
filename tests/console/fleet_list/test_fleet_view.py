"""One person has few readings, and each page finds a server in the newest of them."""

from typing import Any

import pytest

from tests.console.fleet_list.test_fleet_reading import PLACES, Followed, deployment
from tests.kube.virtual_time import run
from webhook.console.fleet_list.fleet_view import MOST_READINGS, FleetView
from webhook.console.fleet_list.open_readings import IN_USE_SECONDS, MOST_OPEN, OpenReadings
from webhook.fleet.report import FleetReport, Skipped
from webhook.kube import TooManyRequests


def fleet() -> Followed:
    return Followed(deployments=[deployment("crm", f"team-{number}") for number in range(9)])


def test_a_server_is_found_whatever_reading_has_it() -> None:
    async def main() -> None:
        api: Any = fleet()
        view = FleetView(api, PLACES, lambda _: None, OpenReadings())
        assert view.status("team-1", "Deployment", "crm") is None
        await view.look("team-1", 5.0)
        await view.look("team-2", 5.0)
        for namespace in ("team-1", "team-2"):
            found = view.status(namespace, "Deployment", "crm")
            assert found is not None
            assert found.namespace == namespace
        assert view.status("team-3", "Deployment", "crm") is None
        await view.close()

    run(main())


def test_the_namespace_that_was_looked_at_last_is_known_if_it_could_be_read() -> None:
    async def main() -> None:
        api: Any = fleet()
        view = FleetView(api, PLACES, lambda _: None, OpenReadings())
        assert view.last_read == ""
        await view.look("team-1", 5.0)
        await view.look("team-2", 5.0)
        assert view.last_read == "team-2"
        await view.look("team-1", 5.0)
        assert view.last_read == "team-1"
        (await view.look("team-3", 5.0)).report = None
        assert view.last_read == "team-1"
        unread = await view.look("team-3", 5.0)
        unread.report = FleetReport((), (Skipped("deployments", "you may not"),), "settings")
        assert view.last_read == "team-1"
        await view.close()
        assert view.last_read == ""

    run(main())


def test_the_same_namespace_is_read_once() -> None:
    async def main() -> None:
        api: Any = fleet()
        view = FleetView(api, PLACES, lambda _: None, OpenReadings())
        first = await view.look("team-1", 5.0)
        assert await view.look("team-1", 5.0) is first
        await view.close()

    run(main())


def test_beyond_so_many_namespaces_the_one_that_was_looked_at_first_is_ended() -> None:
    async def main() -> None:
        api: Any = fleet()
        view = FleetView(api, PLACES, lambda _: None, OpenReadings())
        readings = [await view.look(f"team-{number}", 5.0) for number in range(MOST_READINGS)]
        await view.look("team-0", 5.0)
        await view.look("team-8", 5.0)
        ended = [each.namespace for each in readings if each.ended]
        assert ended == ["team-1"]
        await view.close()
        assert all(each.ended for each in readings)

    run(main())


def test_what_was_judged_anew_is_told() -> None:
    told: list[str] = []

    async def main() -> None:
        api: Any = fleet()
        view = FleetView(api, PLACES, told.append, OpenReadings())
        await view.look("", 5.0)
        await view.close()

    run(main())

    assert told == [""]


@pytest.mark.parametrize("times", [1, 2])
def test_closing_is_final_and_may_be_repeated(times: int) -> None:
    async def main() -> None:
        api: Any = fleet()
        view = FleetView(api, PLACES, lambda _: None, OpenReadings())
        await view.look("", 5.0)
        for _ in range(times):
            await view.close()
        assert view.status("team-1", "Deployment", "crm") is None

    run(main())


def test_many_people_have_few_readings_between_them() -> None:
    async def main() -> None:
        now = [0.0]
        opened = OpenReadings(lambda: now[0])
        api: Any = fleet()
        views = [FleetView(api, PLACES, lambda _: None, opened) for _ in range(MOST_OPEN + 1)]
        readings = [await each.look("team-1", 5.0) for each in views[:-1]]
        with pytest.raises(TooManyRequests, match="wait until a page is closed"):
            await views[-1].look("team-1", 5.0)
        assert views[-1].status("team-1", "Deployment", "crm") is None
        await views[3].look("team-2", 5.0)
        assert views[3].status("team-1", "Deployment", "crm") is None

        now[0] += IN_USE_SECONDS
        await views[0].look("team-1", 5.0)
        await views[-1].look("team-1", 5.0)
        assert [each.ended for each in readings] == [
            False,
            True,
            False,
            True,
            *[False] * (MOST_OPEN - 4),
        ]
        assert views[1].status("team-1", "Deployment", "crm") is None

        await views[0].close()
        await views[1].look("team-1", 5.0)
        assert views[1].status("team-1", "Deployment", "crm") is not None
        for each in views:
            await each.close()

    run(main())
