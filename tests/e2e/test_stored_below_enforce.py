"""Below `enforce`, the shipped examples are stored as without the product, byte for byte.

Each is created under dry-run, because a node has a host port once and not three times. The API
server answers what it would store, and tests/e2e/test_dry_run.py shows that the product answers
alike. tests/e2e/bypasses stores objects, also those that `enforce` refuses.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.builders import KINDS, bare_pod
from tests.e2e.mirrored import Mirrored, mirrors
from tests.e2e.namespace import Object
from tests.e2e.product import Product

EXAMPLES = Path(__file__).parents[2] / "manifests" / "examples"


def examples() -> Iterator[tuple[str, Object]]:
    """The pods and workloads of the examples, under names of their own."""
    for file in sorted(EXAMPLES.glob("*.yaml")):
        for at, document in enumerate(yaml.safe_load_all(file.read_text(encoding="utf-8"))):
            if document["kind"] in {"Pod", *KINDS}:
                name = f"{file.stem}-{at}"
                metadata = {**document["metadata"], "name": name}
                metadata.pop("namespace", None)
                yield name, {**document, "metadata": metadata}


SHIPPED = dict(examples())


@pytest.fixture(scope="module", params=["templates", "pods"])
def mirrored(product: Product, request: pytest.FixtureRequest) -> Iterator[Mirrored]:
    """A namespace three times."""
    with mirrors(product, {"fillIn": request.param}) as made:
        yield made({})


def test_both_modes_are_in_force(product: Product, mirrored: Mirrored) -> None:
    counted = {"decision": "would-refuse", "kind": "Pod", "dry_run": "true"}
    before = product.metric("reviews_total", **counted)

    mirrored.raw("POST", "pods?dryRun=All", bare_pod(hostPID=True))

    each_hook_in_each_mode = 4
    assert product.metric("reviews_total", **counted) - before == each_hook_in_each_mode


@pytest.mark.parametrize("name", SHIPPED)
def test_an_example_is_stored_as_without_the_product(mirrored: Mirrored, name: str) -> None:
    mirrored.raw("POST", f"{SHIPPED[name]['kind'].lower()}s?dryRun=All", SHIPPED[name])

    assert mirrored.compared
