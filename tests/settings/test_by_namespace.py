"""The settings of the cluster hold in each namespace without an overlay."""

from webhook.settings.by_namespace import Overlay, SettingsByNamespace
from webhook.settings.model import Settings
from webhook.settings.server_exception import ServerException

GRANTED = ServerException("a", "team-a", "files", frozenset({"run-as-user"}), (), "old", 9.0)


def test_a_namespace_without_an_overlay_has_the_settings_of_the_cluster() -> None:
    cluster = Settings()
    assert SettingsByNamespace(cluster).of("team-a") is cluster


def test_an_exception_counts_in_its_namespace_for_its_workload() -> None:
    cluster = Settings()
    settings = SettingsByNamespace(cluster, {"team-a": Overlay(exceptions=(GRANTED,))})
    its = settings.of("team-a")
    assert its is settings.of("team-a")
    assert (its.exceptions_of("files"), its.exceptions_of("other")) == ((GRANTED,), ())
    assert cluster.exceptions_of("files") == settings.of("team-b").exceptions_of("files") == ()
    assert its.mcp_server_defaults == cluster.mcp_server_defaults
