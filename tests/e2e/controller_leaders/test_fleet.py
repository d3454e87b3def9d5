"""A hundred servers: few writes for each, none at rest, and none by a controller that restarts."""

from tests.e2e.controller.control import Control, grant
from tests.e2e.product import Product
from tools.bench.fleet import PROFILE, Fleet, converge, cost, rests
from tools.cluster.control_plane import ControlPlane

SERVERS = 100
NAMESPACES = 3
LONGEST = 180.0
WRITES_FOR_EACH_OBJECT = 1.2


def writes(cluster: ControlPlane, user: str) -> int:
    """What the API server says that the controller wrote; its audit log has no Leases and Events.

    The pods of the self-probe are dry runs.
    """
    return sum(
        event["user"]["username"] == user and "dryRun=All" not in event["requestURI"]
        for event in cluster.audit_events()
    )


def test_a_fleet_needs_few_writes_and_a_restart_none(product: Product) -> None:
    cluster, user = product.cluster, product.controller.name
    grant(cluster)
    names = [cluster.namespace("fleet") for _ in range(NAMESPACES)]
    kept_to = [word for name in names for word in ("--namespace", name)]
    fleet = Fleet(cluster, names, SERVERS)
    with product.settings(PROFILE):
        fleet.create()
        before = writes(cluster, user)
        with Control(product, *kept_to, name="first", settings=PROFILE) as control:
            # There are no pods of the webhook here: the self-probe says so once.
            cluster.wait_for("Event", lambda: cost(control).requests.get(("create", "events")))
            made = converge(fleet, control, LONGEST)
            assert rests(control, renewals=3)
            assert cost(control).writes == made.writes
        written = writes(cluster, user) - before
        assert fleet.objects <= written <= WRITES_FOR_EACH_OBJECT * fleet.objects
        assert written == made.writes - made.requests["create", "events"]

        with Control(product, *kept_to, name="again", settings=PROFILE) as control:
            converge(fleet, control, LONGEST)
            assert rests(control, renewals=2)
            assert cost(control).writes == 0
            assert control.metric("reconcile_errors_total") == 0
    assert writes(cluster, user) - before == written
