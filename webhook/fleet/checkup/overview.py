"""The fleet in one object: what `status` prints, and its JSON, from what the checks have read.

The first thing is whether anything is enforced, the last one what needs a person.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from webhook.controller.installation import (
    CERTIFICATES_LEASE,
    LEASE,
    SAID_CERTIFICATES,
    SAID_REPLICAS,
)
from webhook.fleet.checkup import processes, told_states
from webhook.fleet.checkup.checks import FAULT, UNKNOWN, CheckResult, Snapshot, Told, badness
from webhook.fleet.report import FleetReport

Json = dict[str, Any]
MOST_NEEDS = 5
YES, NO, NOT_KNOWN = "yes", "no", "unknown"
_WORDS = {"True": YES, "False": NO}


class NamespaceRow(NamedTuple):
    """A namespace with servers: its mode, and how many of them are in each state."""

    namespace: str
    mode: str
    servers: dict[str, int]


def overview(seen: Snapshot, results: Sequence[CheckResult]) -> Json:
    """All of it; keys and words are stable, and what is not known is null or `unknown`."""
    fleet = seen.fleet
    rows = _namespaces(fleet) if fleet else []
    return {
        "enforcing": _enforcing(seen),
        "mode": NOT_KNOWN if seen.guess else seen.settings.cluster.mode,
        "settings": _settings(seen),
        "replicas": _replicas(seen),
        "certificates": _certificates(seen),
        "leaders": {
            "control": processes.leader(seen, LEASE) or None,
            "certificates": processes.leader(seen, CERTIFICATES_LEASE) or None,
        },
        "servers": fleet.counts() if fleet else None,
        "namespaces": [each._asdict() for each in rows],
        "needs": [each._asdict() for each in worst_told(results, MOST_NEEDS)],
    }


def worst_told(results: Sequence[CheckResult], most: int) -> list[Told]:
    """What needs a person, the worst first, at most so many."""
    found = [told for each in results for told in each.told if told.verdict in {UNKNOWN, FAULT}]
    return sorted(found, key=badness, reverse=True)[:most]


def _enforcing(seen: Snapshot) -> Json:
    found = told_states.enforcing(seen) if not seen.readings[LEASE].unread else {}
    return {
        "enforcing": _WORDS.get(found.get("status", ""), NOT_KNOWN),
        "since": found.get("lastTransitionTime"),
        "reason": found.get("reason"),
        "message": found.get("message"),
    }


def _settings(seen: Snapshot) -> Json:
    valid = told_states.current_condition(seen, "Valid") if processes.leads(seen, LEASE) else {}
    status = {"True": True, "False": False}.get(valid.get("status", ""))
    return {
        "digest": told_states.said_in_lease(seen, LEASE, SAID_REPLICAS).get("digest"),
        "valid": status,
    }


def _replicas(seen: Snapshot) -> list[Json]:
    """Those behind the Service, with the digest that each has reported."""
    digests = told_states.said_in_lease(seen, LEASE, SAID_REPLICAS).get("replicas") or {}
    return [each | {"digest": digests.get(each["name"])} for each in processes.endpoints(seen)]


def _certificates(seen: Snapshot) -> Json:
    said = told_states.said_in_lease(seen, CERTIFICATES_LEASE, SAID_CERTIFICATES)
    return {
        f"{name}_ends": (said.get(key) or {}).get("ends")
        for name, key in (("certificate", "leaf"), ("authority", "authority"))
    }


def _namespaces(fleet: FleetReport) -> list[NamespaceRow]:
    """The namespaces with servers, those with the worst servers first."""
    states = [each for each in fleet.counts() if each != "all"]
    found: dict[str, Counter[str]] = {}
    for server in fleet.servers:
        found.setdefault(server.namespace, Counter())[server.state] += 1
    rows = [
        NamespaceRow(
            name,
            fleet.modes.get(name, "enforce"),
            {"all": count.total(), **{state: count[state] for state in states}},
        )
        for name, count in found.items()
    ]
    worst_first = tuple(reversed(states))
    return sorted(
        rows, key=lambda row: ([-row.servers[each] for each in worst_first[:-1]], row.namespace)
    )
