"""What a person sees of the fleet: a reading of all of it, or of the namespaces they may see.

Every page asks here, so that none of them reads the cluster beside another one.
"""

from collections.abc import Callable

from webhook.console.fleet_reading import FleetReading
from webhook.controller.installation import Installation
from webhook.fleet.report import ServerStatus
from webhook.kube import Api

MOST_READINGS = 3
"""Who may see some namespaces alone has so many of them read; another one ends the oldest."""


class FleetView:
    """The readings of one person; the empty namespace is the whole cluster.

    `changed` is called with the namespace that was judged anew, empty for all of them.
    """

    def __init__(self, api: Api, places: Installation, changed: Callable[[str], object]) -> None:
        self._api, self._places, self._changed = api, places, changed
        self._readings: dict[str, FleetReading] = {}

    async def look(self, namespace: str = "", seconds: float = 0.0) -> FleetReading:
        """The servers of the cluster, or of a namespace; waits so long if they were never read.

        Raises what nobody expected while they were read.
        """
        found = self._readings.pop(namespace, None)
        if found is None:
            found = FleetReading(self._api, self._places, namespace, self._changed)
        self._readings[namespace] = found
        if len(self._readings) > MOST_READINGS:
            await self._readings.pop(next(iter(self._readings))).close()
        await found.look(seconds)
        return found

    def status(self, namespace: str, kind: str, name: str) -> ServerStatus | None:
        """What was read of a server; None where nobody has read it yet, or it is none."""
        for reading in reversed(self._readings.values()):
            found = reading.status(namespace, kind, name)
            if found is not None:
                return found
        return None

    async def close(self) -> None:
        """Read nothing any more."""
        readings, self._readings = self._readings, {}
        for each in readings.values():
            await each.close()
