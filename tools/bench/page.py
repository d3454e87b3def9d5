"""Writes what is measured in docs/performance.md from the run that is kept beside it.

The page has marked places, `<!-- bench:goals -->` to `<!-- /bench -->`; what stands between them is
made from docs/bench.json, and a test compares them. Everything else on the page is written by hand.

python -m tools.bench.page [bench.json]     keep this run, then write page and plot
"""

import re
import sys
from pathlib import Path

from tools.bench import svg, table
from tools.bench.results import Run

DOCS = Path(__file__).parents[2] / "docs"
PAGE, KEPT, PLOT = DOCS / "performance.md", DOCS / "bench.json", DOCS / "performance.svg"
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
    """Keep a run, if one is given, and write what is made from the kept one."""
    for file in files:
        KEPT.write_text(Path(file).read_text(encoding="utf-8"), encoding="utf-8")
    run = Run.from_json(KEPT.read_text(encoding="utf-8"))
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), run), encoding="utf-8")
    PLOT.write_text(plotted(run), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
