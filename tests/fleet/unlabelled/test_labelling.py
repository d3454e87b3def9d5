"""The command for each kind, and what is labelled instead where something else writes it."""

import pytest

from tests.fleet.unlabelled.manifests import SERVERS, similar
from webhook.fleet.report import WorkloadKey
from webhook.fleet.unlabelled.labelling import Labelling, labelling
from webhook.fleet.unlabelled.recognisers import LIFECYCLE
from webhook.fleet.unlabelled.traits import ForeignOwner

LABELS = '{"labels":{"mcp-admission.dev/server":"true"}}'
BOTH = f'{{"metadata":{LABELS},"spec":{{"template":{{"metadata":{LABELS}}}}}}}'
INNER = f'{{"template":{{"metadata":{LABELS}}}}}'
NIGHTLY = f'{{"metadata":{LABELS},"spec":{{"jobTemplate":{{"spec":{INNER}}}}}}}'
EXTRA = '{"spec":{"extraLabels":{"mcp-admission.dev/server":"true"}}}'
MANAGED = "mcp-admission.dev/managed=true"


def key(kind: str) -> WorkloadKey:
    return WorkloadKey("team", kind, "crm")


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("Deployment", "label deployment -n team crm mcp-admission.dev/server=true"),
        ("StatefulSet", f"patch statefulset -n team crm --type merge -p '{BOTH}'"),
        ("DaemonSet", f"patch daemonset -n team crm --type merge -p '{BOTH}'"),
        ("ReplicaSet", f"patch replicaset.apps -n team crm --type merge -p '{BOTH}'"),
        ("CronJob", f"patch cronjob -n team crm --type merge -p '{NIGHTLY}'"),
    ],
)
def test_a_kind_that_can_be_changed_has_one_command(kind: str, command: str) -> None:
    assert labelling(key(kind), []) == Labelling(f"kubectl {command}")


@pytest.mark.parametrize(
    ("kind", "begin"),
    [
        ("Pod", "kubectl label --local -f FILE mcp-admission.dev/server=true"),
        ("Job", f"kubectl patch --local -f FILE --type merge -p '{BOTH}'"),
    ],
)
def test_a_kind_that_cannot_be_changed_is_made_again(kind: str, begin: str) -> None:
    command, note = labelling(key(kind), [])

    assert command == f"{begin} -o yaml | kubectl replace --force -f -"
    assert "deletes it and creates it again" in note


@pytest.mark.parametrize(
    ("title", "command", "note"),
    [
        ("StatefulSet toolhive/fetch", f"namespace toolhive {MANAGED}", '{toolhive: "true"}'),
        ("Deployment kmcp/echo", f"namespace kmcp {MANAGED}", "managed-by: kmcp"),
        ("Deployment obot-mcp/ms1abc", f"namespace obot-mcp {MANAGED}", "Obot writes"),
        (
            "Deployment lifecycle/catalogue",
            f"mcpservers.mcp.x-k8s.io -n lifecycle catalogue --type merge -p '{EXTRA}'",
            "label what it is made from",
        ),
    ],
)
def test_what_an_operator_writes_is_labelled_elsewhere(title: str, command: str, note: str) -> None:
    found = similar(SERVERS[title])

    assert found is not None
    assert found.labelling.command.endswith(command)
    assert note in found.labelling.note


def test_an_owner_that_is_not_known_is_named() -> None:
    owner = ForeignOwner("example.org", "Tool", "crm")

    assert labelling(key("Deployment"), [owner]) == Labelling(
        f"kubectl label namespace team {MANAGED}",
        "Tool crm owns the Deployment and may write it again: make everything in the namespace a "
        "server",
    )
    assert labelling(key("Deployment"), [], LIFECYCLE).command.endswith(MANAGED)
