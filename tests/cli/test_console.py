"""The options of `console`, and how it ends."""

import argparse
from collections.abc import Callable

import pytest

from webhook.cli import console
from webhook.cli.console import port_number
from webhook.cli.main import main
from webhook.console.console_process import ConsoleError, LaptopOptions


@pytest.fixture
def run_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, LaptopOptions]]:
    """Run the command; returns its exit code, and what it would have run."""

    def run(*words: str) -> tuple[int, LaptopOptions]:
        seen: list[LaptopOptions] = []
        monkeypatch.setattr(console, "run_on_laptop", lambda options, _: seen.append(options))
        return main(["console", *words]), seen[0]

    return run


def test_it_opens_a_browser_on_a_free_port(
    run_with: Callable[..., tuple[int, LaptopOptions]],
) -> None:
    code, options = run_with()

    assert (code, options.port, options.open_browser) == (0, 0, True)
    assert options.installation.host == "mcp-admission.mcp-admission-system.svc"


def test_it_acts_as_it_is_told(run_with: Callable[..., tuple[int, LaptopOptions]]) -> None:
    words = ("--no-browser", "--port", "8600", "--as", "alice", "--context", "staging")
    _, options = run_with(*words)

    assert (options.port, options.open_browser) == (8600, False)
    assert (options.overrides.user, options.overrides.context) == ("alice", "staging")


def test_what_keeps_it_from_starting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise ConsoleError("no way")

    monkeypatch.setattr(console, "run_on_laptop", refuse)

    assert main(["console"]) == 2
    assert capsys.readouterr().err == "mcp-admission console: no way\n"


def test_a_sentence_is_printed_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    console._say("open this")

    assert capsys.readouterr().out == "open this\n"


@pytest.mark.parametrize("text", ["-1", "65536", "x", "", "8.0", "²"])
def test_a_port_is_a_number(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no port from 0 to 65535"):
        port_number(text)
