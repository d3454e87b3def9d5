"""`make bench` and `make bench-quick`: measure everything, print the table, write bench.json.

Figures are printed, never asserted: they depend on the machine and its mood.

python -m tools.bench [--quick] [--out FILE.json] [PART ...]
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tools.bench import direct, engine, storm, svg, table, through_api_server
from tools.bench.results import Part, Run, WrongAnswerError, machine
from tools.cluster.release import NoControlPlaneError

PARTS: dict[str, Callable[..., Part]] = {
    "direct": direct.measure,
    "engine": engine.measure,
    "through": through_api_server.measure,
    "storm": storm.measure,
}


def main() -> int:
    """Measure, print and write; 1 when the run is void."""
    args = _arguments()
    began, on = time.monotonic(), machine()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:4.0f} s  {text}", file=sys.stderr, flush=True)

    try:
        parts = [PARTS[word](quick=args.quick, say=say) for word in args.parts or PARTS]
    except WrongAnswerError as wrong:
        print(f"void: {wrong}", file=sys.stderr)
        return 1
    except NoControlPlaneError as reason:
        print(reason, file=sys.stderr)
        return 1
    run = Run.of(parts, on=on, quick=args.quick, seconds=time.monotonic() - began)
    out = Path(args.out)
    out.write_text(run.to_json(), encoding="utf-8")
    if run.plots:
        out.with_suffix(".svg").write_text(svg.drawn(run.plots), encoding="utf-8")
    print("\n".join(table.whole(run)))
    say(f"{out} holds this run")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bench")
    parser.add_argument("--quick", action="store_true", help="less of everything, in a minute")
    parser.add_argument("--out", default="bench.json", help="where the run is written")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="parts alone")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
