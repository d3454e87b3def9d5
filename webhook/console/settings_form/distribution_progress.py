"""How far saved settings are on their way: what the controller says of them, and each replica.

The status of the resource is believed where it is about the version that is stored, and while the
controller renews its Lease. Otherwise it is not known: what was in force before the save is
nothing that the person has asked about.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from webhook.console.settings_form.settings_object import SettingsObject
from webhook.controller.installation import LEASE, SAID_REPLICAS, Installation
from webhook.controller.settings.steps import STEPS
from webhook.fleet.checkup import catalog, checks, processes, readings, told_states
from webhook.kube import Api

Json = dict[str, Any]
IN_FORCE, ON_ITS_WAY, NOT_VALID = "in force", "on its way", "not valid"
NOT_JUDGED, NOT_KNOWN, NOTHING_STORED = "not judged yet", "unknown", "nothing stored"
MOVING = (ON_ITS_WAY, NOT_JUDGED)
"""States that pass by themselves: somebody who waits looks again."""

HAS_IT, HAS_ANOTHER, DOES_NOT_SAY, WAS_NOT_ASKED = (
    "has it",
    "has another",
    "does not say",
    "was not asked yet",
)
MOST_REPLICAS = 50
_CHECKS = tuple(each for each in catalog.CHECKS_AFTER if each.id == "replicas")
_LEADERLESS = "nobody renews the Lease of the controller, so that its status may be out of date"


class SaidCondition(NamedTuple):
    """A condition of the resource, in the controller's words."""

    type: str
    status: str
    reason: str
    message: str
    since: datetime | None


class ReplicaDigest(NamedTuple):
    """A replica of `serve`: the digest that it has reported, and whether that is the wanted one."""

    name: str
    digest: str
    state: str


class SettingsProgress(NamedTuple):
    """How far the stored settings are.

    `step` of `steps` is what the controller is at, 0 where that is not known. `digest` is what
    replicas should have now. `told` is what the check of the replicas says.
    """

    state: str
    conditions: tuple[SaidCondition, ...] = ()
    step: int = 0
    steps: int = STEPS
    digest: str = ""
    replicas: tuple[ReplicaDigest, ...] = ()
    told: tuple[checks.Told, ...] = ()
    note: str = ""

    @property
    def moving(self) -> bool:
        """Whether it is worth looking again soon."""
        return self.state in MOVING


async def read_progress(api: Api, places: Installation, stored: SettingsObject) -> SettingsProgress:
    """How far these settings are; what may not be read is told. Raises ApiError."""
    read = await readings.read_all(api, places, catalog.names_read(_CHECKS))
    return progress(checks.Snapshot(places, api.server_time(), read), stored)


def progress(seen: checks.Snapshot, stored: SettingsObject) -> SettingsProgress:
    """The same, of what was read."""
    conditions = tuple(_conditions(stored.found or {}))
    said = told_states.said_in_lease(seen, LEASE, SAID_REPLICAS)
    leaderless = not seen.readings[LEASE].unread and not processes.leads(seen, LEASE)
    return SettingsProgress(
        NOT_KNOWN if leaderless and stored.found is not None else _state(stored, conditions),
        conditions,
        step=_step(said),
        digest=str(said.get("digest") or ""),
        replicas=tuple(_replicas(seen, said))[:MOST_REPLICAS],
        told=tuple(told for result in checks.run_checks(_CHECKS, seen) for told in result.told),
        note=_LEADERLESS if leaderless else "",
    )


def _conditions(found: Json) -> Iterator[SaidCondition]:
    """What is said of the stored version, and not of one before."""
    generation = found.get("metadata", {}).get("generation")
    for each in (found.get("status") or {}).get("conditions") or []:
        if each.get("observedGeneration", generation) == generation:
            since = each.get("lastTransitionTime")
            kind, status, reason, message = (
                str(each.get(part, "")) for part in ("type", "status", "reason", "message")
            )
            yield SaidCondition(
                kind, status, reason, message, checks.moment(since) if since else None
            )


def _state(stored: SettingsObject, conditions: tuple[SaidCondition, ...]) -> str:
    if stored.found is None:
        return NOTHING_STORED
    said = {each.type: each.status for each in conditions}
    if "Valid" not in said:
        return NOT_JUDGED
    if said["Valid"] == "False":
        return NOT_VALID
    return {"True": IN_FORCE, "False": ON_ITS_WAY}.get(said.get("Distributed", ""), NOT_KNOWN)


def _replicas(seen: checks.Snapshot, said: Json) -> Iterator[ReplicaDigest]:
    """Those that reported something, and those behind the Service that nobody has asked."""
    reported = said.get("replicas") or {}
    names = {*reported, *(each["name"] for each in processes.endpoints(seen))}
    for name in sorted(names):
        digest = reported.get(name)
        state = HAS_IT if digest == said.get("digest") else HAS_ANOTHER
        if digest is None:
            state = DOES_NOT_SAY if name in reported else WAS_NOT_ASKED
        yield ReplicaDigest(name, digest or "", state)


def _step(said: Json) -> int:
    step = said.get("step")
    return step if isinstance(step, int) else 0
