"""A report of a fleet, a part of which was judged anew: found and replaced by its order.

The servers of a report are in the order of namespace, kind and name.
"""

from bisect import bisect_left, bisect_right
from dataclasses import replace

from webhook.fleet.report import FleetReport, ServerStatus, WorkloadKey


def find_server(report: FleetReport, key: WorkloadKey) -> ServerStatus | None:
    """The server that people know by this workload; None where there is none."""
    at = bisect_left(report.servers, key, key=_key)
    found = report.servers[at] if at < len(report.servers) else None
    return found if found is not None and _key(found) == key else None


def with_namespace(whole: FleetReport, namespace: str, part: FleetReport | None) -> FleetReport:
    """The report with the servers of a namespace as another one has them; None if it is gone."""
    servers = list(whole.servers)
    begin, end = (
        side(servers, namespace, key=lambda each: each.namespace)
        for side in (bisect_left, bisect_right)
    )
    servers[begin:end] = part.servers if part else ()
    modes = {name: mode for name, mode in whole.modes.items() if name != namespace}
    kept = [each for each in whole.exceptions if each.namespace != namespace]
    found = replace(whole, servers=servers, modes=modes, exceptions=kept)
    if part is None:
        return found
    return replace(
        found,
        modes=modes | dict(part.modes),
        exceptions=sorted([*kept, *part.exceptions]),
        registered=part.registered,
        skipped=tuple(dict.fromkeys((*whole.skipped, *part.skipped))),
        unknown=tuple(dict.fromkeys((*whole.unknown, *part.unknown))),
    )


def _key(server: ServerStatus) -> WorkloadKey:
    return WorkloadKey(server.namespace, server.kind, server.name)
