"""The hardened settings are valid, weaken no rule, and admit ordinary servers."""

from pathlib import Path

import pytest
import yaml

from tests.examples.test_examples import DOCUMENTS
from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of
from webhook.admission.workload import Scope
from webhook.settings.load import parse_settings

FILE = Path(__file__).parents[2] / "manifests" / "settings" / "hardened.yaml"
SETTINGS = parse_settings(FILE.read_text(), FILE.name)
ORDINARY = [
    "already-hardened.yaml#1",
    "base-image.yaml#1",
    "config-and-files.yaml#1",
    "init-and-sidecars.yaml#1",
    "minimal.yaml#1",
    "npx-bridge.yaml#1",
    "two-ports.yaml#1",
]


def test_every_container_has_ceilings() -> None:
    assert {"cpu", "memory", "ephemeral-storage"} <= SETTINGS.mcp_server_maximums.limits.keys()


def test_no_rule_is_weaker_than_by_default() -> None:
    assert (SETTINGS.on_conflict, SETTINGS.rules) == ("deny", {})
    assert SETTINGS.gated
    assert SETTINGS.priority_classes.allowed == []
    assert SETTINGS.mcp_namespace.network_policy.dns_pods


def test_they_are_values_of_the_chart_and_a_spec_of_the_resource() -> None:
    keys = yaml.safe_load(FILE.read_text())

    assert keys.keys() <= yaml.safe_load(Path("manifests/chart/values.yaml").read_text()).keys()


@pytest.mark.parametrize("source", ORDINARY)
@pytest.mark.parametrize("scope", Scope)
def test_an_ordinary_server_and_its_pods_are_admitted(source: str, scope: Scope) -> None:
    server = ApiServer(SETTINGS, scope)

    created = server.create(DOCUMENTS[source])
    assert created.allowed, created.message

    pod = server.create(pod_of(created.stored))
    assert pod.allowed, pod.message
    for container in pod.stored["spec"]["containers"]:
        assert {"cpu", "memory", "ephemeral-storage"} <= container["resources"]["limits"].keys()


def test_an_oversized_server_gets_the_fleets_resources() -> None:
    created = ApiServer(SETTINGS).create(DOCUMENTS["oversized.yaml#1"])

    assert created.allowed
    (container,) = created.stored["spec"]["template"]["spec"]["containers"]
    assert not any(container["resources"].values())
