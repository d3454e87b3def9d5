"""The bench of the console runs with its two processes, and its figures are whole."""

import pytest

from tools.bench import console_run


async def test_each_figure_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console_run, "FEW", 2)
    monkeypatch.setattr(console_run, "MANY", 3)
    monkeypatch.setattr(console_run, "PAGES", 1)
    found = await console_run.measure(20, rest=0.1)

    assert [*found] == ["servers", "one", "few", "rest", "many"]
    assert found["one"]["reading"]["cpu_seconds"] > 0
    assert found["few"]["mib"] > 1
    assert found["rest"]["requests_a_minute"] == 0
    assert "2 people: {" in capsys.readouterr().out


def test_figures_are_rounded_for_people() -> None:
    assert console_run.rounded({"a": {"b": 1.23456}, "c": 3}) == {"a": {"b": 1.235}, "c": 3}
