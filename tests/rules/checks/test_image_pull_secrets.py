"""image-pull-secrets: those of the fleet, beside those of the workload or its account."""

from typing import Any

import pytest

from tests.rules.case import Json, base, filled, given_by, refused, settings_of
from webhook.rules.checks.image_pull_secrets import RULE

FLEET = settings_of(
    mcpServerDefaults={"imagePullSecrets": [{"name": "registry"}, {"name": "mirror"}]}
)
REGISTRY, MIRROR, OWN = ({"name": name} for name in ("registry", "mirror", "own"))
CASES: list[tuple[Any, list[Json]]] = [
    (None, [REGISTRY, MIRROR]),
    ([], [REGISTRY, MIRROR]),
    ([OWN], [OWN, REGISTRY, MIRROR]),
    ([OWN, MIRROR], [OWN, MIRROR, REGISTRY]),
    ([MIRROR, REGISTRY], [MIRROR, REGISTRY]),
]


@pytest.mark.parametrize(("present", "expected"), CASES, ids=str)
def test_pull_secrets_of_the_fleet_are_added_by_name(present: Any, expected: list[Json]) -> None:
    pod = base(imagePullSecrets=present)

    filled(RULE, pod, FLEET)

    assert pod["spec"]["imagePullSecrets"] == expected
    assert filled(RULE, pod, FLEET) == []


@pytest.mark.parametrize(
    "origin", [{"kind": "Deployment"}, {"kind": "Job"}, {"creating": False}], ids=str
)
def test_only_new_pods_are_filled_in(origin: Json) -> None:
    assert filled(RULE, base(), FLEET, **origin) == []


def test_pods_are_given_what_the_author_does_not_say() -> None:
    assert given_by(RULE, base(), FLEET) == {"imagePullSecrets": [REGISTRY, MIRROR]}
    assert given_by(RULE, base(imagePullSecrets=[MIRROR]), FLEET) == {
        "imagePullSecrets": [REGISTRY]
    }
    assert given_by(RULE, base(imagePullSecrets=[MIRROR, REGISTRY]), FLEET) == {}


def test_nothing_is_filled_in_until_it_is_set_and_nothing_is_refused() -> None:
    assert filled(RULE, base()) == []
    assert refused(RULE, base(imagePullSecrets=[OWN]), FLEET) == []
