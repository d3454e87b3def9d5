"""The drawing has room for few; the rest is counted, and nothing stands on anything else."""

from itertools import pairwise

from tests.fleet.policies.test_wide_policies import LABELS, OURS, egress, ingress, policy, to
from webhook.console.server_view.reach import find_reach
from webhook.console.server_view.reach_drawing import (
    BOX_HEIGHT,
    BOX_WIDTH,
    CENTRE_WIDTH,
    LONGEST_LABEL,
    MOST_BOXES,
    WIDTH,
    Drawing,
    draw_reach,
)


def drawn(*policies: dict[str, object]) -> Drawing:
    return draw_reach("github-tools", find_reach(policies, LABELS, OURS))


def sides(drawing: Drawing) -> list[list[str]]:
    return [
        [each.label for each in drawing.boxes if (each.x < WIDTH // 2) is left]
        for left in (True, False)
    ]


def test_callers_stand_at_the_left_and_what_is_reached_at_the_right() -> None:
    drawing = drawn(*OURS)

    callers, reached = sides(drawing)
    assert len(callers) == 2
    assert any(each.startswith("public IPv4") for each in reached)
    assert len(drawing.arrows) == len(drawing.boxes)
    left, right = drawing.server.x, drawing.server.x + CENTRE_WIDTH
    assert {each.x2 for each in drawing.arrows if each.x1 < left} == {left}
    assert {each.x1 for each in drawing.arrows if each.x2 > right} == {right}


def test_boxes_are_inside_and_apart() -> None:
    drawing = drawn(*OURS, egress(*(to(f"10.0.{at}.0/24") for at in range(40))))

    for side in (0, 1):
        own = [each for each in drawing.boxes if (each.x > WIDTH // 2) == side]
        assert len(own) <= MOST_BOXES
        assert all(other.y - one.y >= BOX_HEIGHT for one, other in pairwise(own))
        assert all(each.y + BOX_HEIGHT <= drawing.height for each in own)
        assert all(0 <= each.x <= WIDTH - BOX_WIDTH for each in own)
    assert sides(drawing)[1][-1].startswith("and ")
    assert "see the table" in sides(drawing)[1][-1]


def test_the_shorter_side_stands_at_the_height_of_the_server() -> None:
    closed = policy(policyTypes=["Ingress"])

    drawing = drawn(closed, egress(*(to(f"10.0.{at}.0/24") for at in range(3))))

    (nobody,) = [each for each in drawing.boxes if each.x < WIDTH // 2]
    assert nobody.middle == drawing.server.middle


def test_what_is_left_out_counts_peers_once() -> None:
    drawing = drawn(egress(*(to(f"10.0.{at}.0/24") for at in range(10))))

    assert len(sides(drawing)[1]) == MOST_BOXES
    assert sides(drawing)[1][-1] == "and 5 more: see the table"


def test_an_open_way_and_a_closed_one_are_said() -> None:
    drawing = drawn(policy(policyTypes=["Egress"]))

    assert sides(drawing) == [["everybody"], ["nobody"]]
    assert len(drawing.arrows) == 1
    assert "Who may call this server: everybody" in drawing.told


def test_a_wide_policy_is_another_kind_of_box() -> None:
    kinds = {each.label: each.kind for each in drawn(*OURS, ingress({})).boxes}

    assert kinds["everybody"] == "wide"


def test_labels_are_short() -> None:
    drawing = draw_reach("n" * 250, find_reach([egress(to("2001:db8::/32"))], LABELS, []))

    assert max(len(each.label) for each in drawing.boxes) <= LONGEST_LABEL
    assert len(drawing.server.label) == 24
