"""The form by which servers are chosen for a roll: read, or told what is wrong with it."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from webhook.console.rolls.roll_run import RollBounds
from webhook.console.rolls.roll_runs import ServerChoice
from webhook.fleet.fleet_roll import MOST_PARALLEL
from webhook.fleet.targets import Target

CLUSTER, NAMESPACE, SELECTION = "cluster", "namespace", "selection"
SCOPES = (CLUSTER, NAMESPACE, SELECTION)
MOST_FAILURES, MOST_SECONDS, MOST_SELECTED, LONGEST_NAME = 100_000, 86_400, 500, 253
_NAME = re.compile(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?")


class RollFields(NamedTuple):
    """What stands in the form, as it was typed."""

    scope: str = CLUSTER
    namespace: str = ""
    servers: tuple[str, ...] = ()
    parallel: str = "1"
    failures: str = "1"
    timeout: str = ""
    rolls_back: bool = True

    @classmethod
    def of(cls, given: Iterable[tuple[str, str]]) -> "RollFields":
        """The fields of a form that was sent, or of an address that fills it in."""
        pairs = list(given)
        one = dict(pairs)
        servers = tuple(dict.fromkeys(value for name, value in pairs if name == "server"))
        scope = SELECTION if servers else NAMESPACE if one.get("namespace") else CLUSTER
        sent = "scope" in one
        return cls(
            one.get("scope", scope),
            one.get("namespace", "").strip(),
            servers[: MOST_SELECTED + 1],
            one.get("parallel", "1").strip(),
            one.get("failures", "" if sent else "1").strip(),
            one.get("timeout", "").strip(),
            one.get("rollback", "") == "yes" or not sent,
        )

    def read(self) -> "RollOrder":
        """What it asks for, or the faults by field."""
        faults: dict[str, str] = {}
        parallel = _number(self.parallel, MOST_PARALLEL, "parallel", faults)
        failures = _number(self.failures, MOST_FAILURES, "failures", faults, empty=True)
        timeout = _number(self.timeout, MOST_SECONDS, "timeout", faults, empty=True)
        choice = self._choice(faults)
        bounds = RollBounds(parallel or 1, failures, timeout, self.rolls_back)
        return RollOrder(choice, bounds, faults)

    def _choice(self, faults: dict[str, str]) -> ServerChoice:
        if self.scope == NAMESPACE:
            if not _is_name(self.namespace):
                faults["namespace"] = "give the name of the namespace whose servers are to roll"
            return ServerChoice(self.namespace)
        if self.scope == SELECTION:
            found = tuple(filter(None, map(_target, self.servers)))
            if not found or len(found) < len(self.servers):
                faults["server"] = "choose at least one server, each as namespace/name"
            elif len(found) > MOST_SELECTED:
                faults["server"] = f"choose at most {MOST_SELECTED} servers, or a namespace"
            return ServerChoice(servers=found)
        if self.scope != CLUSTER:
            faults["scope"] = f"choose one of {', '.join(SCOPES)}"
        elif self.namespace:
            faults["namespace"] = "a namespace is named, and every namespace is chosen: decide"
        return ServerChoice()


class RollOrder(NamedTuple):
    """Which servers are to roll, and how; `faults` are sentences by field."""

    choice: ServerChoice
    bounds: RollBounds
    faults: Mapping[str, str]


def choice_in_words(choice: ServerChoice) -> str:
    """Which servers these are, for a heading."""
    if choice.servers:
        first = choice.servers[0]
        more = len(choice.servers) - 1
        return f"{first.namespace}/{first.name}{f' and {more} more' if more else ''}"
    where = f"namespace {choice.namespace}" if choice.namespace else "the cluster"
    return f"outdated servers of {where}"


def fields_again(bounds: RollBounds) -> list[tuple[str, str]]:
    """The fields that ask for these bounds, for a form about other servers."""
    return [
        ("parallel", str(bounds.parallel)),
        ("failures", str(bounds.most_failures or "")),
        ("timeout", "" if bounds.timeout is None else str(round(bounds.timeout))),
        *([("rollback", "yes")] if bounds.rolls_back else []),
    ]


def _target(text: str) -> Target | None:
    namespace, _, name = text.partition("/")
    return Target(namespace, name) if _is_name(namespace) and _is_name(name) else None


def _is_name(text: str) -> bool:
    """Whether Kubernetes could call something so."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def _number(
    text: str, most: int, field: str, faults: dict[str, str], *, empty: bool = False
) -> int | None:
    """A whole number from 1 to this one; None where it is empty and may be, or is a fault."""
    if not text and empty:
        return None
    if text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= most and len(text) < 9:
        return int(text)
    more = ", or leave it empty" if empty else ""
    faults[field] = f"give a whole number from 1 to {most}{more}"
    return None
