"""What is kept of a server beside its findings is little, and bounded."""

from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import stored
from webhook.admission import DEPLOYMENTS, PODS
from webhook.admission import stored as workload_of
from webhook.fleet.server_facts import LONGEST_FACT, MOST_EXCEPTIONS, FactsByWorkload, ServerFacts

CREATED = "2026-01-01T00:00:00Z"
SIDECAR = {"name": "log", "image": "busybox:1"}


def facts(*found: Any, exceptions: tuple[str, ...] = ()) -> ServerFacts:
    """Those of one server: a Deployment or a pod, and pods of it."""
    kept = FactsByWorkload()
    for each in found:
        resource = PODS if each["kind"] == "Pod" else DEPLOYMENTS
        kept.add("key", each, workload_of(each, resource), exceptions)
    return kept.of("key")


def deployment(**spec: Any) -> Any:
    return stored(builders.server("crm", **spec), creationTimestamp=CREATED)


def test_image_runtime_class_and_time_are_those_of_the_workload() -> None:
    found = deployment(runtimeClassName="gvisor", container={"image": "crm:2"})
    later = stored(builders.bare_pod("crm-1", runtimeClassName="runc"), creationTimestamp="2027")

    assert facts(found, later, exceptions=("a", "a", "b")) == ServerFacts(
        "crm:2", "gvisor", CREATED, ("a", "b")
    )


@pytest.mark.parametrize("first", [0, 1])
def test_the_image_is_that_of_the_server_container(first: int) -> None:
    containers = [SIDECAR, builders.container(image="crm:2")]
    found = deployment(containers=[containers[first], containers[1 - first]])
    found["metadata"]["annotations"] = {"mcp-admission.dev/container": "mcp"}

    assert facts(found).image == "crm:2"


def test_what_a_template_leaves_out_its_pods_say() -> None:
    found = deployment()
    del found["spec"]["template"]["spec"]["containers"][0]["image"]
    pod = stored(builders.bare_pod("crm-1", runtimeClassName="gvisor", container={"image": "a:1"}))

    assert facts(found) == ServerFacts(created=CREATED)
    assert facts(found, pod) == ServerFacts("a:1", "gvisor", CREATED)


def test_a_server_that_was_not_added_has_none() -> None:
    assert FactsByWorkload().of("key") == ServerFacts()


def test_what_is_kept_is_bounded() -> None:
    found = deployment(container={"image": "a" * 5000})
    many = tuple(f"exception-{number}" for number in range(100))

    kept = facts(found, exceptions=many)

    assert (len(kept.image), kept.exceptions) == (LONGEST_FACT, many[:MOST_EXCEPTIONS])


def test_equal_words_are_kept_once() -> None:
    kept = FactsByWorkload()
    for number in range(2):
        found = deployment(container={"image": f"a:{number * 0}"})
        kept.add(number, found, workload_of(found, DEPLOYMENTS))

    assert kept.of(0).image is kept.of(1).image
