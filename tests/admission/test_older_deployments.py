"""Deployments that were there before us: what leaves their template alone is not our business.

A finalizer that cannot be removed would keep a Deployment from being deleted for ever.
"""

from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer
from tests.in_memory.defaults import copied, with_defaults
from webhook.admission.workload import Scope
from webhook.settings.model import Settings

Json = dict[str, Any]

SERVER = "mcp-admission.dev/server"
SETTINGS = Settings()
MANAGED = ApiServer(SETTINGS, Scope.MANAGED)
OPTED_IN = ApiServer(SETTINGS)


def older(labels: Json, of_template: Json) -> Json:
    """A stored Deployment that no review has seen, and that would be refused today."""
    spec = {"hostNetwork": True, "containers": [{"name": "main", "image": "registry.example/a:1"}]}
    return with_defaults(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "a", "labels": labels, "finalizers": ["foregroundDeletion"]},
            "spec": {
                "selector": {"matchLabels": {"app": "a"}},
                "template": {"metadata": {"labels": {"app": "a", **of_template}}, "spec": spec},
            },
        }
    )


OLDER = {
    "unlabelled, in a managed namespace": (MANAGED, older({}, {})),
    "opted out, in a managed namespace": (MANAGED, older({SERVER: "false"}, {})),
    "labelled": (OPTED_IN, older({SERVER: "true"}, {})),
    "labelled with a typo": (OPTED_IN, older({SERVER: "yes"}, {})),
    "labelled in its template alone": (OPTED_IN, older({}, {SERVER: "true"})),
}
CASES = pytest.mark.parametrize(("cluster", "live"), OLDER.values(), ids=OLDER)


@CASES
def test_new_metadata_of_an_older_deployment_fills_in_nothing(
    cluster: ApiServer, live: Json
) -> None:
    new = copied(live)
    del new["metadata"]["finalizers"]
    new["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "2"}

    outcome = cluster.update(live, new)

    assert (outcome.allowed, outcome.warnings) == (True, [])
    assert outcome.stored == new


@CASES
def test_a_new_template_is_reviewed(cluster: ApiServer, live: Json) -> None:
    new = copied(live)
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/a:2"

    assert "host-namespaces" in cluster.update(live, new).refused_by


@CASES
def test_the_first_new_template_of_an_older_deployment_is_hardened_and_labelled(
    cluster: ApiServer, live: Json
) -> None:
    new = copied(live)
    del new["spec"]["template"]["spec"]["hostNetwork"]
    new["metadata"]["labels"].pop(SERVER, None)

    stored = cluster.update(live, new).stored

    assert stored["metadata"]["labels"] == {SERVER: "true"}
    assert stored["spec"]["template"]["metadata"]["labels"][SERVER] == "true"
    assert stored["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] is True


@CASES
def test_labelling_it_is_a_change_of_its_own(cluster: ApiServer, live: Json) -> None:
    new = copied(live)
    new["metadata"]["labels"] = {SERVER: "true"}

    outcome = cluster.update(live, new)

    if live["metadata"]["labels"] == {SERVER: "true"}:
        assert outcome.stored == new
    else:
        assert "host-namespaces" in outcome.refused_by
