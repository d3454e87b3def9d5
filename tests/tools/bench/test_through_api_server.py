"""Rounds take turns between kinds of admission, and a pod that is stored wrongly voids the run."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.tools.bench.test_created_pods import admitted, as_sent
from tools.bench.admissions import ADMISSIONS, FILLED_IN, FLOOR
from tools.bench.creator import Answer, Job, Outcome
from tools.bench.results import ROUNDS_FOR_A_SPREAD, WrongAnswerError
from tools.bench.through_api_server import Plan, Rounds, measure
from tools.cluster.release import NoControlPlaneError

PLAN = Plan(1, 2, blocks=3, rounds=2, creates=4, seconds=60)
COUNTED = (
    'apiserver_admission_webhook_admission_duration_seconds_count{{name="{}",rejected="false"}} {}'
)


class Api:
    """In place of API server and creator: stores what each kind of admission makes of a pod."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.wrong: str | None = None
        self.called = 0
        self.components = SimpleNamespace(pids=dict)

    def run(self, job: Job) -> Outcome:
        (path,) = job.paths
        admission = path.split("/")[4]
        self.turns.append(admission)
        filled_in = (admission in FILLED_IN) is not (admission == self.wrong)
        stored = admitted() if filled_in else as_sent(1)
        return Outcome([Answer(0.0, 0.002, 201, object=stored)] * job.count, {})

    def raw(self, _method: str, _path: str) -> object:
        lines = [COUNTED.format(f"{hook}.floor.bench.example", self.called) for hook in HOOKS]
        return SimpleNamespace(body="\n".join(lines).encode())


HOOKS = ("mutating", "validating")


def rounds(api: Api) -> Rounds:
    anything = cast("Any", api)
    return Rounds(anything, anything, {each: each for each in ADMISSIONS})


def test_every_admission_has_its_turn_in_each_round_and_none_is_always_first() -> None:
    api = Api()

    found = rounds(api).run(PLAN)

    size = len(ADMISSIONS)
    turns = [api.turns[at : at + size] for at in range(0, len(api.turns), size)]
    assert [sorted(turn) for turn in turns] == [sorted(ADMISSIONS)] * PLAN.blocks * PLAN.rounds
    assert len({turn[0] for turn in turns}) == len(turns)
    assert {len(blocks) for blocks in found.seconds.values()} == {PLAN.blocks}
    assert all(len(block) == PLAN.rounds * PLAN.creates for block in found.seconds[FLOOR])


def test_when_the_time_is_up_there_are_enough_blocks_for_a_spread() -> None:
    found = rounds(Api()).run(PLAN._replace(seconds=-1.0))

    assert len(found.seconds[FLOOR]) == ROUNDS_FOR_A_SPREAD


@pytest.mark.parametrize("admission", ADMISSIONS)
def test_a_pod_that_is_not_as_promised_voids_the_run(admission: str) -> None:
    api = Api()
    api.wrong = admission

    with pytest.raises(WrongAnswerError, match=rf"stored wrongly \({admission}\)"):
        rounds(api).run(PLAN)


def test_a_pod_that_is_refused_voids_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Answer(0.0, 0.1, 403, object={"message": "no"})
    monkeypatch.setattr(Api, "run", lambda *_: Outcome([refused], {}))

    with pytest.raises(WrongAnswerError, match=r"not created .*: 403 no"):
        rounds(Api()).run(PLAN)


def test_a_floor_that_was_not_called_for_every_pod_voids_the_run() -> None:
    api = Api()
    done = rounds(api)
    done.run(PLAN)
    api.called = PLAN.blocks * PLAN.rounds * PLAN.creates

    done.check_the_floor()
    api.called -= 1
    with pytest.raises(WrongAnswerError, match="was called 23 times for 24 pods"):
        done.check_the_floor()


@pytest.mark.control_plane
def test_every_admission_does_on_a_control_plane_what_it_promises() -> None:
    said: list[str] = []

    try:
        part = measure(quick=True, say=said.append)
    except NoControlPlaneError as reason:
        pytest.skip(str(reason))

    if not part.figures:
        assert "lacks the policies" in said[-1]
        pytest.skip(said[-1])
    assert {figure.id.split("/")[3] for figure in part.figures} >= set(ADMISSIONS)
