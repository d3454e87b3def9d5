"""The parts of policies that are compared: addresses, ports, selectors, to the last one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.objects.case import Json
from webhook.fleet.policies.policy_parts import (
    PROTOCOLS,
    AddressRange,
    PortRange,
    address_ranges,
    addresses_inside,
    narrower,
    port_ranges,
    selector_text,
    split_ports,
)


def four(first: int, last: int) -> AddressRange:
    return AddressRange(4, first, last)


def test_a_block_without_its_exceptions() -> None:
    block = {"cidr": "10.0.0.0/29", "except": ["10.0.0.0/32", "10.0.0.4/31", "10.0.0.7/32"]}
    base = 10 << 24

    assert address_ranges(block) == [four(base + 1, base + 3), four(base + 6, base + 6)]


def test_a_block_of_which_nothing_is_left() -> None:
    assert address_ranges({"cidr": "10.0.0.0/31", "except": ["10.0.0.0/32", "10.0.0.1/32"]}) == []


def test_tens_of_thousands_of_exceptions_take_no_longer_than_they_should() -> None:
    taken = [f"10.{number // 250}.{number % 250}.0/25" for number in range(30_000)]

    left = address_ranges({"cidr": "10.0.0.0/8", "except": [*taken, *taken]})

    assert len(left) == 30_000
    assert addresses_inside(left, left)
    assert not addresses_inside([four(10 << 24, 11 << 24)], left)


INSIDE = [
    ([four(5, 5)], [four(5, 5)], True),
    ([four(5, 9)], [four(5, 8)], False),
    ([four(5, 9)], [four(6, 9)], False),
    ([four(5, 9)], [four(5, 8), four(9, 9)], True),
    ([four(5, 9)], [four(9, 9), four(5, 5), four(6, 8)], True),
    ([four(5, 9)], [four(1, 20)], True),
    ([four(5, 9)], [AddressRange(6, 1, 20)], False),
    ([four(5, 9), AddressRange(6, 1, 1)], [AddressRange(6, 1, 1), four(5, 9)], True),
    ([], [], True),
    ([four(5, 5)], [], False),
    ([four(5, 9)], [four(1, 4), four(10, 20)], False),
    ([four(5, 9)], [four(1, 5), four(7, 20)], False),
]


@pytest.mark.parametrize(("blocks", "others", "are"), INSIDE)
def test_an_address_block_lies_inside_a_wider_one(
    blocks: list[AddressRange], others: list[AddressRange], are: bool
) -> None:
    assert addresses_inside(blocks, others) == are


RANGES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda ends: four(min(ends), max(ends))),
    max_size=3,
)


@given(RANGES, RANGES)
def test_addresses_lie_inside_one_by_one(
    blocks: list[AddressRange], others: list[AddressRange]
) -> None:
    def among(found: list[AddressRange]) -> set[int]:
        return {each for one in found for each in range(one.first, one.last + 1)}

    assert addresses_inside(blocks, others) == (among(blocks) <= among(others))


READ = [
    ({}, [PortRange(protocol) for protocol in PROTOCOLS]),
    ({"ports": []}, [PortRange("TCP"), PortRange("UDP"), PortRange("SCTP")]),
    ({"ports": [{"port": 53}]}, [PortRange("TCP", 53, 53)]),
    ({"ports": [{"protocol": "UDP"}]}, [PortRange("UDP", 1, 65535)]),
    ({"ports": [{"port": 1, "endPort": 9}]}, [PortRange("TCP", 1, 9)]),
    ({"ports": [{"port": "dns"}]}, [PortRange("TCP", name="dns")]),
]


@pytest.mark.parametrize(("rule", "found"), READ)
def test_ports_of_a_rule(rule: Json, found: list[PortRange]) -> None:
    assert port_ranges(rule) == found


NAMED = PortRange("TCP", name="dns")
HAS = [
    (PortRange("TCP"), PortRange("TCP", 1, 65535), True),
    (PortRange("TCP"), NAMED, True),
    (PortRange("TCP", 2), NAMED, False),
    (PortRange("TCP", 1, 65534), NAMED, False),
    (NAMED, NAMED, True),
    (NAMED, PortRange("TCP", name="mcp"), False),
    (NAMED, PortRange("TCP", 53, 53), False),
    (NAMED, PortRange("TCP"), False),
    (PortRange("UDP"), NAMED, False),
    (PortRange("TCP", 5, 9), PortRange("TCP", 5, 9), True),
    (PortRange("TCP", 5, 9), PortRange("TCP", 4, 9), False),
    (PortRange("TCP", 5, 9), PortRange("TCP", 5, 10), False),
    (PortRange("TCP", 5, 9), PortRange("UDP", 5, 9), False),
]


@pytest.mark.parametrize(("one", "other", "has"), HAS)
def test_ports_are_among_others(one: PortRange, other: PortRange, has: bool) -> None:
    assert one.has(other) == has


PIECES = [
    (PortRange("TCP", 1, 9), [], [(1, 9)]),
    (PortRange("TCP", 1, 9), [PortRange("TCP", 1, 9)], [(1, 9)]),
    (PortRange("TCP", 1, 9), [PortRange("TCP", 3, 5)], [(1, 2), (3, 5), (6, 9)]),
    (PortRange("TCP", 1, 9), [PortRange("TCP", 9, 20)], [(1, 8), (9, 9)]),
    (PortRange("TCP", 5, 9), [PortRange("TCP", 1, 5)], [(5, 5), (6, 9)]),
    (PortRange("TCP", 5, 9), [PortRange("TCP", 1, 4), PortRange("TCP", 10, 11)], [(5, 9)]),
    (PortRange("TCP", 1, 9), [PortRange("UDP", 3, 5)], [(1, 9)]),
    (PortRange("TCP", 5, 5), [PortRange("TCP", 1, 9)], [(5, 5)]),
    (PortRange("TCP", 2, 9), [NAMED], [(2, 9)]),
]


@pytest.mark.parametrize(("one", "others", "found"), PIECES)
def test_ports_are_cut_where_others_start_and_end(
    one: PortRange, others: list[PortRange], found: list[tuple[int, int]]
) -> None:
    assert list(split_ports(one, others)) == [PortRange("TCP", *ends) for ends in found]


def test_a_name_is_not_cut() -> None:
    assert list(split_ports(NAMED, [PortRange("TCP", 3, 5)])) == [NAMED]


EXISTS = {"key": "a", "operator": "Exists"}
IN = {"key": "a", "operator": "In", "values": ["b", "c"]}
NARROWER = [
    ({}, {}, True),
    (None, None, True),
    ({"matchLabels": {"a": "b"}}, {}, True),
    ({}, {"matchLabels": {"a": "b"}}, False),
    ({"matchLabels": {"a": "b", "c": "d"}}, {"matchLabels": {"a": "b"}}, True),
    ({"matchLabels": {"a": "c"}}, {"matchLabels": {"a": "b"}}, False),
    ({"matchExpressions": [EXISTS, IN]}, {"matchExpressions": [IN]}, True),
    ({"matchExpressions": [EXISTS]}, {"matchExpressions": [IN]}, False),
    ({"matchLabels": {"a": "b"}}, {"matchExpressions": [EXISTS]}, False),
]


@pytest.mark.parametrize(("one", "other", "is_"), NARROWER)
def test_a_selector_selects_no_more(one: Json, other: Json, is_: bool) -> None:
    assert narrower(one, other) == is_


def test_a_selector_in_words() -> None:
    selector = {"matchLabels": {"z": "1", "a": "2"}, "matchExpressions": [IN, EXISTS]}

    assert selector_text(selector) == "a=2, z=1, a in (b,c), a exists"
    assert selector_text({}) == selector_text(None) == ""
