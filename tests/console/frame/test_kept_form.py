"""What comes back from a browser as a kept form may be anything."""

import json

import pytest

from webhook.console.frame.form_reader import MOST_FIELDS
from webhook.console.frame.kept_form import KeptForm, own_address


@pytest.mark.parametrize("address", ["/", "/a/b-c?d=%2F%2Fe&f=g#h", "/a//b"])
def test_our_own_addresses_do(address: str) -> None:
    assert own_address(address) == address


@pytest.mark.parametrize(
    "kept",
    ["", "1", "[]", '["/a"]', '["//evil", []]', '["/a", [1]]', '["/a", [["b"]]]', "[" * 100_000,
     "{}", "[1, []]"],
    ids=range(10),
)  # fmt: skip
def test_what_no_page_has_kept_is_nothing(kept: str) -> None:
    assert KeptForm.read(kept) is None


def test_the_token_is_not_kept() -> None:
    found = KeptForm.read(json.dumps(["/a", [["csrf", "x"], ["b", "c"]]]))

    assert found == KeptForm("/a", (("b", "c"),))


def test_nobody_has_typed_more_fields_than_a_form_has() -> None:
    for count in (MOST_FIELDS, MOST_FIELDS + 1):
        found = KeptForm.read(json.dumps(["/a", [["b", "c"]] * count]))

        assert (found is not None) == (count == MOST_FIELDS)
