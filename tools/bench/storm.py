"""Part of `make bench`: two thousand pods at once, with `serve` and the controller at work.

They are created in managed namespaces whose network policies stand already. As many creates are
under way as writes are that an API server does at a time by default. A pod waits at its gate until
the controller opens it; a watch sees when. No scheduler is asked for: what it and kubelets do with
an open gate would take the same processors, and is not ours.
"""

from collections.abc import Callable, Iterator

from tests.builders import GATE
from tests.e2e.controller.control import Control, grant
from tests.e2e.product import Product
from tools.bench.added_latency import HALF, NEARLY_ALL, percentile
from tools.bench.admissions import MANAGED
from tools.bench.binaries import built
from tools.bench.created_pods import MARK, fault_of_filled_in, pod
from tools.bench.creator import Creator, Job, Outcome
from tools.bench.results import Figure, Goal, Part, WrongAnswerError
from tools.cluster.binaries import find
from tools.cluster.control_plane import ControlPlane

Say = Callable[[str], None]

PODS = 2000
# --max-mutating-requests-inflight of an API server.
AT_ONCE = 200
NAMESPACES = 10
CALM_PODS, CALM_RATE = 60, 10.0
PATIENCE = 60.0
STORM, CALM, SETTLED = "storm", "calm", "settled"
HOW = {
    "time-outs": "creates for which the client, the API server or its webhook waited in vain",
    "gates": "between the first gate and the last",
    "gate-p50": "from the answer to the create until a watch sees the pod without its gate",
    "gate-p99": "from the answer to the create until a watch sees the pod without its gate",
}


def measure(*, quick: bool, say: Say) -> Part:
    """The figures of the storm; nothing when it has to be quick."""
    if quick:
        say("left out of a quick run: the storm")
        return Part()
    program = built("create", say)
    with (
        ControlPlane(find(say), kwok=False) as cluster,
        Product(cluster) as product,
        Creator(program, cluster.kubeconfig) as creator,
    ):
        grant(cluster)
        names = [cluster.namespace(STORM, MANAGED) for _ in range(NAMESPACES)]
        paths = [f"/api/v1/namespaces/{name}/pods" for name in names]
        with Control(product) as control:
            cluster.wait_for("controller that leads", control.leads)
            _check(creator.run(_job(paths, SETTLED, NAMESPACES, NAMESPACES)), complete=True)
            calm = creator.run(_job(paths, CALM, CALM_PODS, NAMESPACES, CALM_RATE))
            _check(calm, complete=True)
            say(f"the storm: {PODS} pods, {AT_ONCE} at a time")
            storm = creator.run(_job(paths, STORM, PODS, AT_ONCE))
            _check(storm, complete=False)
    return Part([*figures(storm), *calm_figures(calm)])


def _job(paths: list[str], mark: str, count: int, at_once: int, per_second: float = 0.0) -> Job:
    """Creates of pods that are watched by a label of their own."""
    watch = f"/api/v1/pods?watch=1&labelSelector={MARK}%3D{mark}"
    body = pod(1, {MARK: mark})
    return Job(paths, body, count, at_once, per_second, watch=watch, gate=GATE, seconds=PATIENCE)


def _check(outcome: Outcome, *, complete: bool) -> None:
    """Raises `WrongAnswerError` for a pod that was stored wrongly, or a gap in what is complete."""
    for answer in outcome.answers:
        if answer.created and (wrong := fault_of_filled_in(answer.object)):
            raise WrongAnswerError(f"a pod was stored wrongly: {wrong}")
        if complete and not answer.created:
            raise WrongAnswerError(f"a pod was not created: {answer}")
    if complete and len(gate_seconds(outcome)) < len(outcome.answers):
        raise WrongAnswerError(f"a gate was still closed after {PATIENCE:.0f} seconds")


def gate_seconds(outcome: Outcome) -> list[float]:
    """From the answer to a create to the gate's end, of each pod whose gate was opened.

    The watch may see it before the client has read the answer: that is no time at all.
    """
    return [
        max(0.0, outcome.opened[answer.uid] - answer.answered)
        for answer in outcome.answers
        if answer.created and answer.uid in outcome.opened
    ]


def figures(outcome: Outcome) -> Iterator[Figure]:
    """What became of the creates and the gates. Raises `WrongAnswerError` when no gate opened."""
    created = [answer for answer in outcome.answers if answer.created]
    opened = sorted(
        outcome.opened[answer.uid] for answer in created if answer.uid in outcome.opened
    )
    if not opened:
        raise WrongAnswerError("no gate was opened in the storm")
    late = sum(answer.too_late for answer in outcome.answers)
    seconds = max(answer.answered for answer in created) - min(answer.sent for answer in created)
    yield _storm("time-outs", "time-outs", late, goal=Goal("at most", 0))
    refused = len(outcome.answers) - len(created) - late
    yield _storm("refused", "refused, or failed otherwise", refused)
    yield _storm("closed", f"gates closed {PATIENCE:.0f} s later", len(created) - len(opened))
    yield _storm("creates", "pods created per second", len(created) / seconds, "/s")
    yield _storm("create-p50", "create, p50", _milliseconds(_creates(outcome), HALF), "ms")
    yield _storm("create-p99", "create, p99", _milliseconds(_creates(outcome), NEARLY_ALL), "ms")
    fast, soon = Goal("at least", 200), Goal("at most", 50)
    yield _storm("gates", "gates opened per second", _rate(opened), "/s", goal=fast)
    waited = gate_seconds(outcome)
    yield _storm("gate-p50", "gate, p50", _milliseconds(waited, HALF), "ms", goal=soon)
    yield _storm("gate-p99", "gate, p99", _milliseconds(waited, NEARLY_ALL), "ms")


def calm_figures(outcome: Outcome) -> Iterator[Figure]:
    """How long gates are closed where nobody storms."""
    waited = gate_seconds(outcome)
    for part, name in ((HALF, "p50"), (NEARLY_ALL, "p99")):
        yield Figure(
            id=f"storm/calm/gate-{name}",
            title=f"before the storm, {CALM_RATE:.0f} pods a second: gate, {name}",
            value=_milliseconds(waited, part),
            unit="ms",
            how=HOW["gate-p50"],
        )


def _storm(
    name: str, title: str, value: float, unit: str = "", *, goal: Goal | None = None
) -> Figure:
    whole = f"storm of {PODS} pods, {AT_ONCE} at a time: {title}"
    return Figure(f"storm/{name}", whole, value, unit, goal, HOW.get(name, ""))


def _creates(outcome: Outcome) -> list[float]:
    return [answer.seconds for answer in outcome.answers if answer.created]


def _milliseconds(seconds: list[float], part: float) -> float:
    return percentile(seconds, part) * 1000


def _rate(moments: list[float]) -> float:
    """How many a second, between the first and the last; 0 for a single one."""
    lasted = moments[-1] - moments[0]
    return (len(moments) - 1) / lasted if lasted > 0 else 0.0
