"""The part of an API server that decides which webhook entries are called.

The registrations' promises are about calls, not about text: this reads them as an API server
does (rules, namespaceSelector, then every matchCondition on the official CEL runtime) and fails
where an API server under failurePolicy Fail would refuse the request.
"""

import itertools
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from cel_expr_python import cel

from tools.chart.shipped import REGISTRATIONS, shipped

MUTATING = "MutatingWebhookConfiguration"
VALIDATING = "ValidatingWebhookConfiguration"
OPERATORS = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
}

Json = dict[str, Any]


class ConditionError(Exception):
    """A matchCondition is an error and none is false: the request is refused."""


OF_SETTINGS = "settings.mcp-admission.dev"


@dataclass(frozen=True)
class Request:
    """One admission request; `resource` includes the subresource, as in a rule."""

    group: str
    resource: str
    operation: str
    kind: str
    namespace_labels: dict[str, str]
    object: Json | None
    old_object: Json | None = None
    groups: tuple[str, ...] = ("system:authenticated",)

    def attributes(self) -> Json:
        """Return what CEL sees as `request`: an optional key without a value is absent."""
        resource, _, subresource = self.resource.partition("/")
        kind = {"group": self.group, "version": "v1", "kind": self.kind}
        plural = {"group": self.group, "version": "v1", "resource": resource}
        named = {"subResource": subresource, "requestSubResource": subresource}
        return {
            "kind": kind,
            "requestKind": kind,
            "resource": plural,
            "requestResource": plural,
            **(named if subresource else {}),
            "namespace": "team",
            "operation": self.operation,
            "userInfo": {"groups": list(self.groups)} if self.groups else {},
            "dryRun": False,
            "options": {},
        }


@cache
def registrations() -> dict[str, Json]:
    """Every shipped registration by its kind."""
    return {document["kind"]: document for document in shipped(*REGISTRATIONS)}


@cache
def named_entries() -> dict[str, Json]:
    """Every entry that reviews workloads, as `M managed-namespace` or `V opted-in`.

    The mutating come first.
    """
    return {
        f"{hook} {entry['name'].removesuffix('.mcp-admission.dev')}": entry
        for hook, kind in (("M", MUTATING), ("V", VALIDATING))
        for entry in registrations()[kind]["webhooks"]
        if entry["name"] != OF_SETTINGS
    }


class Registered(NamedTuple):
    """One thing that a rule names, with the entry that the rule belongs to."""

    name: str
    entry: Json
    group: str
    resource: str
    operation: str


def registered() -> list[Registered]:
    """Everything that the rules name."""
    return [
        Registered(name, entry, *what)
        for name, entry in named_entries().items()
        for rule in entry["rules"]
        for what in itertools.product(rule["apiGroups"], rule["resources"], rule["operations"])
    ]


@cache
def environment() -> Any:
    """Return the variables of a matchCondition and nothing but CEL's standard library.

    Every Kubernetes release has more than that, so what compiles here compiles on all of them.
    """
    return cel.NewEnv(
        variables=dict.fromkeys(("object", "oldObject", "request"), cel.Type.DYN),
    )


@cache
def compiled(expression: str) -> Any:
    return environment().compile(expression)


def calls(request: Request) -> list[str]:
    """Name the entries that are called, in the order of `named_entries`."""
    return [
        name
        for name, entry in named_entries().items()
        if any(_rule_matches(rule, request) for rule in entry["rules"])
        and _selects(entry["namespaceSelector"], request.namespace_labels)
        and conditions_hold(entry, request)
    ]


def conditions_hold(entry: Json, request: Request) -> bool:
    """Tell whether all are true; one false condition decides even when another is an error."""
    variables = {
        "object": request.object,
        "oldObject": request.old_object,
        "request": request.attributes(),
    }
    outcomes = {
        condition["name"]: compiled(condition["expression"]).eval(data=variables).plain_value()
        for condition in entry["matchConditions"]
    }
    if False in outcomes.values():
        return False
    errors = {name: outcome for name, outcome in outcomes.items() if outcome is not True}
    if errors:
        raise ConditionError(f"{entry['name']}: {errors}")
    return True


def _rule_matches(rule: Json, request: Request) -> bool:
    return (
        request.group in rule["apiGroups"]
        and request.resource in rule["resources"]
        and request.operation in rule["operations"]
    )


def _selects(selector: Json, labels: dict[str, str]) -> bool:
    return all(
        OPERATORS[expression["operator"]](labels.get(expression["key"]), expression["values"])
        for expression in selector["matchExpressions"]
    )
