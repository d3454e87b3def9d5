"""What settings that are not saved would do to the servers that run: who changes, who is refused.

Both sides are judged by the engine that decides in the cluster: the servers by the settings in
force, and by those with the change. What an administrator reads is the difference, because what is
out of date already is not of this change.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from webhook.admission import REFUSED
from webhook.console.settings_form import settings_subject, typed_settings
from webhook.controller.installation import Installation
from webhook.fleet import cluster_snapshot, report, settings_in_force
from webhook.kube import Api
from webhook.settings import Overlay, SettingsByNamespace, namespace_layer

REFUSES, CHANGES, TELLS, FEWER, NOTHING = "refused", "changed", "findings", "fewer", "same"
OUTCOMES = (REFUSES, CHANGES, TELLS, FEWER)
"""What a change does to a server, from the worst: new ones are refused, its pods change, it gets
other findings, it has fewer. In the order of the columns."""
MOST_SERVERS = 50


class ServerOutcome(NamedTuple):
    """A server, what the change does to it, and the findings that it gets by it."""

    server: report.WorkloadKey
    outcome: str
    findings: tuple[report.ServerFinding, ...]


class OutcomesInNamespace(NamedTuple):
    """How many servers a namespace has, and how many of them have each outcome."""

    namespace: str
    servers: int
    counts: dict[str, int]


class ChangePreview(NamedTuple):
    """The difference that a change makes; `first` are the servers that it does most to.

    `skipped` is what could not be read, so that it is not in the numbers.
    """

    servers: int
    counts: dict[str, int]
    namespaces: Sequence[OutcomesInNamespace]
    first: Sequence[ServerOutcome]
    skipped: Sequence[report.Skipped]

    @property
    def affected(self) -> int:
        """How many servers the change does something to."""
        return sum(self.counts.values())


def settings_with_change(
    subject: settings_subject.SettingsSubject,
    spec: settings_subject.Json,
    in_force: SettingsByNamespace,
) -> SettingsByNamespace:
    """The settings of every namespace, if the resource of the subject said this."""
    if not subject.namespace:
        return SettingsByNamespace(
            typed_settings.settings_of_cluster(subject, spec), in_force.overlays
        )
    values = namespace_layer(in_force.cluster, spec).values
    overlay = in_force.overlays.get(subject.namespace, Overlay())._replace(values=values)
    return SettingsByNamespace(in_force.cluster, {**in_force.overlays, subject.namespace: overlay})


async def report_with_change(
    api: Api,
    places: Installation,
    by: settings_in_force.JudgingSettings,
    subject: settings_subject.SettingsSubject,
    spec: settings_subject.Json,
) -> report.FleetReport:
    """The servers that the subject is about, if its resource said this.

    Raises SettingsError where the settings in force are not known, and ApiError.
    """
    in_force = by.known.settings
    after = settings_with_change(subject, spec, in_force)
    judging = settings_in_force.JudgingSettings(after, "the settings that are typed", in_force)
    return await cluster_snapshot.audited(api, places, judging, namespace=subject.namespace or None)


def compared(before: report.FleetReport, after: report.FleetReport) -> ChangePreview:
    """The difference between two reports; of what came or went meanwhile, what it becomes."""
    had = {_key(each): each.findings for each in before.servers}
    outcomes = [_outcome(each, had.get(_key(each), ())) for each in after.servers]
    affected = [each for each in outcomes if each.outcome != NOTHING]
    affected.sort(key=lambda each: (OUTCOMES.index(each.outcome), each.server))
    total = Counter(each.server.namespace for each in outcomes)
    counted: dict[str, Counter[str]] = {}
    for each in affected:
        counted.setdefault(each.server.namespace, Counter())[each.outcome] += 1
    return ChangePreview(
        len(outcomes),
        _counts(Counter(each.outcome for each in affected)),
        [
            OutcomesInNamespace(name, total[name], _counts(found))
            for name, found in sorted(counted.items())
        ],
        affected[:MOST_SERVERS],
        after.skipped,
    )


def _outcome(server: report.ServerStatus, had: Iterable[report.ServerFinding]) -> ServerOutcome:
    before = {_told(each): each for each in had}
    new = tuple(each for each in server.findings if _told(each) not in before)
    told = {_told(each) for each in server.findings}
    if any(each.state == REFUSED for each in new):
        outcome = REFUSES
    elif any(each.change for each in new):
        outcome = CHANGES
    elif new:
        outcome = TELLS
    else:
        outcome = FEWER if before.keys() - told else NOTHING
    return ServerOutcome(_key(server), outcome, new)


def _told(finding: report.ServerFinding) -> tuple[str, str, str, str]:
    return finding.reason, finding.message, finding.path, finding.rule


def _key(server: report.ServerStatus) -> report.WorkloadKey:
    return report.WorkloadKey(server.namespace, server.kind, server.name)


def _counts(found: Counter[str]) -> dict[str, int]:
    return {each: found[each] for each in OUTCOMES}
