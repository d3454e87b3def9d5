"""Resizing in place: what is raised above a ceiling is refused, and nothing else."""

from typing import Any

import pytest

from tests.admission.case import MANAGED, VALIDATE, Json, answer_to, errors, mutated, pod
from tests.in_memory.defaults import copied
from tests.rules.case import settings_of

CEILINGS = settings_of(
    mcpServerMaximums={"requests": {"cpu": "1"}, "limits": {"memory": "1Gi", "cpu": "2"}}
)
MAIN = {"name": "main", "image": "a"}


def with_resources(**resources: Any) -> Json:
    return pod(containers=[{**MAIN, "resources": resources}, {"name": "side", "image": "b"}])


def resized(old: Json, **resources: Any) -> Any:
    new = copied(old)
    new["spec"]["containers"][0]["resources"] = resources
    return answer_to(new, old, settings=CEILINGS, subresource="resize", hook=VALIDATE)


HARDENED = mutated(with_resources(limits={"memory": "1Gi", "cpu": "1"}), settings=CEILINGS)


@pytest.mark.parametrize(
    "resources",
    [
        {"limits": {"memory": "1Gi", "cpu": "2"}},
        {"limits": {"memory": "1024Mi", "cpu": "2000m"}, "requests": {"cpu": "1"}},
        {"limits": {"memory": "512Mi", "cpu": "1"}, "requests": {"memory": "512Mi"}},
    ],
)
def test_up_to_the_ceiling_a_server_may_grow(resources: Json) -> None:
    assert resized(HARDENED, **resources).allowed


@pytest.mark.parametrize(
    ("resources", "place"),
    [
        ({"limits": {"memory": "1025Mi", "cpu": "1"}}, "limits.memory"),
        ({"limits": {"memory": "1Gi", "cpu": "2001m"}}, "limits.cpu"),
        ({"limits": {"memory": "1Gi", "cpu": "2"}, "requests": {"cpu": "1.1"}}, "requests.cpu"),
        ({"limits": {"memory": "1Gi"}}, "limits.cpu"),
        ({"limits": {"memory": "many", "cpu": "1"}}, "limits.memory"),
    ],
)
def test_above_the_ceiling_it_is_refused(resources: Json, place: str) -> None:
    answer = resized(HARDENED, **resources)

    assert errors(answer) == ["resource-ceilings"]
    assert f"containers[main].resources.{place} must be" in answer.message


OLDER = with_resources(limits={"memory": "8Gi"})


def test_a_pod_from_before_the_ceilings_may_be_resized_elsewhere() -> None:
    assert resized(OLDER, limits={"memory": "8Gi", "cpu": "1"}).allowed


def test_a_pod_from_before_the_ceilings_may_not_grow_further() -> None:
    assert errors(resized(OLDER, limits={"memory": "9Gi"})) == ["resource-ceilings"]


def test_other_rules_do_not_stand_in_the_way() -> None:
    privileged = pod(hostNetwork=True, containers=[MAIN])

    assert resized(privileged, limits={"memory": "1Gi", "cpu": "1"}).allowed


def test_pods_that_are_no_servers_are_not_looked_at() -> None:
    new = pod(labels={}, containers=[{**MAIN, "resources": {"limits": {"memory": "9Gi"}}}])
    keys: Json = {"settings": CEILINGS, "subresource": "resize", "hook": VALIDATE}

    assert not answer_to(new, pod(labels={}), **keys).covered
    assert not answer_to(new, pod(labels={}), scope=MANAGED, **keys).allowed


def test_the_limit_of_the_whole_pod_is_not_taken_from_containers_that_have_none() -> None:
    limits = {"memory": "1Gi", "cpu": "2"}
    old = mutated(pod(resources={"limits": limits}), settings=CEILINGS)
    new, smaller = copied(old), copied(old)
    del new["spec"]["resources"]["limits"]["cpu"]
    smaller["spec"]["resources"]["limits"]["cpu"] = "1"
    asked: Json = {"settings": CEILINGS, "subresource": "resize", "hook": VALIDATE}

    refused = answer_to(new, old, **asked)

    assert errors(refused) == ["resource-ceilings"]
    assert "containers[main].resources.limits.cpu must be set" in refused.message
    assert answer_to(smaller, old, **asked).allowed
