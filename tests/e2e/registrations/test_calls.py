"""Each request reaches the hooks that the design names, once each, and nobody else is asked."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import OPTED_IN
from tests.e2e.conftest import MANAGED
from tests.e2e.namespace import MERGE_PATCH, STRATEGIC_PATCH, Namespace
from tests.e2e.product import Product
from tests.e2e.registrations.live import TARGET, Request, populate, request
from tests.manifests.expected_calls import CALLS, NEVER, Row
from tests.manifests.objects import KINDS

SCOPES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "managed": (MANAGED, {}),
    "opted_in": ({}, dict(OPTED_IN)),
    "unlabelled": ({}, {}),
}
HOOKS = {"M": "mutate", "V": "validate"}
SERVICE = {"spec": {"ports": [{"port": 80}]}}
# An answer of the API server itself: the object is incomplete, or there already.
ITS_OWN = {409, 422}


@pytest.fixture(scope="module")
def populated(product: Product) -> dict[str, Namespace]:
    """A namespace for each scope, with one object of every kind in it."""
    found = {}
    for scope, (of_namespace, of_objects) in SCOPES.items():
        name = product.cluster.namespace(scope.replace("_", "-"), of_namespace)
        found[scope] = Namespace(product, name)
        populate(found[scope], of_objects)
    return found


def counted(product: Product) -> dict[tuple[str, str], float]:
    """How many dry runs each hook has reviewed, by hook and scope."""
    return {
        (hook, scope): product.metric("reviews_total", hook=hook, scope=scope, dry_run="true")
        for hook in HOOKS.values()
        for scope in ("managed", "opted-in")
    }


def called(product: Product, namespace: Namespace, asked: Request) -> tuple[Any, list[str]]:
    """The answer to a request, and the hooks that were called for it, once for each call."""
    before = counted(product)
    answer = asked.ask(namespace)
    after = counted(product)
    assert "resulted in error" not in answer.body.decode()
    assert answer.status < 500, answer.body
    calls = [
        f"{hook} {scope}"
        for (hook, scope), count in after.items()
        for _ in range(int(count - before[hook, scope]))
    ]
    return answer, sorted(calls)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    "row", CALLS, ids=lambda row: f"{row.operation} {row.resource} {row.change}"
)
def test_a_request_reaches_the_hooks_of_the_table_once(
    product: Product, populated: dict[str, Namespace], row: Row, scope: str
) -> None:
    of_objects = SCOPES[scope][1]
    hooks = {"managed": row.managed, "opted_in": row.opted_in, "unlabelled": row.unlabelled}[scope]
    entry = "managed" if scope == "managed" else "opted-in"

    answer, calls = called(product, populated[scope], request(row, of_objects))

    assert calls == [f"{HOOKS[hook]} {entry}" for hook in hooks]
    if row.change.startswith("product"):
        assert answer.status == 403
    elif KINDS[row.group, row.resource] != "Binding":
        assert answer.status in {200, 201}, answer.body


OTHER_REQUESTS = {
    ("", "pods", "DELETE"): Request("DELETE", "pods/live", None),
    ("", "pods/eviction", "CREATE"): Request(
        "POST",
        "pods/live/eviction",
        {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "live"}},
    ),
    ("", "services", "CREATE"): Request("POST", "services", {"metadata": {"name": "a"}, **SERVICE}),
    ("apps", "deployments", "DELETE"): Request("DELETE", "deployments/live", None),
    ("apps", "deployments/status", "UPDATE"): Request(
        "PATCH", "deployments/live/status", {"status": {"replicas": 1}}, MERGE_PATCH
    ),
    ("apps", "replicasets", "DELETE"): Request("DELETE", "replicasets/live", None),
    ("apps", "replicasets/scale", "UPDATE"): Request(
        "PATCH", "replicasets/live/scale", {"spec": {"replicas": 3}}, MERGE_PATCH
    ),
    ("apps", "statefulsets/scale", "UPDATE"): Request(
        "PATCH", "statefulsets/live/scale", {"spec": {"replicas": 3}}, MERGE_PATCH
    ),
    ("batch", "cronjobs", "DELETE"): Request("DELETE", "cronjobs/live", None),
    ("batch", "jobs/status", "UPDATE"): Request(
        "PATCH", "jobs/live/status", {"status": {"ready": 0}}, MERGE_PATCH
    ),
}


@pytest.mark.parametrize("asked", OTHER_REQUESTS, ids=" ".join)
def test_a_request_outside_the_table_calls_no_hook(
    product: Product, populated: dict[str, Namespace], asked: tuple[str, str, str]
) -> None:
    assert asked in NEVER

    answer, calls = called(product, populated["managed"], OTHER_REQUESTS[asked])

    assert calls == []
    assert answer.status in {200, 201}, answer.body


def empty_objects() -> Iterator[tuple[str, Request]]:
    """Objects that lack whatever may be lacking, by what they are made or become."""
    nothing: dict[str, Any] = {"spec": None, "template": None}
    nothing["metadata"] = {"labels": None, "annotations": None}
    for (_, resource), kind in KINDS.items():
        path, _, subresource = resource.partition("/")
        if kind == "Binding":
            bare = {"metadata": {"name": "live"}, "target": TARGET}
            yield resource, Request("POST", resource.replace("/", "/live/"), bare)
            continue
        if not subresource:
            yield f"new {path}", Request("POST", path, {"metadata": {"name": "empty"}})
        emptied = f"{path}/live/{subresource}".rstrip("/")
        yield f"emptied {resource}", Request("PATCH", emptied, nothing, MERGE_PATCH)
        form = MERGE_PATCH if kind == "Scale" else STRATEGIC_PATCH
        yield f"unchanged {resource}", Request("PATCH", emptied, {}, form)


EMPTY = dict(empty_objects())


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("case", EMPTY)
def test_an_object_that_lacks_everything_is_judged_by_the_api_server(
    product: Product, populated: dict[str, Namespace], case: str, scope: str
) -> None:
    answer, _ = called(product, populated[scope], EMPTY[case])

    message = answer.json().get("message", "")
    assert "webhook" not in message or " denied the request: " in message
    assert answer.status in {200, 201, 403, *ITS_OWN}, answer.body


def test_no_review_of_the_table_has_failed(product: Product) -> None:
    assert product.metric("internal_errors_total") == 0
