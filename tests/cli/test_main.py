"""One command line: it imports what is asked for, and nothing else."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.metadata import version
from types import ModuleType

import pytest

from webhook.cli import main as command_line
from webhook.cli.command import Subparsers, add_command


class Command(ModuleType):
    """A command that ends as it is told to."""

    def __init__(self, name: str, ending: int | type[BaseException] = 0) -> None:
        super().__init__(name)
        self._ending = ending

    def add_parser(self, subparsers: Subparsers) -> None:
        text = f"what {self.__name__} does"
        add_command(subparsers, self.__name__, short=text, description=text)

    def run(self, args: argparse.Namespace) -> int:
        if isinstance(self._ending, int):
            return self._ending
        raise self._ending


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules of commands that are imported, which are all replaced."""
    names: list[str] = []

    def import_module(name: str) -> ModuleType:
        names.append(name)
        return Command(name.rpartition(".")[2], ending=1)

    monkeypatch.setattr(command_line, "import_module", import_module)
    return names


@pytest.mark.parametrize("name", command_line.COMMANDS)
def test_only_the_command_that_is_asked_for_is_imported(name: str, imported: list[str]) -> None:
    assert command_line.main([name]) == 1
    assert imported == [f"webhook.cli.{name}"]


@pytest.mark.parametrize("words", [[], ["--help"], ["revew"], ["--verbose", "serve"]])
def test_all_are_imported_to_be_listed(
    words: list[str], imported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(words)

    told = capsys.readouterr()
    assert imported == list(command_line.COMMANDS.values())
    assert ended.value.code == (0 if words == ["--help"] else 2)
    if words == ["revew"]:
        assert "invalid choice: 'revew'" in told.err
    if words == ["--help"]:
        assert "what review does" in told.out
        assert "mcp-admission review deployment.yaml" in told.out
        assert "exit codes:" in told.out


def test_an_unknown_option_is_answered_with_the_usage_of_its_command(
    imported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(["review", "--settingz"])

    assert (ended.value.code, imported) == (2, ["webhook.cli.review"])
    assert capsys.readouterr().err == (
        "usage: mcp-admission review [-h]\n"
        "mcp-admission review: error: unrecognized arguments: --settingz\n"
    )


def test_the_version_needs_no_command(
    imported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(["--version"])

    assert (ended.value.code, imported) == (0, [])
    assert capsys.readouterr().out == f"mcp-admission {version('mcp-admission')}\n"


def test_an_interrupted_command_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        command_line, "import_module", lambda _: Command("serve", KeyboardInterrupt)
    )

    assert command_line.main(["serve"]) == 1


def test_a_reader_that_has_gone_is_no_traceback() -> None:
    """`mcp-admission rules | head -1`."""
    program = (
        "import sys, types; from webhook.cli import main as line\n"
        "class Loud(types.ModuleType):\n"
        "    def add_parser(self, parsers): parsers.add_parser('rules')\n"
        "    def run(self, args):\n"
        "        while True: print('x' * 1000)\n"
        "line.import_module = lambda name: Loud(name)\n"
        "sys.exit(line.main(['rules']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as loud:
        assert loud.stdout is not None
        assert loud.stderr is not None
        assert loud.stdout.read(1) == b"x"
        loud.stdout.close()
        assert (loud.wait(60), loud.stderr.read()) == (1, b"")


def test_python_m_webhook_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "webhook", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout == f"mcp-admission {version('mcp-admission')}\n"
