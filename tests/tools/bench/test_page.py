"""docs/performance.md shows what docs/bench.json holds, docs/sizing.md docs/sizing.json."""

from tools.bench.page import KEPT, KEPT_SIZING, PAGE, PLOT, SIZING, plotted, written
from tools.bench.results import Run
from tools.bench.table import TITLES


def _kept() -> Run:
    return Run.from_json(KEPT.read_text(encoding="utf-8"))


def test_page_and_plot_are_made_from_the_kept_run() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert written(page, _kept()) == page
    assert plotted(_kept()) == PLOT.read_text(encoding="utf-8")


def test_the_page_on_sizing_is_made_from_its_own_run() -> None:
    run = Run.from_json(KEPT_SIZING.read_text(encoding="utf-8"))
    page = SIZING.read_text(encoding="utf-8")

    assert written(page, run) == page
    assert run.versions["engine"] == "compiled"
    for word in ("about", "sizing"):
        assert page.count(f"<!-- bench:{word} -->\n") == 1


def test_the_kept_run_is_a_full_one() -> None:
    assert not _kept().quick


def test_the_page_has_a_place_for_every_part() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for word in ("about", "goals", *TITLES):
        assert page.count(f"<!-- bench:{word} -->\n") == 1


def test_only_marked_places_change(run: Run) -> None:
    page = "before\n<!-- bench:life -->\nold\n<!-- /bench -->\nafter\n<!-- /bench -->\n"

    assert written(page, run) == (
        "before\n<!-- bench:life -->\n\n"
        "| figure | value | rounds | what the value is |\n"
        "|---|---|---|---|\n"
        "| memory, idle | 48 MiB | | |\n\n"
        "<!-- /bench -->\nafter\n<!-- /bench -->\n"
    )


def test_filling_twice_changes_nothing(run: Run) -> None:
    page = "<!-- bench:about -->\n<!-- /bench -->\n<!-- bench:goals -->\n<!-- /bench -->\n"

    once = written(page, run)

    assert written(once, run) == once
