"""The result of an audit: the findings of every server, and what was skipped.

States and reasons are stable: programs read them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from webhook.admission.drift import CURRENT, STATES, Change

REASONS: Mapping[str, str] = {
    "half-labelled": "the label is on the workload alone, or on its template alone",
    "namespace-labels": "a managed namespace lacks Pod Security labels of the settings",
    "not-registered": "a webhook configuration is missing, so that nothing is reviewed",
    "not-reviewed": "a labelled workload lives in a namespace that is excluded from review",
    "not-rolled": "a rollout is paused or stuck, and pods of an older template run",
    "older-than-webhook": "nothing was filled in: it is older than the webhook or its label",
    "out-of-date": "a field would change if the server rolled now",
    "policy-changed": "a NetworkPolicy is not as mcp-admission makes it",
    "policy-missing": "a NetworkPolicy that isolates the server is missing",
    "refused": "the server would be refused if it rolled now",
    "wide-policy": "a NetworkPolicy of a user opens more than mcp-admission allows",
}


class ServerFinding(NamedTuple):
    """One finding about a server: the state that it alone would be, a reason and a sentence.

    `path` is an RFC 6901 pointer into the object, empty where it is about none of its fields;
    `rule` is the one that refuses; `change` is the field that would change.
    """

    state: str
    reason: str
    message: str
    path: str = ""
    rule: str = ""
    change: Change | None = None

    @property
    def line(self) -> str:
        """The sentence, with the rule that refuses."""
        return f"{self.message} ({self.rule})" if self.rule else self.message


class WorkloadKey(NamedTuple):
    """The workload by which people know a server."""

    namespace: str
    kind: str
    name: str


class ServerStatus(NamedTuple):
    """A server, known by the workload that people applied, with its findings."""

    kind: str
    namespace: str
    name: str
    findings: tuple[ServerFinding, ...] = ()

    @property
    def state(self) -> str:
        """The worst state of its findings."""
        return max((each.state for each in self.findings), key=STATES.index, default=CURRENT)


class FindingsByWorkload:
    """The findings of every server, while they are collected."""

    def __init__(self) -> None:
        self._found: dict[WorkloadKey, dict[tuple[str, str, str], ServerFinding]] = {}

    def __contains__(self, key: WorkloadKey) -> bool:
        return key in self._found

    def __iter__(self) -> Iterator[WorkloadKey]:
        return iter(self._found)

    def add(self, key: WorkloadKey, findings: Iterable[ServerFinding]) -> None:
        """Add a server, or findings to it; the same finding of several pods counts once."""
        known = self._found.setdefault(key, {})
        for each in findings:
            known.setdefault((each.reason, each.message, each.path), each)

    def has_state(self, key: WorkloadKey, state: str) -> bool:
        """Whether a finding of this server has the state."""
        return any(each.state == state for each in self._found[key].values())

    def statuses(self) -> list[ServerStatus]:
        """The servers in the order of namespace, kind and name."""
        return [
            ServerStatus(key.kind, key.namespace, key.name, tuple(found.values()))
            for key, found in sorted(self._found.items())
        ]


class Skipped(NamedTuple):
    """What the audit could not read, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class FleetReport:
    """All servers in the order of namespace, kind and name; `settings` says which were used.

    `registered` is whether API servers call the webhook, None where that may not be read.
    """

    servers: Sequence[ServerStatus]
    skipped: Sequence[Skipped]
    settings: str
    registered: bool | None = None

    @property
    def with_findings(self) -> list[ServerStatus]:
        """The servers that have findings."""
        return [server for server in self.servers if server.findings]

    def counts(self) -> dict[str, int]:
        """How many servers are in each state, and `all` of them."""
        found = [server.state for server in self.servers]
        return {"all": len(found), **{state: found.count(state) for state in STATES}}
