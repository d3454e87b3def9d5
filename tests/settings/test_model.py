"""What the settings say in one word, and the exceptions beside them."""

import pytest

from webhook.settings.model import MODES, Settings
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
