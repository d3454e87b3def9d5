"""Progress on standard error: one line on a terminal, else a line for each change."""

import io
import sys

import pytest

from webhook.cli.notes import ProgressLine


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
    silent = ProgressLine(1, quiet=True)
    silent.report("nobody wants to know")
    silent.clear()
    progress = ProgressLine(2)
    progress.clear()
    progress.turn_to("crm")
    for _ in range(2):
        progress.report("0 of 1 new pods are there")
    progress.clear()
    progress.turn_to("search")
    progress.report("1 old")
    progress.clear()

    begins = "\r\x1b[K"
    assert screen.getvalue() == (
        f"{begins}[1/2] crm: 0 of 1 ne{begins}{begins}[2/2] search: 1 old{begins}"
        if terminal
        else "[1/2] crm: 0 of 1 new pods are there\n[2/2] search: 1 old\n"
    )
