"""What each other matchCondition lets through, and that none is ever an error."""

import itertools
from collections.abc import Callable

import pytest

from tests.manifests.apiserver import Registered, Request, calls, conditions_hold, registered
from tests.manifests.objects import KINDS, OPT_IN, Json, body, with_annotations, with_labels

MANAGED = {"kubernetes.io/metadata.name": "mcp", "mcp-admission.dev/managed": "true"}
TEAM = {"kubernetes.io/metadata.name": "team"}
MIRROR = {"kubernetes.io/config.mirror": "0123"}
NODE = ("system:nodes", "system:authenticated")
TENANT = ("system:authenticated",)
NAMESPACES = [(MANAGED, "managed-namespace"), (TEAM, "opted-in")]

BARE: list[Json] = [
    {},
    {"metadata": {}},
    {"metadata": {"creationTimestamp": None}},
    {"metadata": {"labels": {}, "annotations": {}}},
    {"metadata": {"ownerReferences": []}},
    {"metadata": {"ownerReferences": [{"kind": "ReplicaSet", "name": "a"}]}},
    {"metadata": {}, "spec": {}},
    {"spec": {"template": {}}},
    {"spec": {"template": {"metadata": {"creationTimestamp": None}, "spec": {}}}},
    {"spec": {"template": {"metadata": {"labels": {}}}}},
    {"template": {}},
    {"template": {"metadata": {}}},
    {"spec": {"jobTemplate": {}}},
    {"spec": {"jobTemplate": {"metadata": {}, "spec": {}}}},
    {"spec": {"jobTemplate": {"spec": {"template": {}}}}},
    {"spec": {"jobTemplate": {"spec": {"template": {"metadata": {}}}}}},
]
LABELLED = body("Pod", own={OPT_IN: "true"})


def pod(operation: str, namespace: Json, new: Json, old: Json | None = None) -> Request:
    return Request("", "pods", operation, "Pod", namespace, new, old)


@pytest.mark.parametrize("groups", [(), TENANT, NODE])
@pytest.mark.parametrize(
    "one", registered(), ids=lambda one: f"{one.name} {one.operation} {one.resource}"
)
def test_no_match_condition_is_an_error_on_a_bare_object(
    one: Registered, groups: tuple[str, ...]
) -> None:
    kind = KINDS[one.group, one.resource]
    olds = [None, *BARE] if one.operation == "UPDATE" else [None]
    for new, old in itertools.product(BARE, olds):
        asked = Request(one.group, one.resource, one.operation, kind, TEAM, new, old, groups)

        called = conditions_hold(one.entry, asked)

        assert not (called and one.name.endswith("opted-in")), (new, old)


@pytest.mark.parametrize(("namespace", "entry"), NAMESPACES)
@pytest.mark.parametrize(
    ("annotations", "groups", "reviewed"),
    [
        (MIRROR, NODE, False),
        ({"kubernetes.io/config.mirror": ""}, NODE, False),
        (MIRROR, TENANT, True),
        (MIRROR, (), True),
        (MIRROR, ("system:nodes:", "system:node"), True),
        ({}, NODE, True),
        ({"kubernetes.io/config.source": "file"}, NODE, True),
    ],
)
def test_a_mirror_pod_needs_the_annotation_and_a_kubelet(
    annotations: Json, groups: tuple[str, ...], reviewed: bool, namespace: Json, entry: str
) -> None:
    new = with_annotations(LABELLED, annotations)

    called = calls(Request("", "pods", "CREATE", "Pod", namespace, new, groups=groups))

    assert called == ([f"M {entry}", f"V {entry}"] if reviewed else [])


@pytest.mark.parametrize(("namespace", "entry"), NAMESPACES)
def test_only_pods_can_be_mirror_pods(namespace: Json, entry: str) -> None:
    for (group, resource), kind in KINDS.items():
        if kind in {"Pod", "Scale"}:
            continue
        new = with_annotations(body(kind, {OPT_IN: "true"}), MIRROR)
        asked = Request(group, resource, "CREATE", kind, namespace, new, groups=NODE)

        assert f"V {entry}" in calls(asked), resource


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE"])
@pytest.mark.parametrize(("namespace", "entry"), NAMESPACES)
@pytest.mark.parametrize(
    ("owners", "own"),
    [
        ([], True),
        ([{"kind": "Deployment", "name": "a"}], True),
        ([{"kind": "Deployment", "name": "a", "controller": False}], True),
        ([{"kind": "Deployment", "name": "a", "controller": True}], False),
        ([{"kind": "A", "name": "a"}, {"kind": "B", "name": "b", "controller": True}], False),
    ],
)
def test_of_what_another_workload_made_only_pods_and_deployments_are_reviewed(
    owners: list[Json], own: bool, namespace: Json, entry: str, operation: str
) -> None:
    for (group, resource), kind in KINDS.items():
        if "/" in resource or kind == "Binding":
            continue
        new = body(kind, {OPT_IN: "true"})
        new["metadata"]["ownerReferences"] = owners
        old = new if operation == "UPDATE" else None
        called = calls(Request(group, resource, operation, kind, namespace, new, old))

        enforced = kind in {"Pod", "Deployment"}
        assert (f"V {entry}" in called) is (own or enforced), resource


