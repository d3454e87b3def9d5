"""A server, its names and what it asks for, as what is made for it sees them."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.objects.case import Json, deployment, secret, server, settings_of
from webhook.objects.deployed_server import LONGEST_NOTE, Refused, server_of
from webhook.objects.made import server_objects
from webhook.objects.network_policies import BASELINE

DNS_1035 = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
PROFILES: Json = {"db": {"to": [{"podSelector": {}}]}}
LONGEST = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
NAMES = st.text(f"{string.ascii_lowercase}{string.digits}-.", min_size=1, max_size=253).filter(
    lambda name: re.fullmatch(
        r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", name
    )
)


def made_names(name: str) -> list[str]:
    asks = {"config-from": "values", "file-keys": "key", "egress": "db"}
    made = server_objects(
        server(name=name, asks=asks), settings_of(egressProfiles=PROFILES), secret(key=b"")
    )
    assert made.refusals == ()
    return [each["metadata"]["name"] for each in made.objects]


@given(NAMES)
def test_every_name_is_legal_everywhere(name: str) -> None:
    found = made_names(name)

    assert len(set(found)) == len(found) == 4
    assert BASELINE not in found
    assert all(DNS_1035.fullmatch(each) for each in found)


def test_long_names_that_end_differently_stay_apart() -> None:
    one, other = made_names(LONGEST), made_names(f"{LONGEST[:-1]}e")

    assert len(LONGEST) == 253
    assert {len(each) for each in one} == {44, 50, 51}
    assert set(one).isdisjoint(other)


def test_what_the_template_asks_counts_too() -> None:
    document = deployment()
    document["spec"]["template"]["metadata"]["annotations"] = {"mcp-admission.dev/port": "1"}

    assert server_of(document).annotation("mcp-admission.dev/port") == "1"


def test_two_places_that_differ_are_not_chosen_between() -> None:
    document = deployment(asks={"config-from": "one"})
    document["spec"]["template"]["metadata"]["annotations"] = {
        "mcp-admission.dev/config-from": "two"
    }

    with pytest.raises(
        Refused, match="differs from the pod template: say it in one place"
    ) as refused:
        server_of(document).annotation("mcp-admission.dev/config-from")

    assert refused.value.reason == "ConfigFromContradicts"


def test_an_empty_annotation_asks_nothing() -> None:
    assert server(asks={"egress": ""}).annotation("mcp-admission.dev/egress") is None


@pytest.mark.parametrize(
    ("labels", "labelled"),
    [
        ({}, False),
        ({"mcp-admission.dev/server": "true"}, False),
        ({"mcp-admission.dev/server": "true", "mcp-admission.dev/name": "github-tools"}, True),
        ({"mcp-admission.dev/server": "true", "mcp-admission.dev/name": "other"}, False),
    ],
)
def test_a_server_knows_whether_its_pods_carry_its_labels(
    labels: dict[str, str], labelled: bool
) -> None:
    document = deployment()
    document["spec"]["template"]["metadata"]["labels"] |= labels

    assert server_of(document).labelled == labelled


def test_a_note_ends_where_an_event_does() -> None:
    assert len(Refused("Reason", *["x" * 300] * 10).note) == LONGEST_NOTE
    assert Refused("Reason", "one", "two").note == "one; two"
