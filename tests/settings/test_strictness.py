"""Which value is stricter, and that looking costs no product of two lists."""

from typing import Any, get_args

import pytest

from webhook.settings.model import MODES
from webhook.settings.model_keys import Key, choices, plain_type, type_at
from webhook.settings.rule_settings import RuleAction
from webhook.settings.strictness import _LADDERS, ACTIONS, has_order, looser

CEILINGS: Key = ("mcpNamespace", "networkPolicy", "egressCeilings")


@pytest.mark.parametrize("name", _LADDERS)
def test_a_ladder_has_every_value_of_its_key(name: str) -> None:
    key = tuple(name.split("."))
    values = (False, True) if plain_type(type_at(key)) is bool else choices(type_at(key))

    assert set(values) <= set(_LADDERS[name])


def test_a_ladder_has_every_action_and_mode() -> None:
    assert set(ACTIONS) == set(get_args(RuleAction))
    assert _LADDERS["mode"] == MODES


@pytest.mark.parametrize(
    ("key", "value", "held"),
    [
        (("mode",), "enforce", "enforce"),
        (("rules", "sysctls"), "deny", "override"),
        (("mcpServerMaximums", "limits", "cpu"), "1000m", "1"),
        (("mcpServerMaximums", "limits", "cpu"), "8", None),
        (CEILINGS, ["10.0.0.0/8"], ["0.0.0.0/0"]),
        (CEILINGS, ["::1/128"], ["0.0.0.0/0", "::/0"]),
    ],
)
def test_what_is_as_strict_is_not_looser(key: Key, value: Any, held: Any) -> None:
    assert looser(key, value, held) is None


def test_long_lists_are_named_by_their_first_items() -> None:
    held = [f"10.{at}.0.0/16" for at in range(4)]

    assert looser(CEILINGS, ["0.0.0.0/0"], held) == (
        "0.0.0.0/0 is in no block that the cluster has (10.0.0.0/16, 10.1.0.0/16, 10.2.0.0/16, ...)"
    )


def test_blocks_are_looked_up_and_not_compared_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [f"10.{one}.{other}.0/24" for one in range(200) for other in range(100)]
    asked = [f"10.{one}.{other}.128/25" for one in range(200) for other in range(100)]
    looked_up = 0

    class Counted(tuple):  # type: ignore[type-arg]
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal looked_up
            looked_up += 1
            return super().__eq__(other)

        __hash__ = tuple.__hash__

    from webhook.settings import strictness

    bits = strictness._bits
    monkeypatch.setattr(strictness, "_bits", lambda text: Counted(bits(text)))

    assert looser(CEILINGS, asked, held) is None
    assert looked_up <= 4 * len(asked)


@pytest.mark.parametrize(
    ("name", "ordered"),
    [
        ("mode", True),
        ("rules.privileged", True),
        ("mcpServerMaximums.requests", True),
        ("priorityClasses.allowed", True),
        ("mcpNamespace.networkPolicy.egressCeilings", True),
        ("mcpServerDefaults.image", False),
        ("isolation.breakGlassGroups", False),
    ],
)
def test_a_key_with_an_order_has_stricter_values(name: str, ordered: bool) -> None:
    assert has_order(tuple(name.split("."))) is ordered
