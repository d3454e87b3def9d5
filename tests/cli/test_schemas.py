"""What the review knows about Kubernetes' kinds and types is what Kubernetes says itself."""

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from webhook.cli.field_types import ANY_KEY, METADATA, SPEC, Type
from webhook.cli.kinds import OTHER_GROUPS, OTHERS, VERSIONS

# What is no object that anybody applies.
OF_THE_API = {"APIGroup", "APIResourceList", "APIVersions", "Eviction", "Scale", "WatchEvent"}
SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
EXPECTED = {
    Type.TEXT: {"string"},
    Type.FLAG: {"boolean"},
    Type.NUMBER: {"integer"},
    Type.PORT: {"string", "integer"},
    Type.AMOUNT: {"string", "number"},
}
Json = dict[str, Any]


@cache
def definitions(version: str) -> Json:
    file = SCHEMAS / f"v{version}.0-local" / "_definitions.json"
    found: Json = json.loads(file.read_text(encoding="utf-8"))["$defs"]
    return found


def resolved(schema: Json, version: str) -> Json:
    reference = schema.get("$ref")
    return definitions(version)[reference.rpartition("/")[2]] if reference else schema


def types(schema: Json, version: str) -> set[str]:
    """The JSON types that a schema accepts, but null."""
    schema = resolved(schema, version)
    found = {schema["type"]} if isinstance(schema.get("type"), str) else {*schema.get("type", ())}
    for one in schema.get("oneOf", ()):
        found |= types(one, version)
    return found - {"null"}


def leaves(table: Any, schema: Json, version: str, place: str) -> Iterator[tuple[str, Type, Any]]:
    """Each field of the table that holds no fields, with the types that Kubernetes gives it."""
    schema = resolved(schema, version)
    if isinstance(table, Type):
        yield place, table, types(schema, version)
    elif isinstance(table, list):
        assert "array" in types(schema, version), place
        yield from leaves(table[0], schema["items"], version, f"{place}[]")
    else:
        for key, inner in table.items():
            if key == ANY_KEY:
                of_key = schema["additionalProperties"]
            else:
                assert key in schema["properties"], f"{place}.{key}"
                of_key = schema["properties"][key]
            yield from leaves(inner, of_key, version, f"{place}.{key}")


@pytest.mark.parametrize("version", ["1.34", "1.36", "1.37"])
@pytest.mark.parametrize(
    ("table", "name"),
    [
        (SPEC, "io.k8s.api.core.v1.PodSpec"),
        (METADATA, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"),
    ],
    ids=["spec", "metadata"],
)
def test_the_types_are_those_of_kubernetes(table: Json, name: str, version: str) -> None:
    found = list(leaves(table, definitions(version)[name], version, ""))

    assert len(found) >= 5
    assert [(place, kind) for place, kind, accepted in found if accepted != EXPECTED[kind]] == []


def known() -> dict[str, set[str]]:
    """Every kind of the newest Kubernetes by its version, but lists."""
    found = defaultdict(set)
    for file in (SCHEMAS / "v1.37.0-local").glob("*.json"):
        schema = json.loads(file.read_text(encoding="utf-8"))
        for kind in schema.get("x-kubernetes-group-version-kind", ()):
            version = "/".join(filter(None, (kind["group"], kind["version"])))
            if not kind["kind"].endswith("List"):
                found[version].add(kind["kind"])
    return found


KNOWN = known()


@pytest.mark.parametrize("version", OTHERS)
def test_the_kinds_of_a_group_are_those_of_kubernetes(version: str) -> None:
    workloads = {kind for kind, of in VERSIONS.items() if of == version}

    assert OTHERS[version] | workloads | OF_THE_API >= KNOWN[version] - {"DeleteOptions"}
    assert OTHERS[version] | workloads <= KNOWN[version] | {"List"}


def test_the_other_groups_are_those_of_kubernetes() -> None:
    groups = {version.rpartition("/")[0] for version in KNOWN} - {"", "apps", "batch", "extensions"}

    assert groups == OTHER_GROUPS
