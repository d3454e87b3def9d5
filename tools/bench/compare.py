"""`make bench-compare A=old.json B=new.json`: what changed between two runs, and what is noise.

A difference is noise when the value of one run lies among the rounds of the other. A figure that
was measured once has no rounds, and nothing can be said about it.

python -m tools.bench.compare OLD NEW
"""

import sys
from pathlib import Path

from tools.bench.results import Figure, Run
from tools.bench.table import aligned, number

# They describe the conditions, not the product.
CONDITIONS = ("server-busy", "generator-busy", "late-p99")


def compared(old: Run, new: Run) -> list[str]:
    """The lines to print."""
    lines = [
        f"the runs differ in {word}: {old_side[word]} and {new_side.get(word)}"
        for old_side, new_side in ((old.machine, new.machine), (old.versions, new.versions))
        for word in old_side
        if old_side[word] != new_side.get(word)
    ]
    rows = []
    for figure in new.figures:
        before = old.figure(figure.id)
        if before and figure.id.rpartition("/")[2] not in CONDITIONS:
            rows.append((figure.id, number(before.value), number(figure.value), figure.unit,
                         _factor(before, figure), verdict(before, figure)))  # fmt: skip
    header = ("figure", "old", "new", "unit", "new/old", "verdict")
    return [*lines, *aligned(header, rows), *_of_one_alone(old, new)]


def verdict(old: Figure, new: Figure) -> str:
    """`noise`, `differs`, or why neither can be said."""
    if old.value == new.value:
        return "same"
    if len(old.rounds) < 2 and len(new.rounds) < 2:
        return "measured once"
    (least, greatest), (new_least, new_greatest) = old.spread, new.spread
    if least <= new.value <= greatest or new_least <= old.value <= new_greatest:
        return "noise"
    return "differs"


def _factor(old: Figure, new: Figure) -> str:
    return f"{new.value / old.value:.2f}" if old.value else ""


def _of_one_alone(old: Run, new: Run) -> list[str]:
    ids = {each.id for each in old.figures} ^ {each.id for each in new.figures}
    return [f"{len(ids)} figures are in one run alone"] if ids else []


def main(files: list[str]) -> None:
    """Print the comparison of two files."""
    old, new = (Run.from_json(Path(file).read_text(encoding="utf-8")) for file in files)
    print("\n".join(compared(old, new)))


if __name__ == "__main__":
    main(sys.argv[1:3])
