"""What is read of a cluster to judge all of it: what checks need, and the servers."""

import time
from collections.abc import Iterable

from webhook.controller.installation import Installation
from webhook.fleet import cluster_pages, inspection, judged_mode, report, settings_in_force
from webhook.fleet.checkup import checks, processes, readings
from webhook.kube import Api


async def take_snapshot(
    api: Api,
    places: Installation,
    by: settings_in_force.JudgingSettings,
    wanted: Iterable[str],
    *,
    fleet: bool,
) -> checks.Snapshot:
    """Read what is wanted, and with `fleet` every server; raises ApiError.

    Where the settings in force may not be read, servers are not judged.
    """
    read = await readings.read_all(api, places, wanted)
    servers = await audited(api, places, by) if fleet and not by.unknown else None
    return checks.Snapshot(places, api.server_time(), read, by.settings, servers, guess=by.unknown)


async def is_installed(api: Api, places: Installation) -> bool:
    """Whether a process of the product is there, or API servers call one.

    Where that may not be read, it may be.
    """
    wanted = [readings.DEPLOYMENTS, readings.MUTATING, readings.VALIDATING]
    found = await readings.read_all(api, places, wanted)
    there = {each["metadata"]["name"] for each in found[readings.DEPLOYMENTS].items}
    called = found[readings.MUTATING].items or found[readings.VALIDATING].items
    unread = any(each.unread for each in found.values())
    return bool(there & {*processes.PROCESSES} or called or unread)


async def audited(  # noqa: PLR0913 - what is read, and by what it is judged
    api: Api,
    places: Installation,
    by: settings_in_force.JudgingSettings,
    as_mode: str = "",
    namespace: str | None = None,
    *,
    on_object: cluster_pages.OnObject = lambda _resource: None,
) -> report.FleetReport:
    """The servers of the cluster, or of a namespace; raises ApiError.

    `on_object` is called with the resource of each object that was read.
    """
    mode = judged_mode.JudgedMode(by.settings, as_mode, by.in_force)
    pages = cluster_pages.ClusterPages(api, namespace, on_object)
    audit = inspection.Audit(api, mode, places, pages)
    servers = await audit.run()
    return report.FleetReport(
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
