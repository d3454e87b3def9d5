"""Reviews through `main`, as the tests of the command have them."""

from tests.cli.conftest import review, simple_engine

__all__ = ["review", "simple_engine"]
