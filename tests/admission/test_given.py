"""What a template remembers for its new pods, in the words of mcpServerDefaults."""

from typing import Any

import pytest

from tests.rules.case import settings_of
from webhook.admission.given import (
    NOTHING,
    PodDefaults,
    beside_others,
    read_pod_defaults,
    settings_of_pods,
)
from webhook.settings import Toleration

TOLERATION = {"key": "mcp", "operator": "Exists"}
FLEET = settings_of(
    mcpServerDefaults={
        "nodeSelector": {"pool": "fleet"},
        "tolerations": [TOLERATION],
        "imagePullSecrets": [{"name": "fleet"}],
        "resources": {"requests": {"memory": "1Gi"}},
        "runtimeClassName": "gvisor",
        "perServer": "allow",
    }
)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {"affinity": {}},
        {"nodeSelector": {"pool": 1}},
        {"tolerations": [{"a": 1}]},
    ],
    ids=str,
)
def test_a_record_that_settings_could_not_hold_is_ignored(data: Any) -> None:
    assert read_pod_defaults(data) is None


def test_a_pod_is_filled_in_with_the_record_of_its_template_alone() -> None:
    remembered = read_pod_defaults({"nodeSelector": {"pool": "old"}})
    assert remembered is not None

    defaults = remembered.instead_of_defaults(FLEET).mcp_server_defaults

    assert defaults.node_selector == {"pool": "old"}
    assert (defaults.tolerations, defaults.image_pull_secrets, defaults.affinity) == (None,) * 3
    assert defaults.resources.requests == NOTHING.resources.requests
    assert defaults.per_server == "forbid"
    assert defaults.runtime_class_name == "gvisor"


def test_other_tolerations_of_a_pod_do_not_keep_those_of_the_fleet_away() -> None:
    defaults = beside_others(FLEET).mcp_server_defaults

    assert defaults.per_server == "forbid"
    assert defaults.tolerations == FLEET.mcp_server_defaults.tolerations
    assert defaults.node_selector == {"pool": "fleet"}


EVERYTHING = {"operator": "Exists"}


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        pytest.param({}, [TOLERATION], id="refused-now"),
        pytest.param({"rules": {"tolerations": "override"}}, [TOLERATION], id="overridden-now"),
        pytest.param({"rules": {"tolerations": "off"}}, [TOLERATION, EVERYTHING], id="rule-off"),
        pytest.param({"onConflict": "warn"}, [TOLERATION, EVERYTHING], id="warned-of"),
        pytest.param(
            {"mcpServerDefaults": {"tolerations": [EVERYTHING]}},
            [TOLERATION, EVERYTHING],
            id="still-the-fleets",
        ),
    ],
)
def test_a_toleration_of_everything_that_was_the_fleets_refuses_no_pod(
    settings: dict[str, Any], kept: list[dict[str, Any]]
) -> None:
    """A template that remembers it would get no new pod otherwise, and its author wrote nothing."""
    remembered = read_pod_defaults({"tolerations": [TOLERATION, EVERYTHING]})
    assert remembered is not None

    defaults = remembered.instead_of_defaults(settings_of(**settings)).mcp_server_defaults

    assert defaults.tolerations == [Toleration.model_validate(each) for each in kept]


def test_the_settings_of_pods_are_made_once_and_known_by_identity() -> None:
    made = settings_of_pods(NOTHING, FLEET)

    assert settings_of_pods(NOTHING, FLEET) is made
    assert made == NOTHING.instead_of_defaults(FLEET)
    others = [settings_of_pods(NOTHING, settings_of()) for _ in range(16)]
    assert made not in others
    assert settings_of_pods(NOTHING, FLEET) is made


def test_the_settings_of_pods_are_kept_for_the_templates_that_were_read_last() -> None:
    settings = settings_of()
    remembered = [PodDefaults() for _ in range(9)]
    made = [settings_of_pods(each, settings) for each in remembered]

    assert settings_of_pods(remembered[-1], settings) is made[-1]
    assert settings_of_pods(remembered[0], settings) is not made[0]
