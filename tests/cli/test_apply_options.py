"""The numbers that `apply` takes."""

import argparse

import pytest

from webhook.cli.apply_options import number_up_to


def test_a_whole_number_within_the_bounds_is_read() -> None:
    assert [number_up_to(20)(text) for text in ("1", "20", "007")] == [1, 20, 7]


@pytest.mark.parametrize("text", ["", "0", "-1", "21", "1.5", "9" * 5000, "\u0661", "one"])
def test_everything_else_is_refused_with_the_bounds(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="from 1 to 20"):
        number_up_to(20)(text)
