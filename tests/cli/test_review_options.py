"""The options of `review`: what they take, and what they are when they are not given."""

import argparse

import pytest

from tests.cli.conftest import Review
from webhook.cli.review_options import add_review_options
from webhook.settings.model import MODES


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_review_options(parser)
    return parser.parse_args(words)


def test_exceptions_can_be_named_several_times() -> None:
    assert parsed("a.yaml").exceptions == []
    given = parsed("a.yaml", "--exceptions", "b.yaml", "--exceptions", "c.yaml")
    assert given.exceptions == ["b.yaml", "c.yaml"]


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_can_be_asked_for(mode: str) -> None:
    assert parsed("a.yaml").as_mode == ""
    assert parsed("a.yaml", "--as", mode).as_mode == mode


def test_another_mode_is_bad_usage(review: Review) -> None:
    printed = review("a.yaml", "--as", "enforced")

    assert printed.code == 2
    assert "--as" in printed.err


def test_a_namespace_is_a_name_of_kubernetes(review: Review) -> None:
    printed = review("a.yaml", "-n", "Team_A")

    assert printed.code == 2
    assert "is no namespace" in printed.err
