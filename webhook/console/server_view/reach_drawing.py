"""The reach of a server as a small drawing: callers at the left, what it may reach at the right.

Only places and texts are made here, in whole units of the drawing; a template turns them into SVG
with presentation attributes. The table beside it says all that the drawing leaves out.
"""

from collections.abc import Iterable
from typing import NamedTuple

from webhook.console.bounded_text import bounded_text
from webhook.console.server_view.reach import OneWay, Reach, ReachRow

MOST_BOXES = 6
LONGEST_LABEL = 46
WIDTH, BOX_WIDTH, BOX_HEIGHT, STEP, EDGE = 1060, 340, 44, 58, 12
CENTRE = WIDTH // 2
CENTRE_WIDTH = 190


class Box(NamedTuple):
    """A box with two lines of text, and the height of its middle."""

    x: int
    y: int
    label: str
    detail: str
    kind: str

    @property
    def middle(self) -> int:
        """The height of its middle."""
        return self.y + BOX_HEIGHT // 2


class Arrow(NamedTuple):
    """A line with a head at its end."""

    x1: int
    y1: int
    x2: int
    y2: int


class Drawing(NamedTuple):
    """All of it; `told` is the drawing in words, for who does not see it."""

    height: int
    server: Box
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    told: str
    width: int = WIDTH
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT
    server_width: int = CENTRE_WIDTH


def draw_reach(name: str, found: Reach) -> Drawing:
    """Where the boxes and the arrows of a reach stand."""
    callers, reached = _boxes(found.callers, EDGE), _boxes(found.reached, WIDTH - EDGE - BOX_WIDTH)
    height = 2 * EDGE + STEP * max(len(callers), len(reached), 1) - (STEP - BOX_HEIGHT)
    middle = height // 2
    callers, reached = _centred(callers, height), _centred(reached, height)
    server = Box(
        CENTRE - CENTRE_WIDTH // 2,
        middle - BOX_HEIGHT // 2,
        _short(name, 24),
        "this server",
        "server",
    )
    left, right = server.x, server.x + CENTRE_WIDTH
    arrows = [
        *(Arrow(each.x + BOX_WIDTH, each.middle, left, middle) for each in callers if each.kind),
        *(Arrow(right, middle, each.x, each.middle) for each in reached if each.kind),
    ]
    return Drawing(height, server, (*callers, *reached), tuple(arrows), _told(found))


def _boxes(way: OneWay, x: int) -> list[Box]:
    if not way.closed:
        return [Box(x, EDGE, "everybody", "no policy closes this way", "open")]
    peers = _merged(way.rows.shown)
    if not peers:
        return [Box(x, EDGE, "nobody", "", "")]
    more = len(peers) - MOST_BOXES + way.rows.more
    shown = peers[: MOST_BOXES - 1] if more > 0 else peers
    boxes = [
        Box(x, EDGE + STEP * at, _short(each.label), _short(each.detail), each.kind)
        for at, each in enumerate(shown)
    ]
    if more > 0:
        left_out = len(peers) - len(shown) + way.rows.more
        text = f"and {left_out:,} more: see the table"
        boxes.append(Box(x, EDGE + STEP * len(shown), text, "", "more"))
    return boxes


def _centred(boxes: list[Box], height: int) -> list[Box]:
    """The boxes of a side, as far from the top as from the bottom."""
    down = (height - boxes[-1].y - BOX_HEIGHT - EDGE) // 2
    return [each._replace(y=each.y + down) for each in boxes]


class _Peer(NamedTuple):
    label: str
    detail: str
    kind: str


def _merged(rows: Iterable[ReachRow]) -> list[_Peer]:
    """Each peer once, with all of its ports; one that a policy opens too widely says so."""
    found: dict[tuple[str, str], tuple[list[str], bool]] = {}
    for each in rows:
        peer = each.peer, each.where
        ports, wide = found.get(peer, ([], False))
        if each.ports not in ports:
            ports.append(each.ports)
        found[peer] = ports, wide or each.wide
    return [
        _Peer(label, f"{_few(ports)} {where}".rstrip(), "wide" if wide else "peer")
        for (label, where), (ports, wide) in found.items()
    ]


def _few(ports: list[str]) -> str:
    return ", ".join(ports[:3]) + ("..." if len(ports) > 3 else "")


def _short(text: str, longest: int = LONGEST_LABEL) -> str:
    shown = bounded_text(text)
    return shown if len(shown) <= longest else f"{shown[: longest - 3]}..."


def _told(found: Reach) -> str:
    callers, reached = (
        "everybody" if not way.closed else f"{len(way.rows.shown) + way.rows.more} rules"
        for way in (found.callers, found.reached)
    )
    return f"Who may call this server: {callers}. What it may reach: {reached}. The table has all."
