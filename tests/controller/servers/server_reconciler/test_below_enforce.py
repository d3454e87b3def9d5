"""Below `mode: enforce` a server gets nothing; what clients and pods use of it stays."""

from typing import Any

import pytest

from tests.controller.servers.one_server import (
    KEY,
    Json,
    Remembering,
    deployment,
    servers_of,
    stored,
)
from tests.kube.virtual_time import run
from webhook import names
from webhook.controller.servers.server_reconciler import PAUSE
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

PLACE = "/api/v1/namespaces/team/{}/{}"
SERVICE, SECRET = PLACE.format("services", "crm-mcp"), PLACE.format("secrets", "crm-mcp-config")
POLICY = "/apis/networking.k8s.io/v1/namespaces/team/networkpolicies/crm-mcp-access"
# It ran before: its pods may have read whatever is made now.
RAN: Json = {
    "observedGeneration": 1,
    "replicas": 1,
    "updatedReplicas": 1,
    "conditions": [{"reason": "NewReplicaSetAvailable"}],
}
EGRESS: Json = {"mcpNamespace": {"networkPolicy": {"egressCeilings": ["10.0.0.0/8"]}}}


def switch(view: Any, mode: str) -> None:
    """The mode changes, and Deployments are judged again."""
    view.change_settings(SettingsByNamespace(Settings.model_validate({"mode": mode, **EGRESS})))


def asking() -> Json:
    """A server with a configuration and a policy of its own."""
    found = deployment({})
    found["metadata"]["annotations"]["mcp-admission.dev/egress"] = "10.1.0.0/16"
    return found


@pytest.mark.parametrize("mode", ["observe", "warn"])
def test_nothing_is_made_read_or_said(mode: str) -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        switch(view, mode)
        assert await servers.reconcile(KEY) is None
        assert (api.created, api.events, api.reads, api.revisions) == ([], [], 0, [])

    run(main())


def test_leaving_enforce_takes_the_policy_after_the_last_gate_and_nothing_else() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        switch(view, "enforce")
        view.deployments.put(asking())
        await servers.reconcile(KEY)
        assert api.there.keys() >= {SERVICE, SECRET, POLICY}
        before = dict(api.there)
        waiting = {"metadata": {"name": "pod", "namespace": "team"}, "spec": {}}
        gated = {**waiting, "spec": {names.GATES: [{"name": names.GATE}]}}
        view.pods.put(stored(gated, "pod"))

        switch(view, "observe")
        assert await servers.reconcile(KEY) == PAUSE
        assert api.there == before
        view.pods.put(stored(waiting, "pod"))
        assert await servers.reconcile(KEY) is None
        assert before.keys() - api.there.keys() == {POLICY}
        assert (api.writes, api.revisions) == ([], [])

        switch(view, "enforce")
        await servers.reconcile(KEY)
        assert api.there.keys() == before.keys()
        assert api.revisions == [], "nothing rolls by itself"

    run(main())


def test_pods_that_run_keep_getting_what_their_author_changes() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        await servers.reconcile(KEY)
        switch(view, "observe")
        api.value = "another"
        source = {"metadata": {"name": "source", "namespace": "team"}}
        view.sources.put(stored(source, "source"))
        await servers.reconcile(KEY)
        assert api.writes[0]["data"]["KEY"] == "YW5vdGhlcg=="
        assert len(api.revisions) == 1

        del api.there[SECRET]
        view.made["Secret"].drop("team", "crm-mcp-config")
        await servers.reconcile(KEY)
        assert (SECRET in api.there, len(api.revisions)) == (False, 1)

    run(main())


def test_entering_enforce_makes_what_is_missing_and_rolls_nothing() -> None:
    """Its template was filled in by nobody: no pod of it reads the Secret that is made now."""

    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        switch(view, "observe")
        view.deployments.put(deployment({}, touched=False, **RAN))
        await servers.reconcile(KEY)
        assert api.created == []

        switch(view, "enforce")
        for _ in range(2):
            await servers.reconcile(KEY)
            assert api.there.keys() >= {SERVICE, SECRET}
        view.deployments.put(deployment({}, 2, **RAN))
        await servers.reconcile(KEY)
        assert api.revisions == [], "its first rollout reads what is there"

    run(main())
