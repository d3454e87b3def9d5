"""What the settings say in one word, and the exceptions beside them."""

from collections.abc import Callable
from copy import copy

import pytest

from webhook.settings.model import MODES, Settings
from webhook.settings.rule_settings import Level
from webhook.settings.server_exception import ServerException


def exception(workload: str, rule: str) -> ServerException:
    return ServerException(f"{workload}-{rule}", "a", workload, frozenset({rule}), (), "old", 9.0)


@pytest.mark.parametrize("mode", MODES)
def test_only_one_mode_enforces(mode: str) -> None:
    assert Settings.model_validate({"mode": mode}).enforced is (mode == "enforce")


def test_modes_go_from_the_most_lenient_to_the_strictest() -> None:
    assert MODES == ("observe", "warn", "enforce")
    assert Settings().mode == MODES[-1]


def test_exceptions_are_found_by_the_workload() -> None:
    settings = Settings()
    one, other = exception("files", "run-as-user"), exception("files", "capabilities")
    excepted = settings.with_exceptions([one, exception("mail", "run-as-user"), other])
    assert excepted.exceptions_of("files") == (one, other)
    assert excepted.exceptions_of("calendar") == settings.exceptions_of("files") == ()


def test_all_exceptions_of_a_namespace_are_listed_by_their_workloads() -> None:
    one = exception("files", "run-as-user")

    assert Settings().with_exceptions([one]).granted == {"files": (one,)}
    assert Settings().granted == {}


@pytest.mark.parametrize("copied", [copy, Settings.model_copy])
def test_a_copy_derives_everything_anew(copied: Callable[[Settings], Settings]) -> None:
    settings = Settings()
    settings.kept["plan"] = 1
    assert (settings.gated, settings.openshift, settings.granted) == (True, False, {})

    found = copied(settings)

    assert found == settings
    assert found.kept == {}


def test_what_is_told_in_one_word_follows_a_change_of_the_settings() -> None:
    settings = Settings()
    assert (settings.gated, settings.openshift) == (True, False)
    assert (settings.level, settings.granted) == (Level.RESTRICTED, {})

    isolation = settings.isolation.model_copy(update={"gate": False})
    pod_security = settings.mcp_namespace.pod_security.model_copy(update={"enforce": "baseline"})
    namespace = settings.mcp_namespace.model_copy(update={"pod_security": pod_security})
    changed = settings.model_copy(
        update={"isolation": isolation, "platform": "openshift", "mcp_namespace": namespace}
    ).with_exceptions([exception("files", "run-as-user")])

    assert (changed.gated, changed.openshift) == (False, True)
    assert (changed.level, list(changed.granted)) == (Level.BASELINE, ["files"])