@pytest.mark.parametrize(("namespace", "entry"), NAMESPACES)
@pytest.mark.parametrize(
    ("owners", "named"),
    [
        (None, False),
        ([], False),
        ([{"kind": "CronJob", "name": "a"}], False),
        ([{"kind": "CronJob", "name": "a", "controller": False}], False),
        ([{"kind": "CronJob", "name": "a", "controller": True}], True),
        ([{"kind": "JobSet", "name": "a", "controller": True}], False),
        ([{"name": "a", "controller": True}], False),
        ([{"kind": "X", "name": "x"}, {"kind": "CronJob", "name": "a", "controller": True}], True),
    ],
)
def test_of_jobs_only_the_runs_of_a_cron_job_are_mutated(
    owners: list[Json] | None, named: bool, namespace: Json, entry: str
) -> None:
    new = body("Job", template={OPT_IN: "true"})
    if owners is not None:
        new["metadata"]["ownerReferences"] = owners
    created = calls(Request("batch", "jobs", "CREATE", "Job", namespace, new))
    updated = calls(Request("batch", "jobs", "UPDATE", "Job", namespace, new, new))

    assert (f"M {entry}" in created) is named
    assert f"M {entry}" not in updated


@pytest.mark.parametrize(("namespace", "entry"), NAMESPACES)
def test_a_binding_with_an_owner_is_still_reviewed(namespace: Json, entry: str) -> None:
    new = with_labels(body("Binding"), {"mcp-admission.dev/name": "a"})
    new["metadata"]["ownerReferences"] = [{"kind": "A", "name": "a", "controller": True}]

    called = calls(Request("", "pods/binding", "CREATE", "Binding", namespace, new))

    assert called == [f"V {entry}"]


@pytest.mark.parametrize(("namespace", "entry"), NAMESPACES)
@pytest.mark.parametrize(
    ("change", "hooks"),
    [
        ({}, "V"),
        ({"metadata": {"labels": {OPT_IN: "true"}, "finalizers": ["a.example/b"]}}, "V"),
        ({"status": {"phase": "Running"}}, "V"),
        ({"spec": {"containers": [{"name": "main", "image": "example.org/tools:1"}]}}, "V"),
        ({"spec": {"containers": [{"name": "main", "image": "example.org/tools:2"}]}}, "MV"),
        ({"spec": LABELLED["spec"] | {"schedulingGates": [{"name": "a"}]}}, "MV"),
        ({"spec": LABELLED["spec"] | {"terminationGracePeriodSeconds": 1}}, "MV"),
        ({"spec": {}}, "MV"),
    ],
)
def test_a_pod_update_is_mutated_only_when_the_spec_differs(
    change: Json, hooks: str, namespace: Json, entry: str
) -> None:
    called = calls(pod("UPDATE", namespace, LABELLED | change, LABELLED))

    assert called == [f"{hook} {entry}" for hook in hooks]


@pytest.mark.parametrize(("namespace", "entry"), NAMESPACES)
@pytest.mark.parametrize(
    ("old", "new", "reviewed"),
    [
        ({OPT_IN: "true"}, {OPT_IN: "true"}, False),
        ({OPT_IN: "true", "a": "1", "b": "2"}, {"b": "2", "a": "1", OPT_IN: "true"}, False),
        ({OPT_IN: "true"}, {}, True),
        ({}, {OPT_IN: "true"}, True),
        ({OPT_IN: "true"}, {OPT_IN: "false"}, True),
        ({OPT_IN: "true", "a": "1"}, {OPT_IN: "true", "a": "2"}, True),
        ({OPT_IN: "true"}, {OPT_IN: "true", "mcp-admission.dev/name": "a"}, True),
    ],
)
def test_a_status_update_is_reviewed_only_when_labels_differ(
    old: Json, new: Json, reviewed: bool, namespace: Json, entry: str
) -> None:
    asked = Request(
        "", "pods/status", "UPDATE", "Pod", namespace, body("Pod", new), body("Pod", old)
    )

    assert calls(asked) == ([f"V {entry}"] if reviewed else [])


def test_the_kubelets_status_of_a_pod_without_labels_is_not_reviewed() -> None:
    new, old = body("Pod") | {"status": {"phase": "Running"}}, body("Pod")

    assert calls(Request("", "pods/status", "UPDATE", "Pod", MANAGED, new, old)) == []


@pytest.mark.parametrize(("namespace", "entry"), NAMESPACES)
@pytest.mark.parametrize("carry", [with_labels, with_annotations])
@pytest.mark.parametrize(
    ("key", "reviewed"),
    [
        ("mcp-admission.dev/server", True),
        ("mcp-admission.dev/name", True),
        ("mcp-admission.dev/something-new", True),
        ("container.apparmor.security.beta.kubernetes.io/main", True),
        ("container.apparmor.security.beta.kubernetes.io", False),
        ("mcp-admission.dev", False),
        ("mcp-admission.device/server", False),
        ("x.mcp-admission.dev/server", False),
        ("topology.kubernetes.io/zone", False),
    ],
)
def test_a_binding_is_reviewed_only_when_it_carries_a_guarded_key(
    carry: Callable[[Json, Json], Json], key: str, reviewed: bool, namespace: Json, entry: str
) -> None:
    """Among other keys, whatever the value: a Binding's keys end up on the pod."""
    new = carry(body("Binding"), {"a": "1", key: "false", "z.example/b": "mcp-admission.dev/"})

    called = calls(Request("", "pods/binding", "CREATE", "Binding", namespace, new))

    assert called == ([f"V {entry}"] if reviewed else [])
