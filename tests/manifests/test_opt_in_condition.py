"""Who is asked to be reviewed outside managed namespaces: the label's places and values."""

import pytest

from tests.manifests.apiserver import Request, calls
from tests.manifests.objects import KINDS, OPT_IN, Json, body

TEAM = {"kubernetes.io/metadata.name": "team"}
BOTH_HOOKS = ["M opted-in", "V opted-in"]


def deployment(operation: str, new: Json, old: Json | None = None) -> Request:
    return Request("apps", "deployments", operation, "Deployment", TEAM, new, old)


@pytest.mark.parametrize("value", ["true", "yes", "True", "False", "0", ""])
@pytest.mark.parametrize("place", ["own", "template"])
def test_every_value_of_the_label_but_false_opts_in(place: str, value: str) -> None:
    new = body("Deployment", **{place: {OPT_IN: value}})

    assert calls(deployment("CREATE", new)) == BOTH_HOOKS


@pytest.mark.parametrize(
    "labels",
    [
        {OPT_IN: "false"},
        {"mcp-admission.dev/servers": "true"},
        {"mcp-admission.dev/name": "github-tools"},
        {"mcp-admission.dev": "true"},
        {"server": "true"},
    ],
)
def test_other_labels_do_not_opt_in(labels: Json) -> None:
    for (group, resource), kind in KINDS.items():
        new = body(kind, own=labels, template=labels)
        asked = Request(group, resource, "UPDATE", kind, TEAM, new, body(kind))

        assert calls(asked) == []


def test_an_annotation_does_not_opt_in() -> None:
    new = body("Pod")
    new["metadata"]["annotations"] = {OPT_IN: "true"}

    assert calls(Request("", "pods", "CREATE", "Pod", TEAM, new)) == []


def test_an_update_that_opts_out_is_reviewed() -> None:
    old = body("Deployment", own={OPT_IN: "true"}, template={OPT_IN: "true"})
    new = body("Deployment", own={OPT_IN: "false"})

    assert calls(deployment("UPDATE", new, old)) == BOTH_HOOKS


def test_an_update_that_stays_opted_out_is_not_reviewed() -> None:
    out = body("Deployment", own={OPT_IN: "false"})

    assert calls(deployment("UPDATE", out, out)) == []


def test_a_template_that_opts_in_counts_under_a_workload_that_opts_out() -> None:
    new = body("Deployment", own={OPT_IN: "false"}, template={OPT_IN: "true"})

    assert calls(deployment("CREATE", new)) == BOTH_HOOKS


def test_the_labels_of_a_cronjobs_jobs_do_not_count() -> None:
    """Its pods take theirs from the template below."""
    new = body("CronJob")
    new["spec"]["jobTemplate"]["metadata"] = {"labels": {OPT_IN: "true"}}

    assert calls(Request("batch", "cronjobs", "CREATE", "CronJob", TEAM, new)) == []
