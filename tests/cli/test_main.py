"""One command line: it imports what is asked for, and nothing else."""

import argparse
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from webhook.cli import main as command_line
from webhook.cli.command import Subparsers, add_command
from webhook.pods import fields

# The form that Python imported.
ENGINE = "python" if str(fields.__file__).endswith(".py") else "compiled"
FULL = Path("/dev/full")


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


def test_alone_it_teaches_the_first_steps(
    imported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert (command_line.main([]), imported) == (2, [])

    told = capsys.readouterr()
    assert told.out == ""
    for said in ("review deployment.yaml", "rules", "audit", "help COMMAND"):
        assert f"mcp-admission {said}" in told.err


@pytest.mark.parametrize("words", [["--help"], ["help"], ["revew"], ["help", "revew"]])
def test_all_are_imported_to_be_listed(
    words: list[str], imported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(words)

    told = capsys.readouterr()
    assert imported == list(command_line.COMMANDS.values())
    assert ended.value.code == (2 if "revew" in words else 0)
    if "revew" in words:
        assert "invalid choice: 'revew': did you mean review?" in told.err
    else:
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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["audit", "--contxt", "x"], "--contxt: did you mean --context?"),
        (["audit", "--kubeconfg=x"], "--kubeconfg=x: did you mean --kubeconfig?"),
        (["serve", "--tls-crt", "x"], "--tls-crt: did you mean --tls-cert?"),
        (["certs", "status", "--servce", "x"], "--servce: did you mean --service?"),
        (["certs", "--servce", "status"], "--servce: did you mean --service?"),
        (["rules", "--contxt", "x"], "unrecognized arguments: --contxt\n"),
        (["--versin"], "--versin: did you mean --version?"),
        (["certs", "statu"], "'statu': did you mean status?"),
        (["apply", "-n", "a", "b", "-x"], "-x"),
        (["rules", "capabilites"], "'capabilites' is no rule: did you mean capabilities?"),
        (["completion", "bsh"], "'bsh': did you mean bash?"),
        (["certs", "control", "--mode", "cert-manger"], "did you mean cert-manager?"),
        (["apply", "--all", "-o", "jsn"], "'jsn': did you mean json?"),
    ],
)
def test_what_is_misspelled_is_answered_with_what_is_meant(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(words)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["certs", "status"], ["rules"], ["completion"]])
def test_help_explains_a_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for asked in (["help", *words], [*words, "--help"]):
        with pytest.raises(SystemExit) as ended:
            command_line.main(asked)
        assert ended.value.code == 0
        texts.append(capsys.readouterr().out)

    assert texts[0] == texts[1]
    assert f"usage: mcp-admission {' '.join(words)}" in texts[0]


def test_the_version_needs_no_command(
    imported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(["--version"])

    assert (ended.value.code, imported) == (0, [])
    told = f"mcp-admission {version('mcp-admission')} ({ENGINE} engine)\n"
    assert capsys.readouterr().out == told


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

    assert done.stdout == f"mcp-admission {version('mcp-admission')} ({ENGINE} engine)\n"


@pytest.mark.parametrize("output", ["table", "json", "yaml"])
def test_version_prints_what_runs_here(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["version", "-o", output]) == 0

    out = capsys.readouterr().out
    if output == "table":
        assert out.startswith(f"mcp-admission {version('mcp-admission')} (Python ")
        return
    found = yaml.safe_load(out)
    assert found.keys() == {"version", "python", "platform", "engine"}
    assert found["engine"] == ENGINE
    assert found["version"] == version("mcp-admission")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which is a device of Linux")
@pytest.mark.parametrize(
    "words", [["rules"], ["review", "manifests/examples/minimal.yaml", "-o", "yaml"]]
)
def test_a_full_disk_is_no_refusal(words: list[str]) -> None:
    with FULL.open("w") as full:
        command = [sys.executable, "-m", "webhook", *words]
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )

    assert ended.returncode == 2
    assert ended.stderr == "mcp-admission: No space left on device: the output is cut short\n"
