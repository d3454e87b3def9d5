"""The settings in force, as a program reads them that has no files of its own."""

import asyncio
import base64
from typing import Any

import pytest

from webhook.fleet.settings_in_force import JudgingSettings, judging_settings_in_force
from webhook.kube import ApiError, Forbidden, NotFound
from webhook.settings import Overlay, SettingsError, WrittenOverlays
from webhook.settings.written_settings import compressed, overlays_json

NAME = "ConfigMap release/mcp-admission-settings"


def judged(found: dict[str, Any] | ApiError) -> JudgingSettings:
    class Cluster:
        async def get(self, path: str) -> Any:
            assert path == "/api/v1/namespaces/release/configmaps/mcp-admission-settings"
            if isinstance(found, ApiError):
                raise found
            return found

    api: Any = Cluster()
    return asyncio.run(judging_settings_in_force(api, "release"))


def test_they_are_those_of_the_cluster_and_of_its_namespaces() -> None:
    overlays = WrittenOverlays({"team-a": Overlay({"onConflict": "deny"})})
    packed = base64.b64encode(compressed(overlays_json(overlays))).decode()
    files = {"settings.yaml": "onConflict: warn\n"}

    by = judged({"data": files, "binaryData": {"namespaces.json.gz": packed}})

    assert (by.source, by.unknown) == (NAME, "")
    assert by.settings.of("team-a").on_conflict == "deny"
    assert by.settings.of("team-b").on_conflict == "warn"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Forbidden(403, "Forbidden", "no"), "ask for the Role mcp-admission-settings-view"),
        (NotFound(404, "NotFound", "no"), f"{NAME} is not there"),
    ],
)
def test_what_cannot_be_read_is_not_known(error: ApiError, said: str) -> None:
    by = judged(error)

    assert said in by.unknown
    with pytest.raises(SettingsError, match="not known"):
        _ = by.known


def test_what_is_broken_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"settings\.yaml"):
        judged({"data": {"settings.yaml": "mode: never"}})
