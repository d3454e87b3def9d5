"""The overhead of a runtime class stands on the pod when the hook is asked a second time.

Kubernetes adds it once the hook has named the class, and refuses the pod where it is missing or
belongs to another class.
"""

from typing import Any

import pytest

from tests.builders import bare_pod, server
from tests.in_memory.api_server import ApiServer, Outcome
from tests.in_memory.controllers import pod_of
from webhook.settings.model import Settings

Json = dict[str, Any]

OVERHEAD = {"memory": "20Mi"}


def cluster(runtime_class: str | None = "gvisor", **keys: Any) -> ApiServer:
    defaults = {"runtimeClassName": runtime_class}
    return ApiServer(Settings.model_validate({"mcpServerDefaults": defaults, **keys}))


def asked_again(first: Outcome, by: ApiServer) -> Json:
    """The pod after the second pass, for which Kubernetes has added the overhead of its class."""
    again = by.create(first.stored | {"spec": first.stored["spec"] | {"overhead": OVERHEAD}})

    assert again.allowed, again.message

    return again.stored


@pytest.mark.parametrize("owned", [False, True], ids=["bare", "owned"])
def test_overhead_is_kept_as_long_as_its_runtime_class(owned: bool) -> None:
    pod = pod_of(server() | {"kind": "StatefulSet"}) if owned else bare_pod()
    pod["metadata"]["labels"]["mcp-admission.dev/server"] = "true"
    first = cluster().create(pod)

    stored = asked_again(first, cluster())

    assert stored["spec"].pop("overhead") == OVERHEAD
    assert stored == first.stored


def test_overhead_is_kept_on_the_pod_of_a_template_that_got_the_class() -> None:
    deployment = cluster().create(server()).stored

    stored = asked_again(cluster().create(pod_of(deployment)), cluster())

    assert stored["spec"]["overhead"] == OVERHEAD


@pytest.mark.parametrize("now", ["kata", None])
def test_overhead_is_removed_with_a_class_that_the_settings_no_longer_name(now: str | None) -> None:
    first = cluster().create(bare_pod())

    stored = asked_again(first, cluster(now))

    assert "overhead" not in stored["spec"]
    assert stored["spec"].get("runtimeClassName") == now


def test_overhead_is_removed_with_a_class_that_is_overridden() -> None:
    pod = bare_pod(runtimeClassName="kata", overhead=OVERHEAD)

    stored = cluster(rules={"runtime-class": "override"}).create(pod).stored

    assert "overhead" not in stored["spec"]
    assert stored["spec"]["runtimeClassName"] == "gvisor"


def test_that_of_the_class_in_its_place_stays() -> None:
    fleet = cluster(rules={"runtime-class": "override"})
    first = fleet.create(bare_pod(runtimeClassName="kata", overhead={"memory": "90Mi"}))

    stored = asked_again(first, fleet)

    assert stored["spec"].pop("overhead") == OVERHEAD
    assert stored == first.stored
