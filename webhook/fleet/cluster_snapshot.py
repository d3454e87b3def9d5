"""What is read of a cluster to judge all of it: what checks need, and the servers."""

import time
from collections.abc import Iterable

from webhook.controller.installation import Installation
from webhook.fleet.checkup.checks import Snapshot
from webhook.fleet.checkup.processes import PROCESSES
from webhook.fleet.checkup.readings import DEPLOYMENTS, read_all
from webhook.fleet.cluster_pages import OnObject
from webhook.fleet.inspection import Audit
from webhook.fleet.judged_mode import JudgedMode
from webhook.fleet.report import FleetReport
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.kube import Api


async def take_snapshot(
    api: Api, places: Installation, by: JudgingSettings, wanted: Iterable[str], *, fleet: bool
) -> Snapshot:
    """Read what is wanted, and with `fleet` every server; raises ApiError.

    Where the settings in force may not be read, servers are not judged.
    """
    readings = await read_all(api, places, wanted)
    report = await audited(api, places, by) if fleet and not by.unknown else None
    return Snapshot(places, api.server_time(), readings, by.settings, report, guess=by.unknown)


async def is_installed(api: Api, places: Installation) -> bool:
    """Whether a process of the product is there, or may be where that may not be read."""
    found = (await read_all(api, places, [DEPLOYMENTS]))[DEPLOYMENTS]
    there = {each["metadata"]["name"] for each in found.items}
    return bool(found.unread or there & {*PROCESSES})


async def audited(  # noqa: PLR0913 - what is read, and by what it is judged
    api: Api,
    places: Installation,
    by: JudgingSettings,
    as_mode: str = "",
    namespace: str | None = None,
    *,
    on_object: OnObject = lambda _resource: None,
) -> FleetReport:
    """The servers of the cluster, or of a namespace; raises ApiError.

    `on_object` is called with the resource of each object that was read.
    """
    mode = JudgedMode(by.settings, as_mode, by.in_force)
    audit = Audit(api, mode, places, namespace, on_object)
    servers = await audit.run()
    return FleetReport(
        servers,
        audit.skipped,
        by.source,
        audit.registered,
        audit.modes(),
        as_mode,
        audit.exceptions(time.time()),
        audit.exceptions_unread,
        audit.unknown,
    )
