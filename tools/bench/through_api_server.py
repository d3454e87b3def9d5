"""Part of `make bench`: what admission adds to real creates of pods at a real API server.

Kinds of admission take turns, a few creates each, so that all of them meet the same minutes of the
machine. Pods are really stored, and each stored pod is read: one that is not what its admission
promises voids the run. Nothing happens to a pod afterwards, because it asks for no scheduler.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tools.bench.added_latency import Samples, figures
from tools.bench.admissions import (
    ADMISSIONS,
    FLOOR,
    NotOfferedError,
    all_installed,
    calls,
    fault,
    floor_webhooks,
)
from tools.bench.binaries import built
from tools.bench.created_pods import pod
from tools.bench.creator import Answer, Creator, Job
from tools.bench.results import ROUNDS_FOR_A_SPREAD, Part, WrongAnswerError
from tools.cluster.binaries import find
from tools.cluster.control_plane import ControlPlane

Say = Callable[[str], None]


class Plan(NamedTuple):
    """Blocks of so many rounds, in which every admission has so many creates.

    No block begins after so many seconds, but there are always enough for a spread.
    """

    containers: int
    at_once: int
    blocks: int
    rounds: int
    creates: int
    seconds: float


WARM_UP = Plan(1, 16, blocks=1, rounds=1, creates=48, seconds=0)
FULL = (
    Plan(1, 1, blocks=10, rounds=10, creates=5, seconds=25),
    Plan(1, 16, blocks=10, rounds=2, creates=64, seconds=35),
    Plan(30, 1, blocks=10, rounds=5, creates=4, seconds=30),
    Plan(30, 16, blocks=10, rounds=1, creates=32, seconds=40),
)
QUICK = (
    Plan(1, 1, blocks=2, rounds=4, creates=4, seconds=3),
    Plan(30, 1, blocks=2, rounds=2, creates=3, seconds=3),
)


def measure(*, quick: bool, say: Say) -> Part:
    """The figures of all plans; empty where the API server is too old for the policies."""
    floor, program = built("floor", say), built("create", say)
    with ControlPlane(find(say), kwok=False) as cluster:
        try:
            with (
                all_installed(cluster, floor) as namespaces,
                Creator(program, cluster.kubeconfig) as creator,
            ):
                rounds = Rounds(cluster, creator, namespaces)
                rounds.run(WARM_UP)
                measured = [_one(rounds, plan, say) for plan in (QUICK if quick else FULL)]
                rounds.check_the_floor()
        except NotOfferedError as reason:
            say(f"left out: creates through an API server. {reason}")
            return Part()
        return Part(
            [each for samples in measured for each in figures(samples)],
            versions={"Kubernetes": cluster.versions["kube-apiserver"]},
        )


def _one(rounds: "Rounds", plan: Plan, say: Say) -> Samples:
    samples = rounds.run(plan)
    say(f"created through the API server: {samples.what}")
    return samples


class Rounds:
    """Creates pods under each kind of admission, and reads every one of them."""

    def __init__(
        self, cluster: ControlPlane, creator: Creator, namespaces: Mapping[str, str]
    ) -> None:
        self._cluster, self._creator, self._namespaces = cluster, creator, namespaces
        self._created = dict.fromkeys(ADMISSIONS, 0)

    def run(self, plan: Plan) -> Samples:
        """Do the plan. Raises `WrongAnswerError` for the first pod that is not as it should be."""
        samples = Samples(plan.containers, plan.at_once)
        began = time.monotonic()
        for block in range(plan.blocks):
            if block >= ROUNDS_FOR_A_SPREAD and time.monotonic() > began + plan.seconds:
                break
            for each in ADMISSIONS:
                samples.seconds[each].append([])
            for number in range(plan.rounds):
                first = (block * plan.rounds + number) % len(ADMISSIONS)
                for admission in ADMISSIONS[first:] + ADMISSIONS[:first]:
                    self._turn(plan, admission, samples)
        return samples

    def check_the_floor(self) -> None:
        """Raises `WrongAnswerError` unless both of its webhooks were called for every pod."""
        for webhook in floor_webhooks():
            called = calls(self._cluster, webhook)
            if called < self._created[FLOOR]:
                raise WrongAnswerError(
                    f"{webhook} was called {called} times for {self._created[FLOOR]} pods"
                )

    def _turn(self, plan: Plan, admission: str, samples: Samples) -> None:
        path = f"/api/v1/namespaces/{self._namespaces[admission]}/pods"
        pids = self._cluster.components.pids().values()
        before = sum(map(_cpu_seconds, pids))
        job = Job([path], pod(plan.containers), plan.creates, plan.at_once)
        answers = self._creator.run(job).answers
        samples.cpu[admission] += sum(map(_cpu_seconds, pids)) - before
        for answer in answers:
            _check(admission, answer)
        samples.seconds[admission][-1] += [answer.seconds for answer in answers]
        self._created[admission] += len(answers)


def _check(admission: str, answer: Answer) -> None:
    if not answer.created:
        raise WrongAnswerError(f"a pod was not created ({admission}): {answer}")
    wrong = fault(admission, answer.object)
    if wrong is not None:
        raise WrongAnswerError(f"a pod was stored wrongly ({admission}): {wrong}")


def _cpu_seconds(pid: int) -> float:
    """The processor time that a process has taken so far."""
    spent = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")
