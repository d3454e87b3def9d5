"""The result of an audit: the findings of every server, and what was skipped.

States and reasons are stable: programs read them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from webhook.admission import CURRENT, REFUSED, Change
from webhook.fleet.exception_use import ExceptionStatus
from webhook.fleet.server_facts import FactsByWorkload, ServerFacts
from webhook.health import CAUSES, STATES, FleetCounts, cause_id, server_state

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
    "would-warn": "the author would be warned at the next rollout",
    **{cause_id(reason): text for reason, text in CAUSES.items()},
}
WOULD_CHANGE, WOULD_REFUSE = "would-change", "would-refuse"
WOULD = ("", WOULD_CHANGE, WOULD_REFUSE)
"""What enforce would do with a server where it is not in force, from the least to the most."""
# How the beginning of a finding ends that is about pods to come.
_REFUSED = "refused: "


class ServerFinding(NamedTuple):
    """One finding about a server: the state that it alone would be, a reason and a sentence.

    `path` is an RFC 6901 pointer into the object, empty where it is about none of its fields;
    `rule` is the one that refuses; `change` is the field that would change. `seen` is where
    Kubernetes says it; `final` is whether waiting cannot mend it.
    """

    state: str
    reason: str
    message: str
    path: str = ""
    rule: str = ""
    change: Change | None = None
    seen: str = ""
    final: bool = False

    @property
    def line(self) -> str:
        """The sentence, with the rule that refuses, or where it was seen."""
        source = self.rule or (f"{self.reason}, {self.seen}" if self.seen else "")
        return f"{self.message} ({source})" if source else self.message


class WorkloadKey(NamedTuple):
    """The workload by which people know a server."""

    namespace: str
    kind: str
    name: str


class ServerStatus(NamedTuple):
    """A server, known by the workload that people applied, with its findings.

    `would` is one of WOULD.
    """

    kind: str
    namespace: str
    name: str
    findings: tuple[ServerFinding, ...] = ()
    would: str = ""
    facts: ServerFacts = ServerFacts()

    @property
    def state(self) -> str:
        """The worst state of its findings."""
        return server_state(CURRENT, self.findings)

    @property
    def words(self) -> set[str]:
        """The reasons of its findings, and the rules that refuse."""
        return {word for each in self.findings for word in (each.reason, each.rule) if word}


class FindingsByWorkload:
    """The findings of every server, while they are collected."""

    def __init__(self) -> None:
        self._found: dict[WorkloadKey, dict[tuple[str, str, str], ServerFinding]] = {}
        self._would: dict[WorkloadKey, str] = {}
        # Most findings are those of many servers: each is kept once.
        self._alike: dict[tuple[str, str, str], ServerFinding] = {}

    def __contains__(self, key: WorkloadKey) -> bool:
        return key in self._found

    def __iter__(self) -> Iterator[WorkloadKey]:
        return iter(self._found)

    def add(self, key: WorkloadKey, findings: Iterable[ServerFinding], would: str = "") -> None:
        """Add a server, or findings to it; the same finding of several pods counts once.

        `would` is one of WOULD: the one that does most counts.
        """
        known = self._found.setdefault(key, {})
        for each in findings:
            same = each.reason, each.message, each.path
            first = self._alike.setdefault(same, each)
            known.setdefault(same, first if first == each else each)
        if would:
            self._would[key] = max(self._would.get(key, ""), would, key=WOULD.index)

    def reasons(self, key: WorkloadKey) -> set[str]:
        """The reasons of the findings about this server."""
        return {each.reason for each in self._found[key].values()}

    def refused(self, key: WorkloadKey) -> bool:
        """Whether a finding says that this server is refused, or enforce would refuse it."""
        found = self._found[key].values()
        return self._would.get(key) == WOULD_REFUSE or any(each.state == REFUSED for each in found)

    def refusals(self, key: WorkloadKey) -> set[str]:
        """What this server is refused for, as its own pods would be told."""
        found = self._found.get(key, {}).values()
        return {each.message.rpartition(_REFUSED)[2] for each in found if each.state == REFUSED}

    def statuses(self, facts: FactsByWorkload) -> list[ServerStatus]:
        """The servers in the order of namespace, kind and name."""
        return [
            ServerStatus(
                key.kind,
                key.namespace,
                key.name,
                tuple(found.values()),
                self._would.get(key, ""),
                facts.of(key),
            )
            for key, found in sorted(self._found.items())
        ]


class NamespaceBelow(NamedTuple):
    """A namespace below enforce: its mode, its servers, and how many enforce would act upon."""

    namespace: str
    mode: str
    servers: int
    would_change: int
    would_refuse: int


class Skipped(NamedTuple):
    """What the audit could not read, and why."""

    what: str
    why: str


def counted_states(servers: Iterable[ServerStatus]) -> dict[str, int]:
    """How many servers are in each state, and `all` of them."""
    found = [each.state for each in servers]
    return {"all": len(found), **{state: found.count(state) for state in STATES}}


@dataclass(frozen=True)
class FleetReport:
    """All servers in the order of namespace, kind and name; `settings` says which were used.

    `registered` is whether API servers call the webhook, None where that may not be read. `modes`
    are those of the namespaces below enforce. `asked` is the mode that was asked about, if one was.
    `exceptions_unread` is why the resources of exceptions may not be read, empty where they may.
    `unknown` is what only administrators may read and you may not, such as whether a Secret exists.
    `states` and `rules` (those, or reasons of findings) are what was asked about, if not about all.
    """

    servers: Sequence[ServerStatus]
    skipped: Sequence[Skipped]
    settings: str
    registered: bool | None = None
    modes: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""
    exceptions: Sequence[ExceptionStatus] = ()
    exceptions_unread: str = ""
    unknown: Sequence[Skipped] = ()
    states: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()

    @property
    def chosen(self) -> list[ServerStatus]:
        """The servers that were asked about: all, or those of these states and these rules."""
        return [
            each
            for each in self.servers
            if (not self.states or each.state in self.states)
            and (not self.rules or not self.rules.isdisjoint(each.words))
        ]

    @property
    def listed(self) -> list[ServerStatus]:
        """Of these, the ones that have findings; all of them where states were asked about."""
        return [each for each in self.chosen if each.findings or self.states]

    def counts(self) -> dict[str, int]:
        """How many servers are in each state, and `all` of them, whatever was asked about."""
        return counted_states(self.servers)

    def tally(self) -> FleetCounts:
        """The same, with the rules or reasons for which servers are worse than current."""
        reasons: dict[str, Counter[str]] = {}
        for server in self.servers:
            state = server.state
            words = {each.rule or each.reason for each in server.findings if each.state == state}
            if state != CURRENT:
                reasons.setdefault(state, Counter()).update(words - {state})
        return FleetCounts(self.counts(), reasons)

    def by_namespace(self) -> dict[str, dict[str, int]]:
        """The same of the chosen servers of each namespace."""
        found: dict[str, list[ServerStatus]] = {}
        for each in self.chosen:
            found.setdefault(each.namespace, []).append(each)
        return {name: counted_states(servers) for name, servers in sorted(found.items())}

    def would(self) -> dict[str, int]:
        """How many servers enforce would change, and refuse, where it is not in force."""
        found = [server.would for server in self.servers]
        return {each: found.count(each) for each in WOULD if each}

    def below_enforce(self) -> list[NamespaceBelow]:
        """The namespaces with servers in which enforce is not in force, in order."""
        by_namespace: dict[str, list[str]] = {}
        for server in self.servers:
            if server.namespace in self.modes:
                by_namespace.setdefault(server.namespace, []).append(server.would)
        return [
            NamespaceBelow(name, self.modes[name], len(would), *map(would.count, WOULD[1:]))
            for name, would in sorted(by_namespace.items())
        ]
