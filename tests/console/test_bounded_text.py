"""What is long is cut, and how much is left out is said."""

from webhook.console.bounded_text import bounded, bounded_text, value_text


def test_a_long_text_is_cut_and_says_so() -> None:
    assert bounded_text("x" * 300) == "x" * 300
    assert bounded_text("x" * 51_200, 10) == f"{'x' * 10}... (51,190 more characters)"


def test_what_is_left_out_of_many_is_counted() -> None:
    assert bounded(range(5), 3) == ((0, 1, 2), 2)
    assert bounded(range(1203), 3).said == "and 1,200 more, which are not shown"
    assert bounded([]).said == ""


def test_a_value_is_one_text() -> None:
    assert value_text("1") == "1"
    assert value_text(" ") == '" "'
    assert value_text({"b": [1, None], "ä": "ö"}) == '{"b": [1, null], "ä": "ö"}'
    assert value_text(["x" * 100], 20) == '["xxxxxxxxxxxxxxxxxx... (84 more characters)'
