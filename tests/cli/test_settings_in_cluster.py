"""What `settings show` says where the cluster answers, and where it does not."""

import argparse
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import pytest

from webhook.cli import settings_in_cluster
from webhook.fleet.settings_sources import UnreadSettingsError
from webhook.kube import ApiError
from webhook.settings import Settings, SettingsError, origins

FOUND = origins.SettingsOrigins(Settings(), ())


def show(
    monkeypatch: pytest.MonkeyPatch, read: Callable[..., Any]
) -> origins.SettingsOrigins | None:
    async def connect(_: object) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    monkeypatch.setattr(settings_in_cluster, "connect_to_cluster", connect)
    monkeypatch.setattr(settings_in_cluster, "read_settings_origins", read)
    args = argparse.Namespace(
        service="webhook.release", namespace="team-a", verbose=False, quiet=False,
        parser=argparse.ArgumentParser("show"),
    )  # fmt: skip
    return settings_in_cluster.settings_in_cluster(args, None)


def test_what_may_not_be_read_is_noted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def read(_: object, *asked: Any) -> origins.SettingsOrigins:
        *names, note = asked
        assert names == ["release", "team-a", None]
        note("the resource may not be read")
        return FOUND

    assert show(monkeypatch, read) is FOUND

    assert capsys.readouterr().err == "the resource may not be read\n"


def test_an_error_of_the_cluster_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def read(*_: object) -> origins.SettingsOrigins:
        raise ApiError(500, "InternalError", "no database")

    assert show(monkeypatch, read) is None

    assert "show: no database" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("of_namespace", "option"), [(False, "--settings"), (True, "--namespace-settings")]
)
def test_the_option_that_takes_the_place_of_what_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, *, of_namespace: bool, option: str
) -> None:
    async def read(*_: object) -> origins.SettingsOrigins:
        raise UnreadSettingsError(
            "they may not be read: ask for the role", of_namespace=of_namespace
        )

    with pytest.raises(SettingsError, match=f"ask for the role, or name a file with {option}$"):
        show(monkeypatch, read)
