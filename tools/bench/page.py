"""Writes what is measured in docs/performance.md and docs/sizing.md from the runs that are kept.

The pages have marked places, `<!-- bench:goals -->` to `<!-- /bench -->`; what stands between them
is made from docs/bench.json and docs/sizing.json, and a test compares them. Everything else on the
pages is written by hand.

python -m tools.bench.page [bench.json] [sizing.json]     keep these runs, then write pages and plot
"""

import re
import sys
from pathlib import Path

from tools.bench import svg, table
from tools.bench.results import Run

DOCS = Path(__file__).parents[2] / "docs"
PAGE, KEPT, PLOT = DOCS / "performance.md", DOCS / "bench.json", DOCS / "performance.svg"
SIZING, KEPT_SIZING = DOCS / "sizing.md", DOCS / "sizing.json"
PLACE = re.compile(r"(<!-- bench:(\w+) -->\n).*?(<!-- /bench -->)", re.DOTALL)


def written(page: str, run: Run) -> str:
    """The page with its marked places filled."""

    def filled(place: re.Match[str]) -> str:
        word = place[2]
        if word == "about":
            lines = table.about(run)
        elif word == "goals":
            lines = table.goals(run)
        else:
            lines = table.part(run, word)
        return "\n".join([place[1], *table.unpadded(lines), "", place[3]])

    return PLACE.sub(filled, page)


def plotted(run: Run) -> str:
    """The plot that the page shows."""
    return svg.drawn(run.plots)


def main(files: list[str]) -> None:
    """Keep the runs that are given, and write what is made from the kept ones."""
    for file in files:
        text = Path(file).read_text(encoding="utf-8")
        of_sizing = {each.part for each in Run.from_json(text).figures} == {"sizing"}
        (KEPT_SIZING if of_sizing else KEPT).write_text(text, encoding="utf-8")
    for page, kept in ((PAGE, KEPT), (SIZING, KEPT_SIZING)):
        run = Run.from_json(kept.read_text(encoding="utf-8"))
        page.write_text(written(page.read_text(encoding="utf-8"), run), encoding="utf-8")
    PLOT.write_text(plotted(Run.from_json(KEPT.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
