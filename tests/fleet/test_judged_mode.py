"""By which mode a namespace is judged, and what becomes of the findings by it."""

from typing import Any

import pytest

from webhook.admission import OUT_OF_DATE, REFUSED, UNPROTECTED, Change
from webhook.fleet.judged_mode import JudgedMode
from webhook.fleet.report import ServerFinding
from webhook.settings.by_namespace import Overlay, SettingsByNamespace
from webhook.settings.model import Settings
from webhook.settings.server_exception import ServerException

CHANGED = ServerFinding(
    OUT_OF_DATE, "out-of-date", "a is b and would be c", change=Change("a", "/a", "b", "c")
)
NO = ServerFinding(REFUSED, "refused", "must not be true", rule="host")
NO_PODS = NO._replace(message="pods will be refused: must not be true")
OLDER = ServerFinding(UNPROTECTED, "older-than-webhook", "roll it")
MISSING = ServerFinding(UNPROTECTED, "policy-missing", "is missing")
WIDE = ServerFinding(UNPROTECTED, "wide-policy", "opens more")
WARNED = ServerFinding("current", "would-warn", "stored as it is")


def by_mode(mode: str, **overlays: str) -> SettingsByNamespace:
    cluster = Settings.model_validate({"mode": mode, "delegated": ["mode"]})
    return SettingsByNamespace(
        cluster, {name: Overlay({"mode": own}) for name, own in overlays.items()}
    )


def judged(mode: JudgedMode, *enforced: ServerFinding) -> tuple[list[str], str]:
    found = mode.judged("team", enforced, [MISSING, WIDE], [WARNED])
    return [each.message for each in found.findings], found.would


def test_where_enforce_is_in_force_findings_are_what_they_are() -> None:
    for asked in ("", "enforce"):
        found = judged(JudgedMode(by_mode("enforce"), asked), OLDER, NO)

        assert found == (["roll it", "must not be true", "is missing", "opens more"], "")


@pytest.mark.parametrize("mode", ["observe", "warn"])
@pytest.mark.parametrize(
    ("enforced", "would"),
    [
        ([], ""),
        ([OLDER], ""),
        ([OLDER, CHANGED], "would-change"),
        ([CHANGED, NO], "would-refuse"),
        ([NO_PODS], "would-refuse"),
    ],
)
def test_below_enforce_nothing_is_a_finding_and_what_enforce_would_do_is_kept(
    mode: str, enforced: list[ServerFinding], would: str
) -> None:
    assert judged(JudgedMode(by_mode(mode)), *enforced) == ([], would)


def test_asked_about_enforce_what_would_become_of_the_server_is_told() -> None:
    mode = JudgedMode(by_mode("observe"), "enforce")

    assert judged(mode, OLDER, CHANGED, NO, NO_PODS) == (
        [
            "a is b and would be c",
            "would be refused: must not be true",
            "pods would be refused: must not be true",
            "opens more",
        ],
        "would-refuse",
    )
    assert (mode.of("team"), mode.now("team")) == ("enforce", "observe")


def test_settings_that_enforce_and_are_not_in_force_yet_are_told_alike() -> None:
    mode = JudgedMode(by_mode("enforce"), in_force=by_mode("warn"))

    assert judged(mode, OLDER, CHANGED) == (
        ["a is b and would be c", "opens more"],
        "would-change",
    )
    assert mode.now("team") == "warn"


@pytest.mark.parametrize("mode", ["observe", "warn", "enforce"])
def test_asked_about_warn_what_the_author_would_read_is_told(mode: str) -> None:
    assert judged(JudgedMode(by_mode(mode), "warn"), NO) == (["stored as it is"], "would-refuse")


def test_settings_that_only_observe_would_end_what_is_in_force() -> None:
    mode = JudgedMode(by_mode("observe"), in_force=by_mode("enforce"))

    assert judged(mode, NO) == ([], "would-refuse")
    assert mode.now("team") == "observe"


def test_each_namespace_has_its_own_mode() -> None:
    mode = JudgedMode(by_mode("observe", team="enforce"))

    assert [mode.of(each) for each in ("team", "shop")] == ["enforce", "observe"]


def test_in_each_mode_all_else_is_as_it_was() -> None:
    granted = ServerException("e", "team", "crm", frozenset({"host"}), (), "", 1.0)
    values: dict[str, Any] = {"mode": "observe"}
    below = SettingsByNamespace(
        Settings.model_validate({"mode": "warn", "delegated": ["mode"]}),
        {"team": Overlay(values, (granted,))},
    )
    enforced = below.in_mode("enforce")

    assert enforced.of("team").mode == enforced.of("shop").mode == "enforce"
    assert enforced.of("team") is enforced.of("team")
    assert enforced.of("team").exceptions_of("crm") == (granted,)
    assert below.in_mode("warn").of("shop") is below.of("shop")
