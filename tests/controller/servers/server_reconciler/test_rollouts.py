"""How far a server has rolled out is looked at where something waits for it, and nowhere else."""

from tests.controller.servers.one_server import (
    KEY,
    Json,
    Remembering,
    deployment,
    servers_of,
)
from tests.kube.virtual_time import run

SERVICE = "/api/v1/namespaces/team/services/crm-mcp"
ROLLING: Json = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1}
ROLLED: Json = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1}


def test_a_rollout_of_what_is_right_reads_nothing() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        await servers.reconcile(KEY)
        assert (len(api.created), api.reads) == (2, 1)

        for status in (ROLLING, ROLLED):
            view.deployments.put(deployment({}, 2, **status))
            await servers.reconcile(KEY)
        assert (len(api.created), api.reads) == (2, 1)

    run(main())


def test_a_service_waits_for_the_rollout_with_its_selector() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        api.generation, api.status = 2, ROLLING
        view.deployments.put(deployment({}, 2, **ROLLING))
        for _ in range(2):
            await servers.reconcile(KEY)
        assert "selector" not in api.there[SERVICE]["spec"]

        view.deployments.put(deployment({}, 2, **ROLLED))
        await servers.reconcile(KEY)
        assert api.there[SERVICE]["spec"]["selector"]

    run(main())
