"""Rendering without the tools, and with tools that do not end, write for ever, or are no tools."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Review
from tests.offline.manifest_texts import judged, written
from webhook.offline import rendering
from webhook.offline.rendering import run_bounded

pytestmark = pytest.mark.usefixtures("simple_engine")
CHARTS = {
    "a/Chart.yaml": "apiVersion: v2\nname: a\nversion: 0.1.0\n",
    "b/Chart.yaml": "apiVersion: v2\nname: b\nversion: 0.1.0\n",
    "k/kustomization.yaml": "resources: []\n",
    "pod.yaml": judged("a"),
}
FOR_EVER = "import sys, time\nwhile True: sys.stdout.write('a' * 9999)\n"


@pytest.fixture
def tools(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path, empty at first."""
    folder = tmp_path_factory.mktemp("tools")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def make(tools: Path, name: str, code: str) -> None:
    path = tools / name
    path.write_text(f"#!{sys.executable} -I\n{code}", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.usefixtures("tools")
def test_a_missing_tool_is_reported_once(review: Review, tmp_path: Path) -> None:
    written(tmp_path, CHARTS)

    printed = review(".", "--render")

    assert printed.code == 2
    assert printed.err == (
        "a: --render needs helm, which is not on the path: install it\n"
        "k: --render needs kubectl or kustomize, which is not on the path: install it\n"
    )
    assert "Pod default/a: admitted" in printed.out


@pytest.mark.usefixtures("tools")
def test_nothing_to_render_needs_no_tool(review: Review, tmp_path: Path) -> None:
    written(tmp_path, {"pod.yaml": judged("a")})

    assert review(".", "--render").code == 0


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import time; time.sleep(60)", "helm took more than 0.5 seconds, and was stopped"),
        (FOR_EVER, "helm wrote more than 64 MiB, and was stopped"),
        ("import sys; sys.exit('no\\nsuch chart')", "helm cannot render it: no such chart"),
        ("import sys; sys.exit('why ' * 200)", "helm cannot render it: ... why why"),
        ("import sys; sys.exit('\\x1b[31mred')", "helm cannot render it:  [31mred"),
        ("print('a: b: c')", "what it becomes cannot be read: this is not YAML"),
    ],
)
def test_a_tool_that_fails_is_an_error(
    review: Review, tools: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    written(Path(), {"a/Chart.yaml": CHARTS["a/Chart.yaml"]})
    make(tools, "helm", code)
    monkeypatch.setattr(rendering, "SECONDS", 0.5 if "sleep" in code else 60)

    printed = review("a", "--render")

    assert printed.code == 2
    assert printed.err.startswith(f"a: {said}")
    assert printed.err.count("\n") == 1


def test_what_is_no_program_is_an_error(review: Review, tmp_path: Path, tools: Path) -> None:
    written(tmp_path, {"a/Chart.yaml": CHARTS["a/Chart.yaml"]})
    (tools / "helm").write_text("#!/gone\n", encoding="utf-8")
    (tools / "helm").chmod(0o755)

    printed = review("a", "--render")

    assert printed.code == 2
    assert "cannot be run (No such file or directory)" in printed.err


def test_a_chart_that_renders_nothing_is_no_error(
    review: Review, tmp_path: Path, tools: Path
) -> None:
    written(tmp_path, {"a/Chart.yaml": CHARTS["a/Chart.yaml"]})
    make(tools, "helm", "print('---')")

    assert review("a", "--render").code == 0


def test_nothing_of_the_users_environment_reaches_a_tool(
    review: Review, tmp_path: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, {"a/Chart.yaml": CHARTS["a/Chart.yaml"]})
    monkeypatch.setenv("HELM_PLUGINS", "/plugins")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    make(tools, "helm", "import os, sys\nsys.exit(' '.join(sorted(os.environ.values())))")

    said = review("a", "--render").err

    assert "hidden" not in said
    assert os.environ["PATH"] not in said
    assert "http://127.0.0.1:9" in said


def test_what_a_stopped_program_started_is_stopped_too() -> None:
    """Else it would hold the pipes open, and run on."""
    child = "import time; print('up', flush=True); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    before = time.monotonic()

    ended = run_bounded([sys.executable, "-I", "-c", code], {}, seconds=60, most=1)

    assert (ended.code, ended.late) == (None, False)
    assert time.monotonic() - before < 50


def test_both_streams_of_a_program_are_read() -> None:
    write = "sys.stdout.write('o' * 9**5); sys.stderr.write('e' * 9**5)"
    code = f"import sys\nfor _ in range(9): {write}"

    ended = run_bounded([sys.executable, "-I", "-c", code], {}, seconds=60, most=10**6)

    assert (len(ended.out), len(ended.err), ended.code) == (9**6, 9**6, 0)


def test_a_program_that_ends_by_a_signal_has_no_good_code() -> None:
    code = f"import os; os.kill(os.getpid(), {signal.SIGKILL})"

    assert (
        run_bounded([sys.executable, "-I", "-c", code], {}, seconds=60, most=1).code
        == -signal.SIGKILL
    )
