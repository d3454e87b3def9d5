"""What a person sees of the fleet: a reading of all of it, or of the namespaces they may see.

Every page asks here, so that none of them reads the cluster beside another one.
"""

from collections.abc import Callable
from functools import partial

from webhook.console.fleet_list.fleet_reading import WATCHED, FleetReading
from webhook.console.fleet_list.open_readings import OpenReadings
from webhook.console.frame.visit import Visit
from webhook.controller.installation import Installation
from webhook.fleet.report import ServerStatus
from webhook.kube import Api, TooManyRequests

FLEET_EVENT = "fleet"
MOST_READINGS = 3
"""Who may see some namespaces alone has so many of them read; another one ends the oldest."""


class FleetView:
    """The readings of one person; the empty namespace is the whole cluster.

    `changed` is called with the namespace that was judged anew, empty for all of them. `household`
    is whom readings are counted for.
    """

    def __init__(
        self,
        api: Api,
        places: Installation,
        changed: Callable[[str], object],
        opened: OpenReadings,
        household: str = "",
    ) -> None:
        self._api, self._places, self._changed = api, places, changed
        self._opened, self._household = opened, household
        self._readings: dict[str, FleetReading] = {}

    async def look(self, namespace: str = "", seconds: float = 0.0) -> FleetReading:
        """The servers of the cluster, or of a namespace; waits so long if they were never read.

        Raises TooManyRequests where there is no room, and what nobody expected while they were
        read.
        """
        found = self._readings.get(namespace)
        if found is None:
            found = FleetReading(self._api, self._places, namespace, self._changed)
        try:
            end_another = self._opened.look(found, partial(self._end, found), self._household)
        except TooManyRequests:
            if not self._readings:
                raise
            # Whoever has one may look at something else instead.
            await self._end(next(iter(self._readings.values())))
            return await self.look(namespace, seconds)
        self._readings.pop(namespace, None)
        self._readings[namespace] = found
        if end_another is not None:
            await end_another()
        if len(self._readings) > MOST_READINGS:
            await self._end(next(iter(self._readings.values())))
        await found.look(seconds)
        return found

    def status(self, namespace: str, kind: str, name: str) -> ServerStatus | None:
        """What was read of a server; None where nobody has read it yet, or it is none."""
        for reading in reversed(self._readings.values()):
            found = reading.status(namespace, kind, name)
            if found is not None:
                return found
        return None

    @property
    def last_read(self) -> str:
        """The namespace that was looked at last, of those that could be read; empty without one."""
        for reading in reversed(self._readings.values()):
            report = reading.report
            if report is not None and (report.servers or not report.skipped):
                return reading.namespace
        return ""

    async def forget(self, namespace: str) -> None:
        """Show nothing of a namespace that was read before."""
        found = self._readings.get(namespace)
        if found is not None and found.report is not None and found.report.servers:
            await self._end(found)

    async def close(self) -> None:
        """Read nothing any more."""
        for each in [*self._readings.values()]:
            await self._end(each)

    async def _end(self, reading: FleetReading) -> None:
        self._opened.leave(reading)
        if self._readings.get(reading.namespace) is reading:
            del self._readings[reading.namespace]
        await reading.close()


def fleet_of(visit: Visit) -> FleetView:
    """What this person sees of the fleet, for all their sessions and pages."""
    places, live = visit.places, visit.live

    def changed(namespace: str) -> None:
        live.publish(FLEET_EVENT, namespace)

    opened = visit.person.common(OpenReadings, OpenReadings)
    return visit.person.kept(
        FleetView,
        lambda person: FleetView(person.api, places, changed, opened, person.household),
    )


async def look_at_fleet(visit: Visit, namespace: str, seconds: float) -> FleetReading | None:
    """The servers of the cluster, or of the namespace for who may not see all of it.

    None where such a person names no namespace. Raises ApiError where their rights are not known.
    """
    everywhere = await visit.may("list", "apps", WATCHED)
    if not everywhere and not namespace:
        return None
    fleet = fleet_of(visit)
    if not everywhere and not await visit.may("list", "apps", WATCHED, namespace):
        # What was read with a right that is gone is not shown; the API server says that it is.
        await fleet.forget(namespace)
    return await fleet.look("" if everywhere else namespace, seconds)
