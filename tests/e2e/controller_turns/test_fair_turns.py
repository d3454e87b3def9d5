"""Whatever tenants ask of the controller, gates of others open as ever, and one leader leads."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import GATE, bare_pod
from tests.e2e.controller.control import Control, grant
from tests.e2e.controller_turns.crowd import Crowd
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tools.chart.shipped import shipped
from webhook.settings.load import GROUP, KIND, NAME, PLURAL, VERSION

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]
QUIET, CROWDED, TIMES = 5, 12, 3
# What takes less is called quick, on a machine that does other things too.
QUICK = 1.0
MOST_MEMORY_MIB, LONGEST_TURN = 192, 1.0


@pytest.fixture
def victim(product: Product) -> Namespace:
    """A namespace with a policy that is in force."""
    return Namespace(product, product.cluster.namespace("victim"))


@pytest.fixture
def settings(product: Product) -> Iterator[Callable[[str], None]]:
    """Changes the settings by the resource, as an administrator; nothing of it is left."""
    cluster, definitions = product.cluster, shipped("CustomResourceDefinition")
    cluster.kubectl("apply", "--filename", "-", sent=definitions)
    path = f"/apis/{GROUP}/{VERSION}/{PLURAL}"
    cluster.wait_for("kind of the settings", lambda: cluster.raw("GET", path).status == 200)

    def change(memory: str) -> None:
        spec = {"mcpServerDefaults": {"resources": {"requests": {"memory": memory}}}}
        found = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": {"name": NAME}}
        cluster.kubectl("apply", "--filename", "-", sent={**found, "spec": spec})

    yield change
    cluster.kubectl("delete", "--filename", "-", sent=definitions)


def opened(victim: Namespace, number: int) -> float:
    """The seconds that a new pod waits at its gate."""
    pods = f"/api/v1/namespaces/{victim.name}/pods"
    pod = bare_pod()
    pod["metadata"]["name"] = f"pod-{number}"
    victim.cluster.create(pods, pod)
    began = time.monotonic()
    here = f"{pods}/pod-{number}"

    def is_open() -> bool:
        return GATE not in str(victim.cluster.get(here)["spec"].get("schedulingGates"))

    victim.cluster.wait_for("open gate", is_open, 300)
    taken = time.monotonic() - began
    victim.cluster.raw("DELETE", here)
    return taken


def peak(control: Control) -> float:
    """The most memory that the process has had, in MiB."""
    status = Path(f"/proc/{control.process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


def held_to_its_bounds(control: Control, what: str) -> None:
    """Memory, turns, and no Lease lost."""
    turn = control.metric("event_loop_longest_turn_seconds")
    print(f"{what}: {peak(control):.0f} MiB, longest turn {turn:.2f} s")
    lost = [line for line in control.logged() if line["message"].startswith("lease ")]
    assert [line["message"] for line in lost] == ["lease acquired"]
    assert peak(control) <= MOST_MEMORY_MIB
    assert turn < LONGEST_TURN


def tries(control: Control) -> float:
    """How often a Service was asked for."""
    return control.metric("api_requests_total", verb="create", resource="services")


def test_a_crowd_of_tenants_keeps_no_gate_of_another_closed(
    product: Product, victim: Namespace, settings: Callable[[str], None]
) -> None:
    cluster, numbers = product.cluster, iter(range(1000))
    grant(cluster)
    crowd = Crowd(cluster)
    with Control(product, name="first") as control:
        cluster.wait_for("controller that leads", control.leads)
        opened(victim, next(numbers))
        quiet = [opened(victim, next(numbers)) for _ in range(QUIET)]
        crowd.come()
        came = [opened(victim, next(numbers)) for _ in range(CROWDED)]
        print(f"quiet: {told(quiet)}; a crowd that comes: {told(came)}")
        held_to_its_bounds(control, "first leader")

    with Control(product, name="next") as control:
        began = time.monotonic()
        cluster.wait_for("controller that leads", control.leads, 120)
        print(f"the next one leads in {time.monotonic() - began:.1f} s")
        crowd.change_source("b")
        settings("301Mi")
        crowded = [opened(victim, next(numbers)) for _ in range(CROWDED)]
        print(f"all at once: {told(crowded)}")
        cluster.wait_for("settings", lambda: applied(control), 120)
        before, at = tries(control), time.monotonic()
        rest = [opened(victim, next(numbers)) for _ in range(QUIET)]
        rate = (tries(control) - before) / (time.monotonic() - at)
        print(f"afterwards: {told(rest)}, {rate:.2f} Services asked for in a second")
        held_to_its_bounds(control, "next leader")
    assert max(*came, *crowded, *rest) <= TIMES * max(QUICK, *quiet)
    assert rate < 2


def applied(control: Control) -> bool:
    return any(line["message"] == "settings applied" for line in control.logged())


def told(seconds: list[float]) -> str:
    """The figures, in a few words."""
    ordered = sorted(seconds)
    return f"median {ordered[len(ordered) // 2]:.2f} s, worst {ordered[-1]:.2f} s"
