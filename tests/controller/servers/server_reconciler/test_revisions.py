"""Pods roll for a value that they cannot have read, and for no other."""

from typing import Any

import pytest

from tests.controller.servers.one_server import KEY, Json, Remembering, deployment, servers_of
from tests.kube.virtual_time import run

SECRET = "/api/v1/namespaces/team/secrets/crm-mcp-config"
REVISION = "mcp-admission.dev/revision"
COMPLETE = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
ROLLED: Json = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}


async def changed(api: Any, servers: Any, view: Any, value: str) -> None:
    """The user's Secret changes, and the server is looked at."""
    api.value = value
    view.sources.put(
        {"metadata": {"name": "source", "namespace": "team", "uid": "u", "resourceVersion": value}}
    )
    await servers.reconcile(KEY)


def test_a_new_server_does_not_roll_for_the_values_that_it_begins_with() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        await changed(api, servers, view, "1")
        await servers.reconcile(KEY)
        assert api.revisions == []
        began = api.there[SECRET]["metadata"]["annotations"][REVISION]

        await changed(api, servers, view, "2")
        (second,) = api.revisions
        assert second != began
        assert api.there[SECRET]["metadata"]["annotations"][REVISION] == began

        await changed(api, servers, view, "1")
        assert api.revisions == [second, began]

    run(main())


@pytest.mark.parametrize(
    ("status", "rolls"),
    [
        ({}, False),
        ({**ROLLED, "conditions": [{"reason": "ReplicaSetUpdated"}]}, False),
        ({**ROLLED, "conditions": [COMPLETE]}, True),
        ({**ROLLED, "unavailableReplicas": 1, "conditions": [COMPLETE]}, True),
        ({"observedGeneration": 1, "conditions": [COMPLETE]}, False),
        ({"observedGeneration": 0, "conditions": [COMPLETE]}, True),
    ],
    ids=["new", "waits", "runs", "ran", "without-pods", "not-seen-yet"],
)
def test_values_that_change_while_the_secret_is_away_roll_pods_that_may_have_read_it(
    status: Json, rolls: bool
) -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        await changed(api, servers, view, "1")
        view.deployments.put(deployment({}, **status))

        del api.there[SECRET]
        view.made["Secret"].drop("team", "crm-mcp-config")
        await changed(api, servers, view, "2")
        assert bool(api.revisions) is rolls

    run(main())
