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


def test_what_a_namespace_sets_is_merged_as_far_as_it_is_allowed() -> None:
    cluster = Settings()
    spec = {"replicas": {"policy": "deny"}, "onConflict": "warn"}
    settings = SettingsByNamespace(cluster, {"team-a": Overlay(spec)})
    its = settings.of("team-a")

    assert (its.replicas.policy, its.on_conflict) == ("deny", "deny")
    assert [key for key, _ in settings.layer_of("team-a").faults] == [("onConflict",)]
    assert settings.layer_of("team-b").settings is settings.of("team-b") is cluster


def test_a_namespace_that_may_set_nothing_of_it_has_the_settings_of_the_cluster() -> None:
    cluster = Settings()

    assert SettingsByNamespace(cluster, {"a": Overlay({"mode": "warn"})}).of("a") is cluster


def test_namespaces_that_share_an_overlay_share_their_settings() -> None:
    overlay = Overlay({"replicas": {"policy": "deny"}})
    settings = SettingsByNamespace(Settings(), {"a": overlay, "b": overlay})

    assert settings.of("a") is settings.of("b")


def test_what_has_ended_is_taken_out_and_all_else_stays_the_same_object() -> None:
    later = GRANTED._replace(name="b", expires=20.0)
    settings = SettingsByNamespace(
        Settings(),
        {
            "team-a": Overlay(exceptions=(GRANTED,)),
            "team-b": Overlay({"replicas": {"policy": "deny"}}, (GRANTED, later)),
            "team-c": Overlay(exceptions=(later,)),
        },
    )
    before = {name: settings.of(name) for name in ("team-a", "team-b", "team-c")}

    assert settings.next_end == 9.0
    assert settings.without_ended(8.9) is settings
    found = settings.without_ended(9.0)
    assert found.of("team-a") is found.cluster is settings.cluster
    assert found.of("team-b").exceptions_of("files") == (later,)
    assert found.of("team-b").replicas.policy == "deny"
    assert found.of("team-c") is before["team-c"]
    assert found.next_end == 20.0
    assert found.without_ended(1e12).next_end is None
    assert found.without_ended(1e12).overlays.keys() == {"team-b"}
    assert {name: settings.of(name) for name in before} == before


def test_one_mode_can_be_that_of_every_namespace_whatever_is_set() -> None:
    cluster = Settings.model_validate({"mode": "warn"})
    overlays = {
        "team-a": Overlay({"mode": "enforce"}, (GRANTED,)),
        "team-b": Overlay({"mode": "enforce"}),
    }
    asked = SettingsByNamespace(cluster, overlays, "observe")

    assert {asked.of(name).mode for name in ("team-a", "team-b", "team-c")} == {"observe"}
    assert asked.of("team-a").exceptions_of("files") == (GRANTED,)
    assert asked.of("team-c") is asked.of("team-d")
    assert asked.cluster is SettingsByNamespace(cluster, overlays, "warn").of("team-c") is cluster
    ended = asked.without_ended(9.0)
    assert ended.of("team-a").mode == "observe"
    assert not ended.of("team-a").exceptions_of("files")
