"""What was made for a server that opts out goes, and what somebody else has taken over stays."""

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
from webhook.controller.cluster_state import ClusterState
from webhook.controller.owned.managed_fields import HELM_RELEASE
from webhook.controller.servers.server_reconciler import ServerReconciler

DEPLOYMENT = "/apis/apps/v1/namespaces/team/deployments/crm"
SERVICE = "/api/v1/namespaces/team/services/crm-mcp"
FORMER = "/api/v1/namespaces/team/services/crm"
SECRET = "/api/v1/namespaces/team/secrets/crm-mcp-config"
THEM = {"manager": "them", "operation": "Update"}


def rewritten(api: Remembering, view: ClusterState, path: str, **metadata: object) -> None:
    """Somebody writes the metadata of an object, which is known where the view is the one."""
    found = api.there[path]
    api.there[path] = stored({**found, "metadata": {**found["metadata"], **metadata}}, "theirs")
    view.made[found["kind"]].put(api.there[path])


async def opted_out(api: Remembering, **status: Any) -> tuple[ServerReconciler, ClusterState]:
    """A server with all of its objects, and a former Service, that opts out."""
    servers, view = servers_of(api)
    await servers.reconcile(KEY)
    api.there[FORMER] = stored(
        {**api.there[SERVICE], "metadata": {**api.there[SERVICE]["metadata"], "name": "crm"}}, "f"
    )
    view.made["Service"].put(api.there[FORMER])
    out = deployment({}, 2, **status)
    out["metadata"]["labels"] = {"mcp-admission.dev/server": "false"}
    api.there[DEPLOYMENT] = out
    view.deployments.put(out)
    return servers, view


ROLLED = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1}


def left(api: Remembering) -> set[str]:
    return {path for path in (SERVICE, FORMER, SECRET) if path in api.there}


def unlabelled(found: Json, version: str) -> Json:
    found["metadata"] |= {"labels": {}, "resourceVersion": version}
    found["spec"]["template"]["metadata"]["labels"] = {}
    return found


def test_all_of_it_goes_after_the_rollout() -> None:
    async def main() -> None:
        api = Remembering()
        servers, _ = await opted_out(api, observedGeneration=1)
        assert await servers.reconcile(KEY) == 2.0
        assert left(api) == {SERVICE, FORMER, SECRET}
        api.there[DEPLOYMENT]["status"] = ROLLED
        assert await servers.reconcile(KEY) is None
        assert left(api) == set()
        await servers.reconcile(KEY)

    run(main())


def test_a_rollout_that_does_not_end_is_looked_at_later_each_time_and_when_it_changes() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = await opted_out(api, observedGeneration=1)
        waits = [await servers.reconcile(KEY) for _ in range(12)]
        assert waits[:4] == [2.0, 4.0, 8.0, 16.0]
        assert waits[-1] == 600.0
        view.deployments.put(unlabelled(api.there[DEPLOYMENT], "1000000"))
        kept = view.deployments.get(*KEY)
        assert kept
        assert (kept.covered, kept.rolled) == (False, False)
        api.there[DEPLOYMENT]["status"] = ROLLED
        assert await servers.reconcile(KEY) is None
        assert left(api) == set()

    run(main())


def test_a_deployment_without_a_label_is_followed_until_nothing_is_left_of_its_server() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = await opted_out(api, **ROLLED)
        for version, followed in (("1000000", True), ("1000001", False)):
            view.deployments.put(unlabelled(api.there[DEPLOYMENT], version))
            assert (view.deployments.get(*KEY) is not None) is followed
            await servers.reconcile(KEY)

    run(main())


def test_a_secret_that_the_template_still_names_stays() -> None:
    async def main() -> None:
        api = Remembering()
        servers, _ = await opted_out(api, **ROLLED)
        source = {"secretRef": {"name": "crm-mcp-config"}}
        api.there[DEPLOYMENT]["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [source]
        await servers.reconcile(KEY)
        assert left(api) == {SECRET}

    run(main())


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "not-seen-yet"])
def test_what_somebody_else_has_taken_over_stays_and_is_let_go(seen: bool) -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = await opted_out(api, **ROLLED)
        theirs: Json = {"annotations": {HELM_RELEASE: "crm"}}
        known = view if seen else servers_of(Remembering())[1]
        for path in (SERVICE, SECRET):
            rewritten(api, known, path, **theirs)
        ours = api.there[FORMER]["metadata"]["managedFields"]
        rewritten(api, view, FORMER, managedFields=[*ours, THEM])
        await servers.reconcile(KEY)
        assert left(api) == {SERVICE, FORMER, SECRET}
        for path in left(api):
            assert api.there[path]["metadata"]["ownerReferences"] == []

    run(main())


def test_a_deployment_that_is_gone_or_is_a_server_again_is_left_to_others() -> None:
    async def main() -> None:
        api = Remembering()
        servers, _ = await opted_out(api, **ROLLED)
        labels = {"mcp-admission.dev/server": "true", "mcp-admission.dev/name": "crm"}
        api.there[DEPLOYMENT]["metadata"]["labels"] = labels
        assert await servers.reconcile(KEY) is None
        assert left(api) == {SERVICE, FORMER, SECRET}

    run(main())
