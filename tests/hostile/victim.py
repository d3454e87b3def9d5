"""What another tenant feels: how long creates take, who is refused, when gates open."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests import builders
from tests.builders import GATE
from tests.hostile.tenants import Tenant
from tools.cluster.background import Background
from tools.cluster.waiting import wait_for

Json = dict[str, Any]

SECONDS_BETWEEN_CREATES, SECONDS_BETWEEN_GATES = 0.2, 0.3
SECONDS_BETWEEN_QUESTIONS = 0.05
# What takes less than this is called quick, on a machine that does other things too.
QUICK = 1.0
TIMES = 3
QUIET_CREATES, QUIET_GATES = 10, 4


class Creates(Background):
    """Labelled pods, created under dry run one after the other at a steady rate."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(f"creates of {tenant.namespace}")
        self._tenant = tenant
        self.seconds: list[float] = []
        self.refused: list[str] = []

    def run(self) -> None:
        pod = builders.bare_pod()
        while not self.over.wait(SECONDS_BETWEEN_CREATES):
            started = time.monotonic()
            answer = self._tenant.raw("POST", "pods?dryRun=All", pod)
            self.seconds.append(time.monotonic() - started)
            if answer.status != 201:
                self.refused.append(f"{answer.status} {answer.json()['message'][:500]}")


class Gates(Background):
    """Labelled pods, really made one after the other: how long each waits at the gate."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(f"gates of {tenant.namespace}")
        self._tenant = tenant
        self.seconds: list[float] = []

    def run(self) -> None:
        pod = builders.bare_pod()
        pod["metadata"]["generateName"] = f"{pod['metadata'].pop('name')}-"
        while not self.over.wait(SECONDS_BETWEEN_GATES):
            started = time.monotonic()
            answer = self._tenant.raw("POST", "pods", pod)
            if answer.status == 201:
                made = f"pods/{answer.json()['metadata']['name']}"
                self._wait_until_open(made)
                self.seconds.append(time.monotonic() - started)
                self._tenant.raw("DELETE", made)

    def _wait_until_open(self, made: str) -> None:
        """Or until the look is over: a gate that stays closed counts with what it has waited."""
        while GATE in str(self._tenant.raw("GET", made).json()["spec"].get("schedulingGates")):
            if self.over.wait(SECONDS_BETWEEN_QUESTIONS):
                return


@dataclass(frozen=True)
class Look:
    """What a tenant felt while somebody looked."""

    creates: Creates
    gates: Gates

    def __str__(self) -> str:
        creates, gates = self.creates.seconds, self.gates.seconds
        return (
            f"{len(creates)} creates, {len(self.creates.refused)} refused, "
            f"median {statistics.median(creates):.2f} s, worst {max(creates):.2f} s; {len(gates)} "
            f"gates, median {statistics.median(gates):.2f} s, worst {max(gates):.2f} s"
        )

    def go_on(self, *, creates: int = 0, gates: int = 0, seconds: float = 60) -> None:
        """Return when there are so many more of both, or the time is up."""
        counted = [(self.creates.seconds, creates), (self.gates.seconds, gates)]
        wanted = [(found, len(found) + more) for found, more in counted]
        deadline = time.monotonic() + seconds
        wait_for(
            "creates and gates",
            lambda: time.monotonic() > deadline or all(len(found) >= n for found, n in wanted),
            seconds + 10,
        )


@contextmanager
def look(tenant: Tenant, what: str) -> Iterator[Look]:
    """Within the block the tenant works; afterwards it is printed what it felt."""
    with Creates(tenant) as creates, Gates(tenant) as gates:
        looking = Look(creates, gates)
        yield looking
    print(f"{what}: {looking}")


def quiet(tenant: Tenant) -> Look:
    """What the tenant feels while nobody else does anything."""
    with look(tenant, "quiet") as looking:
        looking.go_on(creates=QUIET_CREATES, gates=QUIET_GATES)
    assert looking.creates.refused == []
    return looking


def assert_not_silenced(looking: Look, before: Look) -> None:
    """Nobody was refused, and creates and gates took at most three times what they take in quiet.

    The worst gate counts, and the median of the creates, each on a machine that is busy.
    """
    refused = looking.creates.refused
    assert not refused, f"{len(refused)} of {len(looking.creates.seconds)}: {refused[0]}"
    usual = max(QUICK, statistics.median(before.creates.seconds))
    assert statistics.median(looking.creates.seconds) <= TIMES * usual
    assert max(looking.gates.seconds) <= TIMES * max(QUICK, *before.gates.seconds)


def settled(tenant: Tenant) -> Tenant:
    """The tenant with a server that runs: its namespace has the policy that gates wait for."""
    tenant.create("deployments", builders.server("steady", replicas=1))

    def runs() -> bool:
        found = tenant.raw("GET", "deployments/steady").json()
        return bool(found["status"].get("availableReplicas"))

    tenant.cluster.wait_for("server of the victim", runs, 60)
    return tenant
