"""Names of what is made for a server fit Kubernetes, whatever its Deployment is called."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import names

DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
DEPLOYMENTS = st.from_regex(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?", fullmatch=True)
MADE = [
    names.service_of,
    names.former_service_of,
    names.config_secret_of,
    names.files_secret_of,
    names.access_policy_of,
]


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("crm", "crm"),
        ("a" * 40, "a" * 40),
        ("a" * 41, f"{'a' * 31}-c0f8bd4d"),
        ("crm.eu", "crm-eu-c4575984"),
        ("1tool", "tool-70c072d4"),
        ("123", "mcp-a665a459"),
    ],
)
def test_an_identity_never_changes(name: str, identity: str) -> None:
    assert names.identity(name) == identity


@given(DEPLOYMENTS)
@pytest.mark.parametrize("made", MADE)
def test_the_name_of_a_made_object_is_a_dns_label(made: Callable[[str], str], name: str) -> None:
    found = made(name)

    assert DNS_1035.fullmatch(found)
    assert len(found) <= 63


@given(DEPLOYMENTS, DEPLOYMENTS)
def test_servers_whose_names_are_cut_have_different_identities(one: str, other: str) -> None:
    long = ["x" * 40 + name[:200] for name in (one, other)]

    assert (names.identity(long[0]) == names.identity(long[1])) is (long[0] == long[1])


def test_every_annotation_that_users_write_is_ours_and_named_once() -> None:
    assert len(set(names.USER_ANNOTATIONS)) == len(names.USER_ANNOTATIONS)
    assert all(name.startswith(names.PREFIX) for name in names.USER_ANNOTATIONS)
    for some in (names.SECRETS, names.READ_BY_PODS, names.FOR_DEPLOYMENTS):
        assert set(some) <= set(names.USER_ANNOTATIONS)
