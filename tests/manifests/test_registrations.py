"""The registrations as documents: valid, complete, and written as the API server stores them.

A field that the API server would default is spelled out, so that GitOps tools see no drift;
caBundle is absent, because the controller alone writes it.
"""

import re
from importlib.metadata import version

import kubernetes_validate
import pytest
from cel_expr_python import cel

from tests.manifests.apiserver import MUTATING, OF_SETTINGS, VALIDATING, compiled, registrations
from tests.manifests.objects import Json
from webhook.settings import EXCEPTION_PLURAL, GROUP, NAMESPACE_PLURAL, PLURAL, VERSION

KINDS = [MUTATING, VALIDATING]
MANAGED, OPTED_IN = "managed-namespace.mcp-admission.dev", "opted-in.mcp-admission.dev"
# The type that an API server gives `request`; `object` and `oldObject` are variables of their own.
REQUEST_FIELDS = {
    *(
        f"{kind}.{part}"
        for kind in ("kind", "requestKind")
        for part in ("group", "version", "kind")
    ),
    *(
        f"{resource}.{part}"
        for resource in ("resource", "requestResource")
        for part in ("group", "version", "resource")
    ),
    *(f"userInfo.{part}" for part in ("username", "uid", "groups", "extra")),
    *("subResource", "requestSubResource", "name", "namespace", "operation", "dryRun", "options"),
}


def entries() -> list[tuple[str, Json]]:
    return [(kind, entry) for kind in KINDS for entry in registrations()[kind]["webhooks"]]


def conditions() -> list[tuple[str, str, str]]:
    return [
        (f"{kind} {entry['name']}", condition["name"], condition["expression"])
        for kind, entry in entries()
        for condition in entry.get("matchConditions", ())
    ]


def settings(kind: str, name: str, path: str, operator: str) -> Json:
    """Everything of an entry but its rules and conditions."""
    managed = {"key": "mcp-admission.dev/managed", "operator": operator, "values": ["true"]}
    reinvocation = {"reinvocationPolicy": "IfNeeded"} if kind == MUTATING else {}
    excluded = ["kube-system", "mcp-admission-system"]
    return reinvocation | {
        "name": name,
        "admissionReviewVersions": ["v1"],
        "clientConfig": {
            "service": {
                "namespace": "mcp-admission-system",
                "name": "mcp-admission",
                "port": 443,
                "path": path,
            }
        },
        "failurePolicy": "Fail" if operator else "Ignore",
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "timeoutSeconds": 5,
        "namespaceSelector": {
            "matchExpressions": [
                *([managed] if operator else []),
                {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": excluded},
            ]
        },
        "objectSelector": {},
    }


@pytest.mark.parametrize("minor", ["1.34", "1.35", "1.36", "1.37"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_registrations_are_valid_for_every_supported_minor(kind: str, minor: str) -> None:
    kubernetes_validate.validate(registrations()[kind], minor, strict=True)


def test_there_is_one_webhook_configuration_of_each_kind() -> None:
    assert sorted(registrations()) == sorted(KINDS)
    for document in registrations().values():
        assert set(document) == {"apiVersion", "kind", "metadata", "webhooks"}
        labels = {
            "app.kubernetes.io/name": "mcp-admission",
            "app.kubernetes.io/version": version("mcp-admission"),
        }
        assert document["metadata"] == {"name": "mcp-admission", "labels": labels}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (MUTATING, [(MANAGED, "/mutate/managed", "In"), (OPTED_IN, "/mutate", "NotIn")]),
        (
            VALIDATING,
            [
                (MANAGED, "/validate/managed", "In"),
                (OPTED_IN, "/validate", "NotIn"),
                (OF_SETTINGS, "/validate/settings", ""),
            ],
        ),
    ],
)
def test_every_setting_of_the_registrations_is_spelled_out(
    kind: str, expected: list[tuple[str, str, str]]
) -> None:
    actual = [
        {key: entry[key] for key in entry if key not in {"rules", "matchConditions"}}
        for entry in registrations()[kind]["webhooks"]
    ]

    assert actual == [settings(kind, *entry) for entry in expected]


@pytest.mark.parametrize(("kind", "entry"), entries(), ids=str)
def test_every_rule_of_the_registrations_is_spelled_out(kind: str, entry: Json) -> None:
    for rule in entry["rules"]:
        assert set(rule) == {"apiGroups", "apiVersions", "resources", "operations", "scope"}
        if entry["name"] != OF_SETTINGS:
            assert rule["scope"] == "Namespaced"
            assert rule["apiVersions"] == ["v1"]
        assert "*" not in "".join(rule["apiGroups"] + rule["resources"] + rule["operations"])


def test_settings_documents_are_asked_about_and_nothing_else() -> None:
    """By an entry that is ignored while nobody answers: it only warns."""
    (entry,) = (entry for _, entry in entries() if entry["name"] == OF_SETTINGS)
    asked = {
        (*rule["apiGroups"], *rule["apiVersions"], resource, rule["scope"], *rule["operations"])
        for rule in entry["rules"]
        for resource in rule["resources"]
    }

    assert asked == {
        (GROUP, VERSION, resource, scope, "CREATE", "UPDATE")
        for resource, scope in (
            (PLURAL, "Cluster"),
            (EXCEPTION_PLURAL, "Cluster"),
            (NAMESPACE_PLURAL, "Namespaced"),
        )
    }


@pytest.mark.parametrize(("where", "name", "expression"), conditions(), ids=str)
def test_a_match_condition_is_a_boolean_of_standard_cel(
    where: str, name: str, expression: str
) -> None:
    assert re.fullmatch(r"[a-z][a-z-]{0,62}", name)
    assert compiled(expression).return_type() == cel.Type.BOOL


@pytest.mark.parametrize(("where", "name", "expression"), conditions(), ids=str)
def test_a_match_condition_reads_only_what_a_request_has(
    where: str, name: str, expression: str
) -> None:
    """An API server refuses a registration that misspells a field of `request`."""
    assert set(re.findall(r"request\.([\w.]+)", expression)) <= REQUEST_FIELDS


def test_match_conditions_of_one_name_are_one_condition() -> None:
    expressions: dict[str, set[str]] = {}
    for _, name, expression in conditions():
        expressions.setdefault(name, set()).add(expression)

    assert {name for name, found in expressions.items() if len(found) > 1} == set()


@pytest.mark.parametrize(("kind", "entry"), entries(), ids=str)
def test_names_of_match_conditions_within_a_webhook_are_unique_and_at_most_64(
    kind: str, entry: Json
) -> None:
    names = [condition["name"] for condition in entry.get("matchConditions", ())]

    assert len(set(names)) == len(names) <= 64
