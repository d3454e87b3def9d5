"""What a check is: a row of a table, with a pure function that judges what was read.

A new check is a row in catalog.py and a function. It names what it reads, so that each thing is
read once, and what may not be read is `unknown`, never fine.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from webhook.controller.installation import WEBHOOK_CONFIGURATIONS, Installation
from webhook.fleet.report import FleetReport
from webhook.settings import Settings, SettingsByNamespace

Json = dict[str, Any]
OK, NOTE, UNKNOWN, FAULT = "ok", "note", "unknown", "fault"
VERDICTS = (OK, NOTE, UNKNOWN, FAULT)
"""From the best to the worst. A note needs nobody; of what is unknown, nobody knows that."""

_RELEASE_NAME = "meta.helm.sh/release-name"
_HELM_4 = ("helm", "Apply")


class Told(NamedTuple):
    """One sentence of a check: a verdict, what was found, and the command that mends it."""

    verdict: str
    message: str
    mend: str = ""


class Reading(NamedTuple):
    """The objects that were read, none where there are none; `unread` says why they were not."""

    items: tuple[Json, ...] = ()
    unread: str = ""


@dataclass(frozen=True)
class Snapshot:
    """All that was read, at the API server's time `now`, and what the user says of the plan.

    `settings` are those in force, or those to be installed. `fleet` is an audit, where one was
    made. `certificates` and `service_monitor` are values of the chart that is to be installed.
    `guess` says why the settings may not be those in force; it is empty where they are.
    """

    places: Installation
    now: datetime
    readings: Mapping[str, Reading]
    settings: SettingsByNamespace = field(default_factory=lambda: SettingsByNamespace(Settings()))
    fleet: FleetReport | None = None
    certificates: str = "own"
    service_monitor: bool = False
    guess: str = ""

    def every(self, name: str) -> tuple[Json, ...]:
        """The objects of a reading."""
        return self.readings[name].items

    def one(self, name: str) -> Json | None:
        """The object of a reading; None where it does not exist."""
        return next(iter(self.every(name)), None)

    def named(self, name: str, wanted: str) -> Json | None:
        """The object of this name in a list; None where it does not exist."""
        found = (each for each in self.every(name) if each["metadata"]["name"] == wanted)
        return next(found, None)

    def kubectl(self, words: str) -> str:
        """A command of kubectl in the namespace of the installation."""
        return f"kubectl --namespace {self.places.namespace} {words}"

    @property
    def put_back(self) -> str:
        """The command that puts the objects of the installation back as they were installed.

        Helm keeps its release in the namespace. Where that was lost, it takes over what was left,
        and has the values from a file alone.
        """
        there = self.readings.get("deployments", Reading()).items
        for each in there:
            if release := _release(each):
                return f"{self._upgrade(release)} --reset-then-reuse-values{_over_edits(each)}"
        left = [self.readings.get(kind, Reading()).items for kind in WEBHOOK_CONFIGURATIONS]
        for each in itertools.chain.from_iterable([] if there else left):
            if release := _release(each):
                return (
                    f"{self._upgrade(release)} --install --create-namespace "
                    "--reset-then-reuse-values --values values.yaml"
                )
        return "kubectl apply --filename manifests/install"

    def _upgrade(self, release: str) -> str:
        return f"helm upgrade {release} manifests/chart --namespace {self.places.namespace}"


def _release(found: Json) -> str:
    """The release of Helm that an object is of, if it is of one."""
    return str((found["metadata"].get("annotations") or {}).get(_RELEASE_NAME) or "")


def _over_edits(deployment: Json) -> str:
    """The option by which Helm 4 takes back what others edited; Helm 3 does so, and has it not."""
    fields = deployment["metadata"].get("managedFields") or []
    applied = any((each.get("manager"), each.get("operation")) == _HELM_4 for each in fields)
    return " --force-conflicts" if applied else ""


class Check(NamedTuple):
    """A row: a stable id, the part that it is about, the names of what it reads, and its judgment.

    A judgment that says nothing is one that does not apply.
    """

    id: str
    part: str
    reads: tuple[str, ...]
    judge: Callable[[Snapshot], Iterable[Told]]


class CheckResult(NamedTuple):
    """What a check says, the worst first."""

    id: str
    part: str
    told: tuple[Told, ...]

    @property
    def verdict(self) -> str:
        """The worst of its verdicts."""
        return self.told[0].verdict


def run_checks(checks: Iterable[Check], seen: Snapshot) -> list[CheckResult]:
    """The result of each check that applies, in the order of the table."""
    found = ((check, _judged(check, seen)) for check in checks)
    return [CheckResult(check.id, check.part, told) for check, told in found if told]


def _judged(check: Check, seen: Snapshot) -> tuple[Told, ...]:
    reasons = [seen.readings[name].unread for name in check.reads]
    unread = list(dict.fromkeys(filter(None, reasons)))
    told = [Told(UNKNOWN, each) for each in unread] or list(check.judge(seen))
    # What is well is said where nothing else is.
    told = [each for each in told if each.verdict != OK] or told
    return tuple(sorted(told, key=badness, reverse=True))


def badness(told: Told) -> int:
    """How bad it is, as the place of its verdict in VERDICTS."""
    return VERDICTS.index(told.verdict)


def counts(results: Sequence[CheckResult]) -> dict[str, int]:
    """How many checks have each verdict."""
    found = [each.verdict for each in results]
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def moment(text: str) -> datetime:
    """A time as Kubernetes writes it."""
    return datetime.fromisoformat(text).astimezone(UTC)


def time_in_words(seconds: float) -> str:
    """A number of seconds in words: `2 min`, `3 h`, `90 days`."""
    for unit, length in (("days", 172_800.0), ("h", 7200.0), ("min", 120.0)):
        if seconds >= length:
            size = {"days": 86_400, "h": 3600, "min": 60}[unit]
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def listing(words: Sequence[str], most: int = 5) -> str:
    """The first of the words, and how many more there are."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
