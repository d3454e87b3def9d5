"""The product's own processes: available, led, and reached by the Service."""

from typing import Any

import pytest

from tests.fleet.checkup.snapshots import deployment, endpoint, lease, replica_set, seen
from webhook.controller.installation import CONSOLE_DEPLOYMENT, LEASE
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN
from webhook.fleet.checkup.processes import (
    endpoints,
    judge_deployment,
    judge_endpoints,
    judge_leader,
    leader,
    leads,
)

Json = dict[str, Any]
SERVE, CONTROL = "mcp-admission-serve", "mcp-admission-control"


@pytest.mark.parametrize(
    ("found", "verdict", "words", "mend"),
    [
        ((deployment(SERVE),), OK, "2 of 2 replicas are available", ""),
        ((), FAULT, f"Deployment {SERVE} is missing: no review", "kubectl apply"),
        ((deployment(SERVE, 0, 0),), FAULT, "is scaled to 0", f"scale deployment/{SERVE}"),
        ((deployment(SERVE, 2, 0),), FAULT, "no pod of", "describe pods --selector=app="),
        ((deployment(SERVE, 2, 1),), FAULT, "is not rolled out: 1 of 2", "rollout status"),
        ((deployment(SERVE, 1, 1),), NOTE, "has one replica", "--replicas=2"),
    ],
)
def test_a_deployment_is_judged_by_its_replicas(
    found: tuple[Json, ...], verdict: str, words: str, mend: str
) -> None:
    told = list(judge_deployment(SERVE)(seen({"deployments": found})))[-1]

    assert told.verdict == verdict
    assert words in told.message
    assert mend in told.mend


def test_a_console_is_judged_where_there_is_one() -> None:
    def told(*found: Json) -> list[tuple[str, str]]:
        judge = judge_deployment(CONSOLE_DEPLOYMENT)
        return [(each.verdict, each.mend) for each in judge(seen({"deployments": found}))]

    assert told() == []
    assert told(deployment(CONSOLE_DEPLOYMENT, 1, 1)) == [(OK, "")]
    ((verdict, mend),) = told(deployment(CONSOLE_DEPLOYMENT, 0, 0))
    assert (verdict, mend.endswith("--replicas=1")) == (FAULT, True)
    assert [verdict for verdict, _ in told(deployment(CONSOLE_DEPLOYMENT, 1, 0))] == [FAULT]


def test_a_service_without_a_ready_endpoint_is_a_fault() -> None:
    gone = [endpoint("a", ready=False), endpoint("b", terminating=True)]
    slices: tuple[Json, ...] = ({"endpoints": gone}, {})

    (told,) = judge_endpoints(seen({"endpoints": slices}))
    (well,) = judge_endpoints(seen())

    assert (told.verdict, well.verdict) == (FAULT, OK)
    assert "leads to 2 ready endpoints" in well.message


def test_a_replica_in_the_slices_of_both_families_is_one() -> None:
    named = {"endpoints": [endpoint("a")]}
    unnamed = {"endpoints": [{"addresses": ["192.0.2.9"]}]}

    found = endpoints(seen({"endpoints": (named, named, unnamed)}))

    assert found == [{"name": "192.0.2.9", "ready": True}, {"name": "a", "ready": True}]


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        ((lease({}, holder=f"{CONTROL}-2-x2x4z_uid"),), OK, f"is led by {CONTROL}-2-x2x4z"),
        ((lease({}, renewed=False),), FAULT, "the last time was 5 min ago: nothing is made"),
        ((), FAULT, "the last time is not known"),
    ],
)
def test_a_lease_that_nobody_renews_is_a_fault(
    found: tuple[Json, ...], verdict: str, words: str
) -> None:
    (told,) = judge_leader(LEASE)(seen({LEASE: found}))

    assert told.verdict == verdict
    assert words in told.message


def test_nobody_leads_without_a_renewed_lease() -> None:
    away = seen({LEASE: (lease({}, renewed=False),)})

    assert (leads(away, LEASE), leader(away, LEASE)) == (False, "")
    assert (leads(seen(), LEASE), leader(seen(), LEASE)) == (True, f"{CONTROL}-2-x2x4z")


@pytest.mark.parametrize(
    ("pod", "verdict"),
    [
        (f"{CONTROL}-2-x2x4z", OK),
        (f"{CONTROL}-1-x2x4z", UNKNOWN),
        ("mcp-admission-certificates-2-x2x4z", UNKNOWN),
        (f"{CONTROL}-20-x2x4z", UNKNOWN),
        ("laptop", UNKNOWN),
    ],
)
def test_a_leader_is_a_pod_of_the_present_template(pod: str, verdict: str) -> None:
    """Right after an upgrade, what the leader before says is no news."""
    (told,) = judge_leader(LEASE)(seen({LEASE: (lease({}, holder=f"{pod}_uid"),)}))

    assert told.verdict == verdict
    assert f"is led by {pod}" in told.message


@pytest.mark.parametrize(
    "changes",
    [
        {"deployments": ()},
        {"replicasets": ()},
        {"replicasets": (replica_set(CONTROL, 1),)},
        {"replicasets": (replica_set("another", 2),)},
    ],
    ids=["no Deployment", "no ReplicaSet", "none of the revision", "of others"],
)
def test_where_no_template_is_known_whoever_leads_does(changes: dict[str, Any]) -> None:
    held = {LEASE: (lease({}, holder="pod-1_uid"),)}
    (told,) = judge_leader(LEASE)(seen(changes | held))

    assert told.verdict == OK
