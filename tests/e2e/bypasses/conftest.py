"""Each way is tried twice: in the mode `enforce`, and in the modes below it, where it is open.

Below `enforce` the test makes the same requests in a namespace three times, and what becomes of
them is compared (tests/e2e/mirrored.py). What the test says of refusals does not hold there, so it
ends at the first thing that only `enforce` does.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import pytest

from tests.cluster.fixtures import named_after
from tests.e2e.conftest import MANAGED
from tests.e2e.mirrored import Mirrored, mirrors
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tools.cluster.clients import KubectlError, Output, Response

ENFORCE, BELOW = "enforce", "below"
Make = Callable[[Mapping[str, str]], Namespace]
ONLY_ENFORCE_DOES = (AssertionError, LookupError, ValueError, KubectlError)
"""What a test ends with below `enforce`: two namespaces that differ are none of these."""


class AnyRules:
    """Equal to the rules that a test expects, whichever these are."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __ge__(self, other: object) -> bool:
        return True


@pytest.fixture(scope="package")
def three_times(product: Product) -> Iterator[Callable[[Mapping[str, str]], Mirrored]]:
    """Makes a namespace three times."""
    with mirrors(product) as made:
        yield made


@pytest.fixture(params=[ENFORCE, BELOW])
def mode(request: pytest.FixtureRequest) -> str:
    """`enforce`, or both modes below it."""
    return str(request.param)


@pytest.fixture
def make(
    mode: str, product: Product, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Make:
    """Makes the namespace of a test with these labels."""
    if mode == ENFORCE:
        name = named_after(request)
        return lambda labels: Namespace(product, product.cluster.namespace(name, labels))

    def made(labels: Mapping[str, str]) -> Mirrored:
        mirrored: Mirrored = request.getfixturevalue("three_times")(labels)

        def told_instead(answer: Response | Output) -> AnyRules:
            mirrored.assert_told(answer)
            return AnyRules()

        monkeypatch.setattr(request.module, "refusing_rules", told_instead, raising=False)
        return mirrored

    return made


@pytest.fixture
def namespace(make: Make) -> Namespace:
    """A namespace without any label."""
    return make({})


@pytest.fixture
def managed(make: Make) -> Namespace:
    """A namespace in which everything is an MCP server."""
    return make(MANAGED)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Run a test below `enforce` as far as it goes there."""
    found = [each for each in pyfuncitem.funcargs.values() if isinstance(each, Mirrored)]
    if not found:
        return (yield)
    try:
        yield
    except ONLY_ENFORCE_DOES as end:
        print(f"ended by {end!r}")
    found[0].settle()
    assert found[0].compared
    return True
