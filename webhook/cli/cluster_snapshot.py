"""What `check`, `status` and `audit` read of a cluster: what checks need, and the servers."""

import argparse
import time
from collections.abc import Iterable

from webhook.cli.cluster_options import installation
from webhook.cli.command import ExitCode
from webhook.cli.judging_settings import JudgingSettings, judging_settings
from webhook.fleet.checkup.checks import FAULT, UNKNOWN, CheckResult, Snapshot
from webhook.fleet.checkup.processes import PROCESSES
from webhook.fleet.checkup.readings import DEPLOYMENTS, MUTATING, VALIDATING, read_all
from webhook.fleet.inspection import Audit
from webhook.fleet.judged_mode import JudgedMode
from webhook.fleet.report import FleetReport
from webhook.kube import Api


async def take_snapshot(
    api: Api, args: argparse.Namespace, wanted: Iterable[str], *, fleet: bool
) -> Snapshot:
    """Read what is wanted, and with `fleet` every server; raises ApiError and SettingsError.

    Where the settings in force may not be read, servers are not judged.
    """
    by = await judging_settings(api, args)
    places = installation(args)
    readings = await read_all(api, places, wanted)
    report = await audited(api, args, by) if fleet and not by.unknown else None
    return Snapshot(places, api.server_time(), readings, by.settings, report, guess=by.unknown)


async def is_installed(api: Api, args: argparse.Namespace) -> bool:
    """Whether a process of the product is there, or API servers call one.

    Where that may not be read, it may be.
    """
    found = await read_all(api, installation(args), [DEPLOYMENTS, MUTATING, VALIDATING])
    processes = {each["metadata"]["name"] for each in found[DEPLOYMENTS].items} & {*PROCESSES}
    called = found[MUTATING].items or found[VALIDATING].items
    return bool(processes or called or any(each.unread for each in found.values()))


async def audited(
    api: Api,
    args: argparse.Namespace,
    by: JudgingSettings,
    as_mode: str = "",
    namespace: str | None = None,
) -> FleetReport:
    """The servers of the cluster, or of a namespace; raises ApiError."""
    audit = Audit(api, JudgedMode(by.settings, as_mode, by.in_force), installation(args), namespace)
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


def exit_code(results: Iterable[CheckResult]) -> ExitCode:
    """1 where a fault is known, else 2 where something is not known, else 0."""
    verdicts = {each.verdict for each in results}
    if FAULT in verdicts:
        return ExitCode.FINDINGS
    return ExitCode.ERROR if UNKNOWN in verdicts else ExitCode.OK
