"""What the page lets administrators set: placement, resources, base image, runtime class.

Tolerations and resources are seen on pods: Kubernetes adds some there, and not to templates.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer, Outcome
from tests.in_memory.controllers import pod_of
from tests.in_memory.places import ABSENT, found
from tests.reference.servers import KINDS, server
from webhook.settings.load import load, parse
from webhook.settings.model import Settings

POOL = {"key": "example.com/pool", "operator": "In", "values": ["mcp"]}
AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [POOL]}]
        }
    }
}
OWN_AFFINITY: dict[str, Any] = {
    "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}
}
TOLERATION = {"key": "example.com/mcp", "operator": "Exists", "effect": "NoSchedule"}
OWN_TOLERATION = {"key": "example.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
OWN_RESOURCES = {"requests": {"memory": "1Gi", "cpu": "2"}, "limits": {"memory": "2Gi"}}
RUNTIME_CLASS = "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME"
RUNTIME_CLASS_LATER = "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIME_CLASS_NAME"
BASE_IMAGE = "OBOT_SERVER_MCPBASE_IMAGE"


def api_server(**defaults: Any) -> ApiServer:
    return ApiServer(Settings.model_validate({"mcpServerDefaults": defaults}))


def running(server: ApiServer, outcome: Outcome) -> Any:
    """The pod that was created, or the one of the Deployment that was."""
    assert outcome.allowed

    created = outcome.stored
    return created if created["kind"] == "Pod" else server.create(pod_of(created)).stored


def tolerations(stored: Any) -> Any:
    """Those of the server, without the two that API servers give every pod."""
    present = found(stored, "tolerations")
    if present is ABSENT:
        return []
    return [one for one in present if not one["key"].startswith("node.kubernetes.io/")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("defaults", "own", "affinity"),
    [
        pytest.param({}, {}, ABSENT, id="nobody-says"),
        pytest.param({"affinity": AFFINITY}, {}, AFFINITY, id="fleet"),
        pytest.param({}, {"affinity": OWN_AFFINITY}, OWN_AFFINITY, id="own"),
        pytest.param(
            {"affinity": AFFINITY}, {"affinity": OWN_AFFINITY}, OWN_AFFINITY, id="own-before-fleet"
        ),
        pytest.param(
            {"affinity": AFFINITY, "perServer": "forbid"},
            {"affinity": OWN_AFFINITY},
            AFFINITY,
            id="forbid",
        ),
        pytest.param(
            {"perServer": "forbid"}, {"affinity": OWN_AFFINITY}, ABSENT, id="forbid-without-fleet"
        ),
    ],
)
def test_affinity(kind: str, defaults: Any, own: Any, affinity: Any) -> None:
    outcome = api_server(**defaults).create(server(kind, **own))

    assert outcome.allowed
    assert found(outcome.stored, "affinity") == affinity


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("defaults", "own", "stored"),
    [
        pytest.param({}, [], [], id="nobody-says"),
        pytest.param({"tolerations": [TOLERATION]}, [], [TOLERATION], id="fleet"),
        pytest.param({}, [OWN_TOLERATION], [OWN_TOLERATION], id="own"),
        pytest.param(
            {"tolerations": [TOLERATION]},
            [OWN_TOLERATION],
            [OWN_TOLERATION],
            id="own-before-fleet",
        ),
        pytest.param(
            {"tolerations": [TOLERATION], "perServer": "forbid"},
            [OWN_TOLERATION],
            [TOLERATION],
            id="forbid",
        ),
        pytest.param({"perServer": "forbid"}, [OWN_TOLERATION], [], id="forbid-without-fleet"),
    ],
)
def test_tolerations(kind: str, defaults: Any, own: Any, stored: Any) -> None:
    cluster = api_server(**defaults)
    outcome = cluster.create(server(kind, **({"tolerations": own} if own else {})))

    assert tolerations(running(cluster, outcome)) == stored


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("defaults", "own", "stored"),
    [
        pytest.param({}, {}, {"requests": {"memory": "400Mi"}}, id="request-400Mi-no-limit-no-cpu"),
        pytest.param({}, OWN_RESOURCES, OWN_RESOURCES, id="own"),
        pytest.param(
            {"resources": {"requests": {"cpu": "100m", "memory": "1Gi"}}},
            {},
            {"requests": {"cpu": "100m", "memory": "1Gi"}},
            id="fleet",
        ),
        pytest.param(
            {"resources": {"limits": {"memory": "1Gi"}}},
            {},
            {"limits": {"memory": "1Gi"}},
            id="fleet-limit-instead-of-request",
        ),
        pytest.param(
            {"perServer": "forbid"}, OWN_RESOURCES, {"requests": {"memory": "400Mi"}}, id="forbid"
        ),
    ],
)
def test_resources(kind: str, defaults: Any, own: Any, stored: Any) -> None:
    cluster = api_server(**defaults)
    outcome = cluster.create(server(kind, container={"resources": own}))

    given = found(running(cluster, outcome), "containers[main].resources")
    assert {part: amounts for part, amounts in given.items() if amounts} == stored


def test_what_the_fleet_replaces_is_told() -> None:
    manifest = server(
        container={"resources": {"requests": {"memory": "1Gi"}}},
        affinity=OWN_AFFINITY,
        tolerations=[OWN_TOLERATION],
    )

    warnings = api_server(perServer="forbid").create(manifest).warnings

    assert warnings == [
        "containers[main].resources.requests.memory replaced by the fleet's (resources)",
        "affinity replaced by the fleet's (scheduling)",
        "tolerations replaced by the fleet's (scheduling)",
    ]


@pytest.mark.parametrize(
    ("settings", "environment", "image"),
    [
        ("{}", {}, "ghcr.io/obot-platform/mcp-images/phat:main"),
        ("mcpServerDefaults: {image: example.test/base:1}", {}, "example.test/base:1"),
        ("{}", {BASE_IMAGE: "example.test/base:2"}, "example.test/base:2"),
        (
            "mcpServerDefaults: {image: example.test/base:1}",
            {BASE_IMAGE: "example.test/base:2"},
            "example.test/base:2",
        ),
    ],
)
def test_the_base_image_is_that_of_a_server_without_one(
    tmp_path: Path, settings: str, environment: dict[str, str], image: str
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(settings)
    packaged = server(container={"image": ""})

    stored = ApiServer(load(path, environment)).create(packaged).stored

    assert found(stored, "containers[main].image") == image


def test_an_image_of_its_own_stays() -> None:
    stored = api_server(image="example.test/base:1").create(server()).stored

    assert found(stored, "containers[main].image") == "registry.example/mcp/github-tools:1.12.0"


@pytest.mark.parametrize(
    ("settings", "runtime_class"),
    [
        pytest.param(Settings(), ABSENT, id="empty"),
        pytest.param(
            parse("mcpServerDefaults: {runtimeClassName: gvisor}", "settings.yaml"),
            "gvisor",
            id="settings-file",
        ),
        pytest.param(load(None, {RUNTIME_CLASS: "gvisor"}), "gvisor", id=RUNTIME_CLASS),
        pytest.param(load(None, {RUNTIME_CLASS_LATER: "kata"}), "kata", id=RUNTIME_CLASS_LATER),
        pytest.param(load(None, {RUNTIME_CLASS: ""}), ABSENT, id="empty-variable"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_runtime_class(kind: str, settings: Settings, runtime_class: Any) -> None:
    outcome = ApiServer(settings).create(server(kind))

    assert outcome.allowed
    assert found(outcome.stored, "runtimeClassName") == runtime_class


def test_another_runtime_class_is_refused() -> None:
    refused = api_server(runtimeClassName="gvisor").create(server(runtimeClassName="runc"))

    assert refused.refused_by == ["runtime-class"]
    assert "runtimeClassName must be gvisor (runtime-class)" in refused.message
