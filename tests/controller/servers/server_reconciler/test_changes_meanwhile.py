"""What changes while a server is written is seen to afterwards."""

from tests.controller.servers.one_server import KEY, Remembering, servers_of
from tests.kube.virtual_time import run


def test_an_object_that_goes_while_another_is_written_is_made_again() -> None:
    async def main() -> list[str]:
        api = Remembering()
        servers, view = servers_of(api)
        await servers.reconcile(KEY)
        await servers.reconcile(KEY)
        assert sorted(api.created) == ["Secret", "Service"]

        api.created.clear()
        path = "/api/v1/namespaces/team/services/crm-mcp"
        secret = "/api/v1/namespaces/team/secrets/crm-mcp-config"

        def secret_goes() -> None:
            del api.there[secret]
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
