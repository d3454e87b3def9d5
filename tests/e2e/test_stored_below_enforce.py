"""Below `enforce`, the API server stores what it would store without the product, byte for byte.

The same requests are made in a namespace of each mode, and in one while nothing is installed: the
shipped examples, and ways to pods that are not hardened, which `enforce` refuses.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.builders import KINDS, NOT_LABELLED, SERVER, bare_pod, container, of_kind, server
from tests.e2e.conftest import MANAGED
from tests.e2e.namespace import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import rules_in
from tools.cluster.clients import Response

EXAMPLES = Path(__file__).parents[2] / "manifests" / "examples"
MODES = {
    "enforce": {"mode": "enforce"},
    "warn": {"mode": "warn"},
    "observe": {"mode": "observe"},
    "warn-by-pods": {"mode": "warn", "fillIn": "pods"},
}
MOST_LINES = 3
# What a server makes up; the name of the namespace is put into its place, too.
MADE_UP = re.compile(
    rb'(?<="uid":")[^"]*|(?<="resourceVersion":")[^"]*|(?<="creationTimestamp":")[^"]*'
    rb'|(?<="time":")[^"]*|(?<=kube-api-access-)[a-z0-9]{5}'
    rb"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)


class Call(NamedTuple):
    """A request in a namespace, after which objects are there."""

    method: str
    resource: str
    body: Any
    form: str = "application/json"
    before: tuple[dict[str, Any], ...] = ()


class Stored(NamedTuple):
    """What the API server answers, without what it made up, and what it says to the user."""

    status: int
    body: bytes
    warnings: tuple[str, ...]


def examples() -> Iterator[tuple[str, Call]]:
    """The pods and workloads of the examples, under names of their own."""
    for file in sorted(EXAMPLES.glob("*.yaml")):
        for at, document in enumerate(yaml.safe_load_all(file.read_text(encoding="utf-8"))):
            if document["kind"] in {"Pod", *KINDS}:
                name = f"{file.stem}-{at}"
                metadata = {**document["metadata"], "name": name}
                metadata.pop("namespace", None)
                body = {**document, "metadata": metadata}
                yield name, Call("POST", f"{document['kind'].lower()}s", body)


def text_of(pod: dict[str, Any], spec: str) -> bytes:
    return json.dumps(pod).replace('"spec": {', f'"spec": {{{spec},').encode()


def ways() -> Iterator[tuple[str, Call]]:
    """What tests/e2e/bypasses tries, with the least around it. No node takes these pods."""
    pod = partial(bare_pod, labels=NOT_LABELLED, schedulerName="nobody")
    deployed = partial(server, labels=NOT_LABELLED, schedulerName="nobody")
    twice = text_of(pod("twice"), '"hostNetwork":true,"hostNetwork":true')
    yield "key twice", Call("POST", "pods?fieldValidation=Ignore", twice)
    other = text_of(pod("cases"), '"HostNetwork":true')
    yield "other case", Call("POST", "pods?fieldValidation=Ignore", other)
    yaml_text = yaml.safe_dump(pod("yaml", hostPID=True)).encode()
    yield "yaml", Call("POST", "pods", yaml_text, "application/yaml")
    applied = deployed("applied", hostPID=True)
    yield "apply", Call("PATCH", "deployments/applied?fieldManager=tool", applied, APPLY_PATCH)
    scaled = {"spec": {"replicas": 3}}
    before = (deployed("scaled", replicas=0),)
    yield "scale", Call("PATCH", "deployments/scaled/scale", scaled, MERGE_PATCH, before)
    whole = deployed("updated", hostIPC=True)
    yield (
        "update",
        Call("PUT", "deployments/updated?dryRun=All", whole, before=(deployed("updated"),)),
    )
    tool = {"name": "debugger", "image": "tools", "securityContext": {"privileged": True}}
    added = [{"op": "add", "path": "/spec/ephemeralContainers", "value": [tool]}]
    path = "pods/debugged/ephemeralcontainers"
    yield "debugger", Call("PATCH", path, added, JSON_PATCH, (pod("debugged"),))
    labelled = {"metadata": {"labels": {SERVER: "false"}}}
    of_pod = (bare_pod("labelled", schedulerName="nobody"),)
    yield "label", Call("PATCH", "pods/labelled", labelled, MERGE_PATCH, of_pod)
    many = [container(name=f"c{at}") for at in range(120)]
    yield "many containers", Call("POST", "pods", pod("many", containers=many, hostPID=True))
    yield "job", Call("POST", "jobs", of_kind("Job", "job", labels=NOT_LABELLED, hostPID=True))


CALLS = dict(ways())
# The API server reads no such key, and pods are refused instead of their Job.
NOT_REFUSED = {"other case", "job"}
SHIPPED = dict(examples())


def without_status(body: bytes) -> bytes:
    """An object that was there before, without what its controller wrote meanwhile."""
    found = json.loads(body)
    found.pop("status", None)
    if fields := found["metadata"].get("managedFields"):
        found["metadata"]["managedFields"] = [each for each in fields if "subresource" not in each]
    return json.dumps(found, separators=(",", ":")).encode()


def made(namespace: Namespace, call: Call) -> Stored:
    for each in call.before:
        namespace.create(each)
    answer: Response = namespace.raw(call.method, call.resource, call.body, call.form)
    body = MADE_UP.sub(b"", without_status(answer.body) if call.before else answer.body).replace(
        namespace.name.encode(), b"NAMESPACE"
    )
    return Stored(answer.status, body, tuple(answer.warnings))


def all_of(product: Product, name: str) -> dict[str, Stored]:
    """What becomes of all calls in namespaces of their own: one in which all are servers."""
    labelled = Namespace(product, product.cluster.namespace(f"{name}-some"))
    managed = Namespace(product, product.cluster.namespace(f"{name}-all", MANAGED))
    found = {key: made(labelled, call) for key, call in SHIPPED.items()}
    found |= {key: made(managed, call) for key, call in CALLS.items()}
    for namespace in (labelled, managed):
        product.cluster.raw("DELETE", f"/api/v1/namespaces/{namespace.name}")
    return found


@pytest.fixture(scope="module")
def without(product: Product) -> dict[str, Stored]:
    """What the API server stores without the product."""
    with product.uninstalled():
        return all_of(product, "without")


@pytest.fixture(scope="module")
def by_mode(product: Product) -> dict[str, dict[str, Stored]]:
    """What it stores in each mode."""
    found = {}
    for mode, settings in MODES.items():
        with product.settings(settings):
            found[mode] = all_of(product, mode)
    return found


@pytest.mark.parametrize("key", [*SHIPPED, *CALLS])
def test_what_is_stored_is_what_would_be_stored_without_the_product(
    without: dict[str, Stored], by_mode: dict[str, dict[str, Stored]], key: str
) -> None:
    plain = without[key]

    assert by_mode["observe"][key] == plain
    for warned in (by_mode["warn"][key], by_mode["warn-by-pods"][key]):
        assert warned[:2] == plain[:2]
        assert len(warned.warnings) <= len(plain.warnings) + MOST_LINES


@pytest.mark.parametrize("key", [key for key in CALLS if key not in NOT_REFUSED])
def test_enforce_refuses_what_the_other_modes_store(
    without: dict[str, Stored], by_mode: dict[str, dict[str, Stored]], key: str
) -> None:
    refused = by_mode["enforce"][key]

    assert without[key].status < 300
    assert refused.status == 403
    assert rules_in(json.loads(refused.body)["message"])
    told, *_ = by_mode["warn"][key].warnings
    assert told.startswith("allowed for now: once mcp-admission enforces its rules, it refuses")
