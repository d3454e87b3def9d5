"""What is to be there of a server: all in `enforce`, below it what exists and is no policy."""

from typing import Any

from tests.controller.servers.one_server import KEY, Remembering, deployment, servers_of
from tests.kube.virtual_time import run
from webhook.controller.deployment_state import observe_deployment
from webhook.controller.owned.writer import Writer
from webhook.controller.servers.source_reader import SourceReader
from webhook.controller.servers.wanted_objects import WantedObjects
from webhook.objects.made import Made
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

BELOW = SettingsByNamespace(Settings(mode="warn"))


def kinds(made: Made) -> list[str]:
    return [each["kind"] for each in made.objects]


def test_below_enforce_what_exists_is_kept_with_its_revision() -> None:
    async def main() -> None:
        api: Any = Remembering()
        servers, view = servers_of(api)
        wanted = WantedObjects(view, Writer(api, view.made), SourceReader(api, view))
        found = observe_deployment(deployment({}), Settings(), view.scope("team"))
        assert found is not None
        view.change_settings(BELOW)
        assert await wanted.of(KEY, found) == Made()
        view.change_settings(SettingsByNamespace(Settings()))
        everything = await wanted.of(KEY, found)
        assert kinds(everything) == ["Secret", "Service"]
        await servers.reconcile(KEY)

        view.change_settings(BELOW)
        assert await wanted.of(KEY, found) == everything
        view.made["Secret"].drop("team", "crm-mcp-config")
        left = await wanted.of(KEY, found)
        assert (kinds(left), left.revision) == (["Service"], None)

    run(main())
