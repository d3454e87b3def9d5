"""`review` as a process: exit codes, pipes that close, colours, and what it does not import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.offline.manifest_texts import REFUSED

COMMAND = [sys.executable, "-c", "import sys; from webhook.cli.main import main; sys.exit(main())"]


def run(*words: str, text: str = REFUSED, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        input=text,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("apiVersion: v1\nkind: ConfigMap\n", 0),
        (REFUSED, 1),
        ("a: 1\na: 2\n", 2),
    ],
)
def test_a_review_ends_with_the_exit_code_of_its_outcome(text: str, code: int) -> None:
    done = run("review", "-", text=text)

    assert done.returncode == code
    assert (done.stdout == "") == (code == 2)
    assert (done.stderr == "") == (code != 2)


def test_output_that_is_no_terminal_has_no_colours() -> None:
    assert "\x1b" not in run("review", "-").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
@pytest.mark.parametrize("output", ["diff", "table"])
def test_a_terminal_has_colours_unless_it_asks_for_none(
    tmp_path: Path, variables: dict[str, str], coloured: bool, output: str
) -> None:
    import pty

    path = tmp_path / "pod.yaml"
    path.write_text(REFUSED, encoding="utf-8")
    ours, theirs = pty.openpty()
    plain = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    done = subprocess.run(
        [*COMMAND, "review", str(path), "-o", output],
        stdout=theirs,
        env=plain | variables,
        timeout=60,
        check=False,
    )
    os.write(theirs, b"end")
    text = ""
    while not text.endswith("end"):
        text += os.read(ours, 4096).decode()
    os.close(theirs)
    os.close(ours)

    assert done.returncode == 1
    assert "refused" in text
    assert ("\x1b[31m" in text) == coloured


@pytest.mark.parametrize("output", ["diff", "yaml", "json"])
def test_a_reader_that_closes_the_pipe_is_no_error_of_ours(tmp_path: Path, output: str) -> None:
    path = tmp_path / "many.yaml"
    admitted = REFUSED.replace("runAsUser: 0", "runAsUser: 1")
    path.write_text("---\n".join([admitted] * 300), encoding="utf-8")
    # Without a buffer, Python itself does not notice that the rest of one write got lost.
    buffered = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        [*COMMAND, "review", str(path), "-o", output],
        env=buffered,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr is not None
    complaints = process.stderr.read()
    process.stderr.close()

    assert process.wait(timeout=60) == 1
    assert complaints == b""


def test_the_locale_decides_nothing() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: é\n"

    done = run("review", "-", "-o", "yaml", text=text, PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert (done.returncode, done.stdout) == (0, text.replace("a: é", 'a: "é"'))


def test_review_needs_no_server() -> None:
    """It runs where aiohttp and uvloop cannot be installed."""
    code = (
        "import sys; from webhook.cli.main import main; code = main(['review', '-'])\n"
        "assert not {'aiohttp', 'uvloop', 'prometheus_client', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=REFUSED,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
@pytest.mark.parametrize(("count", "said"), [(501, b"reviewing 501 objects ...\r\n"), (3, b"")])
def test_long_work_says_so_on_a_terminal(tmp_path: Path, count: int, said: bytes) -> None:
    import pty

    path = tmp_path / "many.yaml"
    path.write_text("---\n".join(["apiVersion: v1\nkind: ConfigMap\n"] * count), encoding="utf-8")
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*COMMAND, "review", str(path)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
        check=False,
    )
    os.write(theirs, b"end")
    text = b""
    while not text.endswith(b"end"):
        text += os.read(ours, 4096)
    os.close(theirs)
    os.close(ours)

    assert (done.returncode, text) == (0, said + b"end")
