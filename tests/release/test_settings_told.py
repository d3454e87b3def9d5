"""What an administrator is told of the settings resource, and what stays when it makes no sense."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests import builders
from tests.release import servers
from tools.chart.helm import NAMESPACE
from tools.cluster.clients import Output
from tools.release.release import Release
from webhook.settings.load import GROUP, KIND, NAME, PLURAL, VERSION

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]
PATH = f"/apis/{GROUP}/{VERSION}/{PLURAL}/{NAME}"
CONFIG_MAP = f"/api/v1/namespaces/{NAMESPACE}/configmaps/mcp-admission-settings"
MERGE = "application/merge-patch+json"
# The chart's ceiling is under this default, which no schema can know.
TOO_MUCH = {"mcpServerDefaults": {"resources": {"requests": {"memory": "2Gi"}}}}


@pytest.fixture(scope="module")
def locked(release: Release) -> Iterator[Release]:
    """A release with a locked ceiling, image and rule."""
    release.install(
        "--set", "mcpServerMaximums.requests.memory=1Gi",
        "--set", "config.OBOT_SERVER_MCPBASE_IMAGE=locked.example/base:1",
        "--set", "rules.service-account-token=warn",
        "--wait",
    )  # fmt: skip
    yield release
    release.cluster.raw("DELETE", PATH)
    release.uninstall()


def apply(release: Release, spec: Json) -> Output:
    found = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {"name": NAME},
        "spec": spec,
    }
    return release.cluster.kubectl("apply", "--filename", "-", sent=found)


def told(release: Release, valid: str) -> Json:
    """The status of this generation, once it says so of the settings and they are everywhere."""

    def looked() -> Json | None:
        found: Json = release.cluster.get(PATH)
        conditions = {each["type"]: each for each in found.get("status", {}).get("conditions", [])}
        generation = found["metadata"]["generation"]
        ready = (
            conditions
            and all(each["observedGeneration"] == generation for each in conditions.values())
            and conditions["Valid"]["status"] == valid == conditions["Distributed"]["status"]
        )
        return {**found["status"], "conditions": conditions} if ready else None

    status = release.wait_for(f"status with Valid {valid}", looked, 30)
    assert status is not None
    return status


def in_force(release: Release) -> Json:
    found: Json = yaml.safe_load(release.cluster.get(CONFIG_MAP)["data"]["settings.yaml"])
    return found


def test_a_locked_setting_is_reported_at_once_and_in_the_status(locked: Release) -> None:
    image = {"image": "mine.example/base:1", "perServer": "forbid"}
    said = apply(
        locked, {"mcpServerDefaults": image, "rules": {"service-account-token": "off"}}
    ).stderr

    keys = "spec.mcpServerDefaults.image and spec.rules.service-account-token"
    assert said == f"Warning: {keys} have no effect: chart or environment set it\n"
    status = told(locked, "True")
    assert status["locked"] == [
        "isolation.controllerUser",
        "mcpServerDefaults.image",
        "mcpServerMaximums.requests",
        "rules.service-account-token",
    ]
    assert status["ignored"] == ["mcpServerDefaults.image", "rules.service-account-token"]
    settings = in_force(locked)
    assert settings["mcpServerDefaults"] == {
        "image": "locked.example/base:1",
        "perServer": "forbid",
    }
    assert settings["rules"] == {"service-account-token": "warn"}
    assert apply(locked, {"mcpServerDefaults": {"perServer": "forbid"}}).stderr == ""


def test_the_columns_of_the_settings_resource_show_the_state_and_the_servers(
    locked: Release,
) -> None:
    apply(locked, {})
    told(locked, "True")
    namespace = locked.cluster.namespace("tools")
    servers.deploy(locked.cluster, namespace)
    locked.wait_for(
        "count", lambda: locked.cluster.get(PATH)["status"]["servers"]["total"] == 1, 40
    )

    head, line = locked.cluster.kubectl("get", "mcpsettings").stdout.splitlines()
    locked.cluster.kubectl("--namespace", namespace, "delete", "deployment", "--all")

    assert head.split() == [
        *("NAME", "VALID", "DISTRIBUTED", "ENFORCING", "SERVERS"),
        *("OUT-OF-DATE", "UNPROTECTED", "REFUSED", "INCOMPLETE", "NOT-RUNNING", "AGE"),
    ]
    name, valid, distributed, _, *counts = line.split()
    assert (name, valid, distributed) == (NAME, "True", "True")
    assert counts[:6] == ["1", "0", "0", "0", "0", "0"]


def test_below_enforce_the_servers_are_counted_by_what_enforce_would_do(locked: Release) -> None:
    cluster = locked.cluster
    apply(locked, {"mode": "observe"})
    told(locked, "True")
    namespace = cluster.namespace("below")
    servers.deploy(cluster, namespace)
    refused = builders.server("refused", hostPID=True)
    cluster.kubectl("apply", "--namespace", namespace, "--filename", "-", sent=refused)
    none = dict.fromkeys(("current", "outOfDate", "incomplete", "notRunning"), 0)
    expected = {"total": 2, "unprotected": 1, "refused": 1, **none}

    locked.wait_for("counts", lambda: cluster.get(PATH)["status"]["servers"] == expected, 40)
    apply(locked, {"mode": "warn"})
    assert told(locked, "True")["servers"] == expected

    found = cluster.get(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events")["items"]
    assert [each for each in found if "mcp-admission" in each["reportingController"]] == []
    cluster.kubectl("--namespace", namespace, "delete", "deployment", "--all")


def test_settings_that_make_no_sense_change_nothing_also_for_the_next_controller(
    locked: Release,
) -> None:
    apply(locked, {"onConflict": "warn"})
    told(locked, "True")
    good = locked.cluster.get(CONFIG_MAP)["data"]

    apply(locked, TOO_MUCH)
    conditions = told(locked, "False")["conditions"]

    assert "mcpServerMaximums.requests.memory: 1Gi is less than" in conditions["Valid"]["message"]
    assert "raise the one or lower the other" in conditions["Valid"]["message"]
    assert "the last good settings stay in force" in conditions["Distributed"]["message"]
    assert locked.cluster.get(CONFIG_MAP)["data"] == good
    for pod in locked.component("control"):
        locked.cluster.kubectl("--namespace", NAMESPACE, "delete", "pod", pod["metadata"]["name"])
    locked.cluster.raw("PATCH", CONFIG_MAP, {"data": {"settings.yaml": "{}"}}, MERGE)
    locked.rolled_out()
    locked.wait_for("last good", lambda: locked.cluster.get(CONFIG_MAP)["data"] == good, 60)

    apply(locked, {"onConflict": "override"})
    told(locked, "True")
    assert in_force(locked)["onConflict"] == "override"


@pytest.mark.parametrize("harm", ["edited", "deleted"])
def test_an_edited_config_map_of_the_settings_is_put_back(locked: Release, harm: str) -> None:
    apply(locked, {"onConflict": "warn"})
    told(locked, "True")
    before = locked.cluster.get(CONFIG_MAP)["data"]

    if harm == "edited":
        edited = {"data": {"settings.yaml": "platform: openshift"}}
        assert locked.cluster.raw("PATCH", CONFIG_MAP, edited, MERGE).status == 200
    else:
        assert locked.cluster.raw("DELETE", CONFIG_MAP).status == 200

    def back() -> bool:
        answer = locked.cluster.raw("GET", CONFIG_MAP)
        return answer.status == 200 and answer.json()["data"] == before

    locked.wait_for("ConfigMap as it was", back, 10)
    assert locked.restarts() == 0


def test_without_the_settings_resource_locked_settings_hold_alone(locked: Release) -> None:
    apply(locked, {"onConflict": "warn"})
    told(locked, "True")

    locked.cluster.raw("DELETE", PATH)

    locked.wait_for("locked alone", lambda: "onConflict" not in in_force(locked), 10)
    assert in_force(locked)["mcpServerMaximums"] == {"requests": {"memory": "1Gi"}}
