"""Levels and versions of the Pod Security Standards, as settings name them."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from webhook.settings.rule_settings import (
    NEWEST_MINOR,
    NOT_OVERRIDABLE,
    VERSIONS,
    Level,
    PodSecurity,
    RuleId,
    level,
    minor,
)


@pytest.mark.parametrize(
    ("version", "found"), [("latest", NEWEST_MINOR), ("v1.25", 25), ("v1.30", 30), ("v1.37", 37)]
)
def test_a_version_names_a_minor(version: str, found: int) -> None:
    assert minor(version) == found
    assert PodSecurity.model_validate({"enforceVersion": version}).minor == found


@pytest.mark.parametrize("version", [1.30, 1, "1.30", "v1", "v2.0", "v1.24", "v1.38", "newest", ""])
def test_what_is_no_version_is_refused(version: Any) -> None:
    with pytest.raises(ValidationError):
        PodSecurity.model_validate({"enforceVersion": version})


def test_a_number_is_refused_with_the_version_that_it_was_meant_to_be() -> None:
    with pytest.raises(ValidationError, match=r"1\.3 is a number: write v1\.30, with its v"):
        PodSecurity.model_validate({"enforceVersion": 1.30})


def test_each_level_includes_the_lower_ones() -> None:
    assert level("privileged") < level("baseline") < level("restricted")
    assert PodSecurity().level is Level.RESTRICTED
    assert PodSecurity.model_validate({"enforce": "baseline"}).level is Level.BASELINE


def test_every_version_can_be_enforced() -> None:
    assert {minor(version) for version in VERSIONS} == set(range(25, 38))


def test_only_known_rules_are_not_overridable() -> None:
    assert set(get_args(RuleId)) > NOT_OVERRIDABLE
