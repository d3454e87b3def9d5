"""Every special address is closed, by blocks that API servers accept and that do not overlap."""

from ipaddress import ip_address, ip_network
from itertools import combinations

import pytest

from webhook.pods.peers import FURTHER_BLOCKS, IPV6_BLOCKS, REFERENCE_BLOCKS
from webhook.pods.special_addresses import (
    BEYOND_REGISTRY,
    CLOSED,
    IPV4_REGISTRY,
    IPV6_REGISTRY,
    SpecialBlock,
    outermost,
)

LISTED = [*IPV4_REGISTRY, *IPV6_REGISTRY, *BEYOND_REGISTRY]
NETWORKS = [ip_network(cidr) for cidr in CLOSED]


@pytest.mark.parametrize("block", LISTED, ids=lambda block: block.cidr)
def test_each_listed_block_is_closed_as_a_whole(block: SpecialBlock) -> None:
    listed = ip_network(block.cidr)

    ends = listed.network_address, listed.broadcast_address
    assert sum(all(end in closed for end in ends) for closed in NETWORKS) == 1
    assert block.name
    assert block.source


def test_what_the_policy_excepts_is_what_is_closed() -> None:
    assert sorted([*REFERENCE_BLOCKS, *FURTHER_BLOCKS, *IPV6_BLOCKS]) == sorted(CLOSED)


def test_no_two_closed_blocks_overlap() -> None:
    assert not any(one.overlaps(other) for one, other in combinations(NETWORKS, 2))


def test_no_closed_block_is_written_as_an_ipv4_mapped_one() -> None:
    mapped = [each for each in IPV6_BLOCKS if ip_address(each.partition("/")[0]).ipv4_mapped]  # type: ignore[union-attr]

    assert mapped == []
    assert any(ip_address("::ffff:10.0.0.1") in each for each in NETWORKS)


def test_inner_blocks_are_left_out() -> None:
    blocks = [SpecialBlock(cidr, "", "") for cidr in ("10.1.0.0/16", "10.0.0.0/8", "9.0.0.0/8")]

    assert [*outermost(blocks)] == ["9.0.0.0/8", "10.0.0.0/8"]
