"""`make bench-fleet`: what a fleet of servers costs, on a control plane of its own.

python -m tools.bench.fleet_run [SERVERS] [SECONDS of rest]

Figures that depend on the machine are printed as they come. Those that do not have bounds: the last
lines say whether each holds, and the exit code is 1 where one does not.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.e2e.controller.control import Control, grant
from tests.e2e.policy_reports import report_definitions
from tests.e2e.product import Product
from tools.bench import table
from tools.bench.fleet import PROFILE, Cost, Fleet, converge, cost, cpu_behind, rests
from tools.bench.results import Figure, Goal
from tools.cluster.binaries import find
from tools.cluster.control_plane import ControlPlane
from webhook.objects.policy_report import OPEN_REPORTS

SERVERS, REST_SECONDS = 10_000, 60.0
NAMESPACES = 20
LONGEST = 3600.0
REPORTS = "--policy-reports"
MOST_WRITES_FOR_EACH_OBJECT, MOST_WRITES_FOR_EACH_REPORT = 1.05, 1.1
# The limit of the chart, `control.resources.limits.memory`.
MOST_MIB = 256.0


def main(servers: int, rest: float) -> int:
    """Print the figures as they come, then the bounds; returns the exit code."""
    with ControlPlane(find(say)) as cluster, Product(cluster, PROFILE) as product:
        grant(cluster)
        names = [cluster.namespace("fleet") for _ in range(NAMESPACES)]
        fleet = Fleet(cluster, names, servers)
        began = time.monotonic()
        fleet.create()
        say(f"{servers} servers applied in {time.monotonic() - began:.0f} s")
        figures = [*_alone(product, fleet, rest), *_with_reports(product, fleet, rest)]
        before = cpu_behind(cluster)
        bare = fleet.create_bare([cluster.namespace("bare") for _ in names])
        behind = cpu_behind(cluster) - before
        say(f"a bare client made the same in {bare:.0f} s, API server and etcd {behind:.1f} s")
    for line in ("", *verdicts(figures)):
        say(line)
    return exit_code(figures)


def _alone(product: Product, fleet: Fleet, rest: float) -> Iterator[Figure]:
    """Without reports: the first controller makes everything, another one starts again."""
    with Control(product, name="first", settings=PROFILE) as control:
        first = converge(fleet, control, LONGEST)
        say(f"{fleet.objects} objects made in {first.seconds:.0f} s, {told(first, fleet.servers)}")
        each = first.writes / fleet.objects
        yield bounded("writes for each object", each, MOST_WRITES_FOR_EACH_OBJECT)
        yield from _at_rest(control, rest)
        yield bounded(
            "peak memory of the first controller", cost(control).peak_mib, MOST_MIB, "MiB"
        )
    yield from _again(product, fleet)


def _with_reports(product: Product, fleet: Fleet, rest: float) -> Iterator[Figure]:
    """The same with reports, once the cluster has an API for them."""
    report_definitions.install(product.cluster, OPEN_REPORTS)
    with Control(product, REPORTS, name="reporting", settings=PROFILE) as control:
        found = converge(fleet, control, LONGEST, reports=fleet.servers)
        say(f"reports written in {found.seconds:.0f} s, {told(found, fleet.servers)}")
        each = found.writes / fleet.servers
        yield bounded("writes for each server's report", each, MOST_WRITES_FOR_EACH_REPORT)
        yield from _at_rest(control, rest, " with reports")
        peak = cost(control).peak_mib
        yield bounded("peak memory of a controller that writes reports", peak, MOST_MIB, "MiB")
    yield from _again(product, fleet, REPORTS)


def _again(product: Product, fleet: Fleet, *options: str) -> Iterator[Figure]:
    """A controller that starts where everything is as it should be."""
    what = " with reports" if options else ""
    reports = fleet.servers if options else None
    with Control(product, *options, name=f"again-{len(options)}", settings=PROFILE) as control:
        again = converge(fleet, control, LONGEST, reports=reports)
        rests(control, renewals=2)
        found = cost(control)
        say(
            f"started again{what}: judged after {again.judged:.0f} s, all looked at after "
            f"{again.seconds:.0f} s, {told(again, fleet.servers)}"
        )
        yield bounded(f"writes of a restart{what}", found.writes, 0.0)
        yield bounded(f"peak memory of a restart{what}", found.peak_mib, MOST_MIB, "MiB")


def _at_rest(control: Control, seconds: float, what: str = "") -> Iterator[Figure]:
    """Requests a minute when nothing happens, of which none writes."""
    before, began = cost(control), time.monotonic()
    time.sleep(seconds)
    after, minutes = cost(control), (time.monotonic() - began) / 60
    verbs: Counter[str] = Counter()
    for key, count in after.requests.items():
        verbs[" ".join(key)] += int(count - before.requests.get(key, 0))
    rates = [f"{count / minutes:.1f} {key}" for key, count in verbs.most_common() if count]
    say(f"at rest{what}: {', '.join(rates)} a minute")
    yield bounded(f"writes at rest{what}", after.writes - before.writes, 0.0)


def bounded(title: str, value: float, most: float, unit: str = "") -> Figure:
    """A figure that must not be larger."""
    return Figure(f"fleet/{title}", title, value, unit, Goal("at most", most))


def verdicts(figures: Sequence[Figure]) -> list[str]:
    """A line for each bound: what was found, and whether it holds."""
    heads = ("bounds", "found", "most", "holds")
    rows = [
        (each.title, f"{each.value:.3f} {each.unit}", str(each.goal), table.MET[each.met])
        for each in figures
    ]
    return table.aligned(heads, rows)


def exit_code(figures: Sequence[Figure]) -> int:
    """1 where a bound does not hold."""
    return int(not all(each.met for each in figures))


def told(taken: Cost, servers: int) -> str:
    """The figures of a fleet, in a line."""
    verbs: Counter[str] = Counter()
    for (verb, resource), count in taken.requests.items():
        verbs[verb if resource != "leases" else "lease"] += int(count)
    calls = ", ".join(f"{count / servers:.2f} {verb}" for verb, count in verbs.most_common())
    spent = f"{taken.cpu_seconds:.1f} s of CPU, API server and etcd {taken.behind:.1f} s"
    return f"{spent}, {taken.peak_mib:.0f} MiB at most; requests per server: {calls}"


def say(line: str) -> None:
    """A line at once: some of this takes minutes."""
    print(line, flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(
        main(int(given[0]) if given else SERVERS, float(given[1]) if given[1:] else REST_SECONDS)
    )
