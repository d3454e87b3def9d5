"""The plot is well-formed, and its curves stand within their panel."""

import xml.etree.ElementTree as ET

from tools.bench import svg
from tools.bench.results import Line, Plot, Run

SPACE = "{http://www.w3.org/2000/svg}"


def _points(drawn: str) -> list[list[tuple[float, float]]]:
    lines = ET.fromstring(drawn).iter(f"{SPACE}polyline")
    pairs = [line.attrib["points"].split() for line in lines]
    return [
        [(float(x), float(y)) for x, _, y in (p.partition(",") for p in line)] for line in pairs
    ]


def test_every_line_is_drawn_within_its_panel(run: Run) -> None:
    lines = _points(svg.drawn(run.plots))

    assert len(lines) == 2
    for x, y in (point for line in lines for point in line):
        assert svg.LEFT <= x <= svg.WIDTH - svg.RIGHT
        assert svg.TOP <= y <= svg.HEIGHT - svg.BOTTOM


def test_more_arrivals_stand_further_right_and_more_time_higher(run: Run) -> None:
    for line in _points(svg.drawn(run.plots)):
        (first_x, first_y), (last_x, last_y) = line

        assert first_x < last_x
        assert first_y > last_y


def test_names_are_escaped() -> None:
    plot = Plot("open/x", "a < b", "x", "y & z", (Line("<ours>", ((1.0, 1.0),)),))

    drawn = svg.drawn([plot])

    assert "&lt;ours&gt;" in drawn
    assert [each.text for each in ET.fromstring(drawn).iter(f"{SPACE}text")].count("a < b") == 1


def test_panels_stand_side_by_side_and_then_below(run: Run) -> None:
    drawn = ET.fromstring(svg.drawn([*run.plots] * 3))

    assert (drawn.attrib["width"], drawn.attrib["height"]) == (
        str(2 * svg.WIDTH),
        str(2 * svg.HEIGHT),
    )
    assert [each.attrib["transform"] for each in drawn.iter(f"{SPACE}g")] == [
        "translate(0 0)",
        f"translate({svg.WIDTH} 0)",
        f"translate(0 {svg.HEIGHT})",
    ]


def test_a_plot_without_points_is_its_title() -> None:
    assert "nothing" in svg.drawn([Plot("open/x", "nothing", "x", "y", ())])
