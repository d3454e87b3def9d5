"""Labelled objects of kinds that nobody reviews: refused where they do not exist, else told."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Review

SERVER = "mcp-admission.dev/server"


def document(kind: str, api_version: str, *path: str, label: Any = "true") -> str:
    """An object that carries the label in its own metadata, or in that of what is inside it."""
    inner: Any = {"metadata": {"labels": {SERVER: label}}}
    for key in reversed(path):
        inner = {key: inner}
    name = {"metadata": {"name": "a", **inner.get("metadata", {})}}
    return json.dumps({"apiVersion": api_version, "kind": kind, **inner, **name})


MISSING = [
    ("Deploymnet", "apps/v1", "did you mean Deployment in apps/v1?"),
    ("deployment", "apps/v1", "did you mean Deployment in apps/v1?"),
    ("Deployment", "v1", "did you mean Deployment in apps/v1?"),
    ("Deployment", "app/v1", "did you mean Deployment in apps/v1?"),
    ("Deployment", "apps/v1beta1", "did you mean Deployment in apps/v1?"),
    ("Deployment", "apps/V1", "did you mean Deployment in apps/v1?"),
    ("Deployment", "extensions/v1beta1", "did you mean Deployment in apps/v1?"),
    ("Pod", "apps/v1", "did you mean Pod in v1?"),
    ("Pods", "v1", "did you mean Pod in v1?"),
    ("CronJob", "batch/v1beta1", "did you mean CronJob in batch/v1?"),
    ("Jobs", "batch", "did you mean Job in batch/v1?"),
    ("Server", "v1", "correct kind and apiVersion"),
]


@pytest.mark.parametrize(("kind", "api_version", "way_out"), MISSING)
def test_a_kind_that_does_not_exist_is_refused(
    review: Review, kind: str, api_version: str, way_out: str
) -> None:
    printed = review("d.yaml", d=document(kind, api_version))

    assert printed.code == 1
    sentence = f"Kubernetes has no kind {kind} in {api_version}: {way_out} (object)\n"
    assert f"error    d.yaml:1: {sentence}" in printed.out
    assert printed.out.endswith("\n1 MCP server: 1 refused\n")
    assert review("d.yaml", "-o", "yaml").out == ""


CARRIERS = [
    ("spec", "template"),
    ("template",),
    ("spec", "jobTemplate", "spec", "template"),
]


@pytest.mark.parametrize("path", CARRIERS)
def test_the_label_of_a_template_counts(review: Review, path: tuple[str, ...]) -> None:
    assert review("d.yaml", d=document("Deploymnet", "apps/v1", *path)).code == 1


def test_what_a_selector_chooses_counts(review: Review) -> None:
    toolhive = document("Deploymnet", "apps/v1").replace(SERVER, "toolhive")
    settings = "selectors: [{toolhive: 'true'}]"

    assert review("d.yaml", "--settings", "s.yaml", d=toolhive, s=settings).code == 1
    assert review("d.yaml").code == 0


def test_in_a_managed_namespace_every_missing_kind_counts(review: Review) -> None:
    unlabelled = document("Deploymnet", "apps/v1", label="false")

    assert review("d.yaml", d=unlabelled).code == 0
    assert review("d.yaml", "--managed").code == 1


CUSTOM = [
    ("MCPServer", "toolhive.stacklok.dev/v1alpha1"),
    ("StatefulSet", "apps.kruise.io/v1beta1"),
    ("Sandbox", "agents.x-k8s.io/v1alpha1"),
]


@pytest.mark.parametrize(("kind", "api_version"), CUSTOM)
def test_a_custom_resource_is_reported_and_passes(
    review: Review, kind: str, api_version: str
) -> None:
    printed = review("d.yaml", d=document(kind, api_version))

    assert printed.code == 0
    assert printed.out.startswith(f"d.yaml:1: {kind} default/a: not reviewed\n  warning  d.yaml:1:")
    group = api_version.partition("/")[0]
    assert f"{kind} of {group} is not reviewed: its pods are, where they carry" in printed.out
    assert "\nno MCP server among 1 object: " in printed.out
    assert review("d.yaml", d=document(kind, api_version, label="false")).out.count("\n") == 1
    assert review("d.yaml", "--managed").out.count("\n") == 1


def test_every_format_reports_what_is_not_reviewed(review: Review) -> None:
    text = document("MCPServer", "toolhive.stacklok.dev/v1alpha1")

    report = json.loads(review("d.yaml", "-o", "json", d=text).out)
    assert [(one["covered"], one["allowed"]) for one in report["results"]] == [(False, True)]
    assert (report["summary"]["other"], report["summary"]["warnings"]) == (1, 1)
    assert review("d.yaml", "-o", "table").out.splitlines()[1].startswith("not reviewed   MCPS")
    assert '<skipped message="not reviewed" />' in review("d.yaml", "-o", "junit").out
    assert '"ruleId": "identity"' in review("d.yaml", "-o", "sarif").out
    assert "MCPServer" in review("d.yaml", "-o", "yaml").out


@pytest.mark.parametrize(
    ("kind", "api_version"),
    [
        ("Service", "v1"),
        ("ConfigMap", "v1"),
        ("List", "v1"),
        ("ControllerRevision", "apps/v1"),
        ("HorizontalPodAutoscaler", "autoscaling/v2"),
        ("NetworkPolicy", "networking.k8s.io/v1"),
        ("RoleBinding", "rbac.authorization.k8s.io/v1"),
        ("ToolList", "example.com/v1"),
    ],
)
@pytest.mark.parametrize("words", [(), ("--managed",)], ids=["opted-in", "managed"])
def test_what_makes_no_pods_may_carry_the_label(
    review: Review, kind: str, api_version: str, words: tuple[str, ...]
) -> None:
    printed = review("d.yaml", *words, d=document(kind, api_version))

    assert printed.code == 0
    assert printed.out.startswith("no MCP server among 1 object: ")


@pytest.mark.parametrize("metadata", [None, [], "text", {"labels": None}, {"labels": ["a"]}])
def test_labels_of_another_shape_are_none(review: Review, metadata: Any) -> None:
    text = json.dumps({"apiVersion": "apps/v1", "kind": "Deploymnet", "metadata": metadata})

    assert review("d.yaml", d=text).code == 0


OURS = "mcp-admission.dev/"
NOT_MANAGED = 'must be "true" or "false": the namespace is not managed'
NAMESPACES = [
    ("managed", "true", 0, ""),
    ("managed", "false", 0, ""),
    ("managed", "yes", 0, NOT_MANAGED),
    ("managed", None, 0, NOT_MANAGED),
    ("managed", True, 1, "must be text: put it in quotes"),
    ("mangaed", "true", 0, "is not read by this version: did you mean managed?"),
    ("server", "true", 0, f"is for workloads: {OURS}managed is the label of namespaces"),
]


@pytest.mark.parametrize(("key", "value", "code", "said"), NAMESPACES)
def test_a_slip_in_the_label_of_a_namespace_is_reported(
    review: Review, key: str, value: Any, code: int, said: str
) -> None:
    labels = {OURS + key: value, "other": None}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": labels}}

    printed = review("n.yaml", n=json.dumps(namespace))

    assert printed.code == code
    assert (f"metadata.labels[{OURS}{key}] {said} (object)" in printed.out) == bool(said)
    assert printed.out.count("metadata.labels") == bool(said)


def test_a_namespace_without_labels_has_nothing_to_tell(review: Review) -> None:
    for metadata in (None, {}, {"labels": None}):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        assert review("n.yaml", n=json.dumps(namespace)).code == 0
