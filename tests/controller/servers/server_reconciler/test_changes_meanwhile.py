"""What changes while a server is written is seen to afterwards."""

from tests.controller.servers.one_server import KEY, Remembering, servers_of, stored
from tests.kube.virtual_time import run

SECRET = "/api/v1/namespaces/team/secrets/crm-mcp-config"


def test_an_object_that_goes_while_another_is_written_is_made_again() -> None:
    async def main() -> list[str]:
        api = Remembering()
        servers, view = servers_of(api)
        await servers.reconcile(KEY)
        await servers.reconcile(KEY)
        assert sorted(api.created) == ["Secret", "Service"]

        api.created.clear()
        path = "/api/v1/namespaces/team/services/crm-mcp"

        def secret_goes() -> None:
            del api.there[SECRET]
            view.made["Secret"].drop("team", "crm-mcp-config")

        del api.there[path]
        view.made["Service"].drop("team", "crm-mcp")
        api.meanwhile = secret_goes
        await servers.reconcile(KEY)
        api.meanwhile = lambda: None
        await servers.reconcile(KEY)
        await servers.reconcile(KEY)
        found: list[str] = api.created
        return found

    assert sorted(run(main())) == ["Secret", "Service"]


def test_a_secret_that_somebody_takes_while_another_is_written_rolls_no_pods() -> None:
    """Its revision is that of the pods, and nobody has changed the configuration."""

    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        await servers.reconcile(KEY)

        def secret_is_taken() -> None:
            found = api.there[SECRET]
            metadata = {**found["metadata"], "ownerReferences": []}
            api.there[SECRET] = stored({**found, "metadata": metadata}, metadata["uid"])
            view.made["Secret"].put(api.there[SECRET])

        del api.there["/api/v1/namespaces/team/services/crm-mcp"]
        view.made["Service"].drop("team", "crm-mcp")
        api.meanwhile = secret_is_taken
        await servers.reconcile(KEY)
        assert (api.revisions, api.events) == ([], [])

        await servers.reconcile(KEY)
        assert api.revisions == []
        assert [reason for reason, _ in api.events] == ["NameTaken"]

    run(main())
