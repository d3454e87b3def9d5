"""Commands through `main`: completion scripts, and reviews.

Reviews use the real engine, or one whose opinions never change.
"""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.controller.conftest import control_plane, installed, namespace
from tests.reports import engine
from webhook import admission
from webhook.cli.completion_scripts import SCRIPTS
from webhook.cli.main import main

__all__ = ["control_plane", "installed", "namespace"]


class Printed(NamedTuple):
    code: int
    out: str
    err: str


Review = Callable[..., Printed]


@pytest.fixture
def review(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Review:
    """Run `review` in a folder of its own; keyword arguments are files to write there first."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, **files: str) -> Printed:
        for name, text in files.items():
            Path(f"{name}.yaml").write_text(text, encoding="utf-8")
        try:
            code: int = main(["review", *words])
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1
        return Printed(code, *capsys.readouterr())

    return run


@pytest.fixture
def simple_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reviews by tests/reports/engine.py instead of the rules."""
    monkeypatch.setattr(admission, "review", engine.review)
    monkeypatch.setattr(admission, "callers_of_pods", lambda *_: "")


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    """What each shell is given to complete commands."""
    found = {}
    for shell in SCRIPTS:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            assert main(["completion", shell]) == 0
        found[shell] = printed.getvalue()
    return found
