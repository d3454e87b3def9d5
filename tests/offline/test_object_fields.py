"""What the review knows about Kubernetes' kinds and types is what Kubernetes says itself."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tools.kubernetes_fields import FILE, SCHEMAS, definitions, root, table
from webhook.offline import object_fields
from webhook.offline.object_fields import ANY_KEY, FieldType
from webhook.offline.unreviewed_kinds import OTHER_GROUPS, OTHERS, VERSIONS

# What is no object that anybody applies.
OF_THE_API = {"APIGroup", "APIResourceList", "APIVersions", "Eviction", "Scale", "WatchEvent"}
EXPECTED = {
    FieldType.TEXT: {"string"},
    FieldType.FLAG: {"boolean"},
    FieldType.NUMBER: {"integer"},
    FieldType.PORT: {"string", "integer"},
    FieldType.AMOUNT: {"string", "number"},
}
Json = dict[str, Any]


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


def fields(given: Any, schema: Json, version: str, place: str) -> Iterator[tuple[str, str]]:
    """What the table lacks or has otherwise than Kubernetes."""
    schema = resolved(schema, version)
    if given is FieldType.ANY:
        return
    if isinstance(given, FieldType):
        if types(schema, version) != EXPECTED[given]:
            yield place, given.value
    elif isinstance(given, list):
        if "array" not in types(schema, version):
            yield place, "a list"
        yield from fields(given[0], schema["items"], version, f"{place}[]")
    elif ANY_KEY in given:
        inner = schema["additionalProperties"]
        yield from fields(given[ANY_KEY], inner, version, f"{place}.*")
    else:
        for key, inner in schema.get("properties", {}).items():
            if key not in given:
                yield f"{place}.{key}", "missing"
            else:
                yield from fields(given[key], inner, version, f"{place}.{key}")


@pytest.mark.parametrize("version", ["1.30", "1.34", "1.37"])
@pytest.mark.parametrize("kind", VERSIONS)
def test_every_field_of_kubernetes_is_known_with_its_type(kind: str, version: str) -> None:
    schema = definitions(version)[root(kind)]

    assert list(fields(object_fields.field_table(kind), schema, version, kind)) == []


def test_the_table_has_nothing_else() -> None:
    """`python -m tools.kubernetes_fields` makes it."""
    assert FILE.read_text(encoding="utf-8") == table()


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
