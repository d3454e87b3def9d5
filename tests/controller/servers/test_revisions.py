"""Where pods alone are filled in, no template gets a revision: its author is told to restart it."""

from typing import Any

import pytest

from tests.controller.servers.live import settings
from tests.controller.servers.one_server import Json, Remembering, deployment, servers_of
from tests.controller.servers.server_reconciler.test_revisions import (
    COMPLETE,
    REVISION,
    ROLLED,
    SECRET,
    changed,
)
from tests.kube.virtual_time import run
from webhook.settings.by_namespace import SettingsByNamespace

RUNS: Json = {**ROLLED, "conditions": [COMPLETE]}


def by_pods(api: Any, **status: Any) -> tuple[Any, Any]:
    servers, view = servers_of(api)
    view.change_settings(SettingsByNamespace(settings(fillIn="pods")))
    view.deployments.put(deployment({}, touched=False, **status))
    return servers, view


def revision_of(api: Remembering) -> str:
    return str(api.there[SECRET]["metadata"]["annotations"][REVISION])


def test_a_changed_configuration_is_told_once_and_changes_no_template() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = by_pods(api, **RUNS)
        await changed(api, servers, view, "1")
        began = revision_of(api)
        assert api.events == []

        for value, count in (("2", 1), ("2", 1), ("3", 2)):
            await changed(api, servers, view, value)
            assert len(api.events) == count
        reasons, notes = zip(*api.events, strict=True)
        assert set(reasons) == {"RestartNeeded"}
        assert "`kubectl rollout restart deployment/crm -n team`" in notes[0]
        assert revision_of(api) not in {began, ""}
        assert api.revisions == []

        again, seen = by_pods(api, **RUNS)
        for each in view.made["Secret"]:
            seen.made["Secret"].put(api.there[SECRET])
            assert each == ("team", "crm-mcp-config")
        await changed(api, again, seen, "3")
        assert len(api.events) == 2, "the next leader knows that it was told"

    run(main())


@pytest.mark.parametrize("status", [{}, {"observedGeneration": 1, "conditions": [COMPLETE]}])
def test_pods_that_have_not_started_need_no_restart(status: Json) -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = by_pods(api, **status)
        await changed(api, servers, view, "1")
        await changed(api, servers, view, "2")

        assert (api.events, api.revisions) == ([], [])

    run(main())


def test_a_revision_from_before_stays_in_its_template() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = by_pods(api, **RUNS)
        view.deployments.put(deployment({REVISION: "before"}, touched=True, **RUNS))
        for _ in range(2):
            await changed(api, servers, view, "1")

        assert [reason for reason, _ in api.events] == ["RestartNeeded"]
        assert api.revisions == []

    run(main())
