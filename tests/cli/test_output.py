"""What commands write: reports to files as a whole or not at all, progress to standard error."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Review
from tests.offline.manifest_texts import judged
from webhook.cli.output import ProgressLine

pytestmark = pytest.mark.usefixtures("simple_engine")


def test_several_reports_in_one_run(review: Review, tmp_path: Path) -> None:
    words = ("-o", "sarif=r.sarif", "-o", "junit=r.xml", "-o", "json=r.json", "-o", "table")
    printed = review("pod.yaml", *words, pod=judged("a", "refused"))

    alone = review("pod.yaml", "-o", "table")
    assert printed == alone
    for output, file in (("sarif", "r.sarif"), ("junit", "r.xml"), ("json", "r.json")):
        assert (tmp_path / file).read_text(encoding="utf-8") == review("pod.yaml", "-o", output).out
    assert json.loads((tmp_path / "r.sarif").read_bytes())["version"] == "2.1.0"
    assert ET.parse(tmp_path / "r.xml").getroot().tag == "testsuites"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "pod.yaml", "r.json", "r.sarif", "r.xml",
    ]  # fmt: skip


def test_with_files_alone_the_last_line_goes_to_stderr(review: Review, tmp_path: Path) -> None:
    printed = review("pod.yaml", "-o", "diff=r.txt", pod=judged("a"))

    assert printed == (0, "", "1 MCP server: 1 admitted as it is\n")
    assert (tmp_path / "r.txt").read_text(encoding="utf-8") == review("pod.yaml").out


def test_a_hyphen_is_standard_output(review: Review, tmp_path: Path) -> None:
    printed = review("pod.yaml", "-o", "json=-", pod=judged("a"))

    assert printed == review("pod.yaml", "-o", "json")
    assert not (tmp_path / "-").exists()
    assert review("pod.yaml", "-o", "json=-", "-o", "table").code == 2


def test_a_link_to_a_pipe_is_written_to(review: Review, tmp_path: Path) -> None:
    """As /dev/stdout is one, where the command stands in a pipe."""
    read, write = os.pipe()
    (tmp_path / "link").symlink_to(f"/proc/self/fd/{write}")

    printed = review("pod.yaml", "-o", "json=link", pod=judged("a"))

    os.close(write)
    with os.fdopen(read, encoding="utf-8") as pipe:
        written = pipe.read()
    assert (printed.code, written) == (0, review("pod.yaml", "-o", "json").out)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-o", "table", "-o", "json"), "-o: standard output takes one format: name a file"),
        (("-o", "json=a", "-o", "junit=a"), "takes one format: name a file"),
        (("-o", "json=a", "-o", "junit=./a"), "takes one format: name a file"),
        (("-o", "json="), "'json=' names no file: write json=FILE"),
        (("-o", "xml=a"), "invalid choice: 'xml' (choose from diff, table, yaml, json, junit"),
        (("-o", "yml=a"), "invalid choice: 'yml': did you mean yaml?"),
        (("-o", "json=gone/a"), "gone/a: cannot be written (No such file or directory)"),
        (("-o", "json=."), ".: cannot be written (Is a directory): name another file"),
        (("-o", "junit=a", "--show-objects"), "--show-objects: junit has no place for objects"),
    ],
)
def test_wrong_outputs_are_bad_usage(
    review: Review, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    printed = review("pod.yaml", *words, pod=judged("a"))

    assert printed.code == 2
    assert message in printed.err
    assert not (tmp_path / "a").exists()


def test_a_file_that_cannot_be_written_spares_the_others(review: Review, tmp_path: Path) -> None:
    words = ("-o", "sarif=gone/a", "-o", "junit=r.xml", "-o", "table")
    printed = review("pod.yaml", *words, pod=judged("a"))

    assert printed.code == 2
    assert printed.out == review("pod.yaml", "-o", "table").out
    assert (tmp_path / "r.xml").exists()


def test_a_report_that_breaks_off_leaves_the_old_file(
    review: Review, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "r.json").write_text("old", encoding="utf-8")

    def refuse(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    printed = review("pod.yaml", "-o", "json=r.json", pod=judged("a"))

    assert printed.code == 2
    assert "r.json: cannot be written (No space left on device): name another file" in printed.err
    assert (tmp_path / "r.json").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pod.yaml", "r.json"]


def test_a_link_leads_to_the_file_and_a_device_stays_one(review: Review, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")

    assert review("p.yaml", "-o", "json=link", "-o", f"sarif={os.devnull}", p=judged("a")).code == 0

    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "file").read_bytes())["results"]
    assert Path(os.devnull).is_char_device()


def test_objects_are_shown_where_there_is_a_place(review: Review, tmp_path: Path) -> None:
    words = ("--show-objects", "-o", "json=r.json", "-o", "junit")
    assert review("pod.yaml", *words, pod=judged("a")).code == 0

    (result,) = json.loads((tmp_path / "r.json").read_bytes())["results"]
    assert result["objects"]


@pytest.mark.parametrize(
    ("opinion", "words", "code"),
    [
        ("true", (), 0),
        ("true", ("--fail-on", "refused"), 0),
        ("true", ("--fail-on", "warning"), 1),
        ("compliant", ("--fail-on", "warning"), 0),
        ("refused", ("--fail-on", "warning"), 1),
        ("pods-refused", ("--fail-on", "refused"), 1),
    ],
)
def test_warnings_fail_where_that_is_asked_for(
    review: Review, opinion: str, words: tuple[str, ...], code: int
) -> None:
    """The simple engine warns about what it fills in."""
    text = judged("a", opinion)
    if opinion == "true":
        text = text.replace("v1\nkind: Pod", "apps/v1\nkind: Deployment")
        text += "spec: {replicas: 3, template: {spec: {}}}\n"

    assert review("pod.yaml", *words, pod=text).code == code


def test_bad_input_is_worse_than_a_warning(review: Review) -> None:
    assert review("a.yaml", "--fail-on", "warning", a="kind: [").code == 2


def test_the_namespace_has_a_short_form(review: Review) -> None:
    assert "Pod tools/a" in review("pod.yaml", "-n", "tools", pod=judged("a")).out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


EACH_SCREEN = pytest.mark.parametrize("screen", [io.StringIO, Terminal], ids=["file", "terminal"])


@pytest.fixture
def on_screen(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[io.StringIO]], io.StringIO]:
    """Makes standard error a file, or a terminal of 50 columns."""

    def make(screen: type[io.StringIO]) -> io.StringIO:
        found = screen()
        monkeypatch.setattr(sys, "stderr", found)
        monkeypatch.setenv("COLUMNS", "51")
        return found

    return make


BEGINS = "\r\x1b[K"


@EACH_SCREEN
def test_progress_is_a_bar_in_one_line_on_a_terminal_and_a_line_for_each_change_elsewhere(
    screen: type[io.StringIO], on_screen: Callable[[type[io.StringIO]], io.StringIO]
) -> None:
    error = on_screen(screen)
    progress = ProgressLine(2)
    progress.begin("crm")
    for _ in range(2):
        progress.report("crm", "0 of 1 new pods are there")
    progress.end("crm")
    progress.begin("search")
    progress.report("search", "1 old")
    progress.end("search")

    assert error.getvalue() == (
        f"{BEGINS}[{'.' * 20}] 0/2 crm: 0 of 1 new pods ar{BEGINS}"
        f"{BEGINS}[{'#' * 10}{'.' * 10}] 1/2 search: 1 old{BEGINS}"
        if error.isatty()
        else "[1/2] crm: 0 of 1 new pods are there\n[2/2] search: 1 old\n"
    )


@EACH_SCREEN
def test_several_that_are_under_way_share_the_line(
    screen: type[io.StringIO], on_screen: Callable[[type[io.StringIO]], io.StringIO]
) -> None:
    error = on_screen(screen)
    progress = ProgressLine(9)
    for name in ("a", "b", "c"):
        progress.begin(name)
        progress.report(name, "x")
    progress.report("a", "y")

    last = error.getvalue().replace(BEGINS, "\n").rstrip().rpartition("\n")[2]
    assert last == (
        "[....................] 0/9 (and 2 more) a: y" if error.isatty() else "[1/9] a: y"
    )


@EACH_SCREEN
def test_wide_characters_take_two_columns(
    screen: type[io.StringIO], on_screen: Callable[[type[io.StringIO]], io.StringIO]
) -> None:
    error = on_screen(screen)
    progress = ProgressLine(1)
    progress.begin("crm")
    progress.report("crm", "\u6f22" * 20)

    columns = 1 + 2 * error.getvalue().count("\u6f22") + len("[....................] 0/1 crm:")
    assert columns <= 50 or not error.isatty()
    assert error.getvalue().count("\u6f22") == (9 if error.isatty() else 20)


@EACH_SCREEN
def test_quiet_progress_writes_nothing(
    screen: type[io.StringIO], on_screen: Callable[[type[io.StringIO]], io.StringIO]
) -> None:
    error = on_screen(screen)
    silent = ProgressLine(1, quiet=True)
    silent.begin("crm")
    silent.report("crm", "nobody wants to know")
    silent.end("crm")

    assert error.getvalue() == ""
