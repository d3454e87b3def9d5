"""What an audit has to tell: every server with what is wrong about it, and what was not looked at.

States and reasons are stable: programs read them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from webhook.admission.drift import CURRENT, STATES, Change

REASONS: Mapping[str, str] = {
    "half-labelled": "the label is on the workload alone, or on its template alone",
    "namespace-labels": "a managed namespace lacks Pod Security labels of the settings",
    "not-registered": "a webhook configuration is not there, so that nothing is reviewed",
    "not-reviewed": "a labelled workload lives in a namespace that is excluded from review",
    "not-rolled": "a rollout does not go on, and pods of an older template run",
    "older-than-webhook": "nothing was ever filled in: the webhook has not seen it",
    "out-of-date": "a field would be another if the server rolled now",
    "policy-changed": "a NetworkPolicy is not as mcp-admission makes it",
    "policy-missing": "a NetworkPolicy that isolates the server is not there",
    "refused": "the server would be refused if it rolled now",
    "wide-policy": "a NetworkPolicy of a user opens more than mcp-admission allows",
}


class Told(NamedTuple):
    """One thing about a server: the state that it alone would be, a reason and a sentence.

    `path` is an RFC 6901 pointer into the object, empty where it is about none of its fields;
    `rule` is the one that refuses; `change` is the field that would be another.
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


class Server(NamedTuple):
    """A server, known by the workload that people applied."""

    kind: str
    namespace: str
    name: str
    told: tuple[Told, ...] = ()

    @property
    def state(self) -> str:
        """The worst that is told of it."""
        return max((each.state for each in self.told), key=STATES.index, default=CURRENT)


class Unseen(NamedTuple):
    """What could not be looked at, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Report:
    """All servers in the order of namespace, kind and name; `settings` says which were used.

    `registered` is whether API servers ask the webhook, None where that may not be read.
    """

    servers: Sequence[Server]
    unseen: Sequence[Unseen]
    settings: str
    registered: bool | None = None

    @property
    def told(self) -> list[Server]:
        """The servers about which there is something to tell."""
        return [server for server in self.servers if server.told]

    def counts(self) -> dict[str, int]:
        """How many servers are in each state, and `all` of them."""
        counted = Counter(server.state for server in self.servers)
        return {"all": len(self.servers), **{state: counted[state] for state in STATES}}
