"""`audit` and `apply` without a cluster: their usage, their settings, and how far they are."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from webhook.cli.judging import judging
from webhook.cli.main import main
from webhook.cli.progress import Progress
from webhook.settings.errors import SettingsError


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["apply"], "name Deployments, or say --all"),
        (["apply", "crm", "--all"], "name Deployments, or say --all"),
        (["apply", "crm"], "say in which namespace they are: -n NS"),
        (["audit", "-n", "team", "-A"], "not allowed with argument"),
        (["audit", "-o", "yaml"], "invalid choice: 'yaml'"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["audit"], ["apply", "--all"]])
def test_no_way_to_a_cluster_is_exit_code_2(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--kubeconfig", str(tmp_path / "none")]) == 2

    told = capsys.readouterr()
    assert "shows no way to a cluster (there is no such file)" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("replicas: {polisy: deny}", "replicas.polisy"),
        ("rules: {host-path: override}", "override is not accepted"),
    ],
)
def test_bad_settings_are_exit_code_2(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text, encoding="utf-8")

    assert main(["audit", "--settings", str(file)]) == 2
    assert said in capsys.readouterr().err
    with pytest.raises(SettingsError):
        judging(file)


def test_the_report_says_which_settings_were_used(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("replicas: {policy: deny}", encoding="utf-8")

    found = judging(file)
    assert (found.settings.replicas.policy, found.source) == (
        "deny",
        f"{file}, and the environment",
    )
    assert judging(None).source == "the defaults, and the environment"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("terminal", [False, True])
def test_how_far_it_is_takes_one_line_on_a_terminal(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "21")
    progress = Progress(2)
    progress.clear()
    progress.turn_to("crm")
    for _ in range(2):
        progress.tell("0 of 1 new pods are there")
    progress.clear()
    progress.turn_to("search")
    progress.tell("1 old")
    progress.clear()

    begins = "\r\x1b[K"
    assert screen.getvalue() == (
        f"{begins}[1/2] crm: 0 of 1 ne{begins}{begins}[2/2] search: 1 old{begins}"
        if terminal
        else "[1/2] crm: 0 of 1 new pods are there\n[2/2] search: 1 old\n"
    )
