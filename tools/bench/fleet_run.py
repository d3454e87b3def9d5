"""`make bench-fleet`: what a fleet of servers costs, on a control plane of its own.

python -m tools.bench.fleet_run [SERVERS] [SECONDS of rest]
"""

import sys
import time
from collections import Counter

from tests.e2e.controller.control import Control, grant
from tests.e2e.product import Product
from tools.bench.fleet import PROFILE, Cost, Fleet, converge, cost, cpu_behind, rests
from tools.cluster.binaries import find
from tools.cluster.control_plane import ControlPlane

SERVERS, REST_SECONDS = 10_000, 60.0
NAMESPACES = 20
LONGEST = 3600.0


def main(servers: int, rest: float) -> None:
    """Print the figures as they come."""
    with ControlPlane(find(say)) as cluster, Product(cluster, PROFILE) as product:
        grant(cluster)
        names = [cluster.namespace("fleet") for _ in range(NAMESPACES)]
        fleet = Fleet(cluster, names, servers)
        began = time.monotonic()
        fleet.create()
        say(f"{servers} servers applied in {time.monotonic() - began:.0f} s")
        with Control(product, name="first", settings=PROFILE) as control:
            first = converge(fleet, control, LONGEST)
            say(f"{fleet.objects} objects made in {first.seconds:.0f} s, {told(first, servers)}")
            say(f"{first.writes / fleet.objects:.3f} writes for each object")
            say(f"at rest: {at_rest(control, rest)}")
        with Control(product, name="again", settings=PROFILE) as control:
            again = converge(fleet, control, LONGEST)
            rests(control, renewals=2)
            say(f"started again: {cost(control).writes:.0f} writes, {told(again, servers)}")
        before = cpu_behind(cluster)
        bare = fleet.create_bare([cluster.namespace("bare") for _ in names])
        behind = cpu_behind(cluster) - before
        say(f"a bare client made the same in {bare:.0f} s, API server and etcd {behind:.1f} s")


def told(taken: Cost, servers: int) -> str:
    """The figures of a fleet, in a line."""
    verbs: Counter[str] = Counter()
    for (verb, resource), count in taken.requests.items():
        verbs[verb if resource != "leases" else "lease"] += int(count)
    calls = ", ".join(f"{count / servers:.2f} {verb}" for verb, count in verbs.most_common())
    spent = f"{taken.cpu_seconds:.1f} s of CPU, API server and etcd {taken.behind:.1f} s"
    return f"{spent}, {taken.peak_mib:.0f} MiB at most; requests per server: {calls}"


def at_rest(control: Control, seconds: float) -> str:
    """Requests a minute when nothing happens."""
    before, began = cost(control), time.monotonic()
    time.sleep(seconds)
    after, minutes = cost(control), (time.monotonic() - began) / 60
    verbs: Counter[str] = Counter()
    for key, count in after.requests.items():
        verbs[" ".join(key)] += int(count - before.requests.get(key, 0))
    rates = [f"{count / minutes:.1f} {key}" for key, count in verbs.most_common() if count]
    return f"{', '.join(rates)} a minute; {after.writes - before.writes:.0f} writes"


def say(line: str) -> None:
    """A line at once: some of this takes minutes."""
    print(line, flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else SERVERS, float(given[1]) if given[1:] else REST_SECONDS)
