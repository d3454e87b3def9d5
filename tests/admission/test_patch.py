"""Edits become operations that make the same object elsewhere."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch

from webhook.admission.patch import Patch, same
from webhook.rules.fields import Fields


class Edited:
    """A document under edit, and the proof that its operations make the same of the original."""

    def __init__(self, document: Any) -> None:
        self.original = copy.deepcopy(document)
        self.document = document
        self.patch = Patch()
        self.root = Fields(document, self.patch)

    def operations(self) -> list[dict[str, Any]]:
        told = self.patch.finish()

        assert same(jsonpatch.apply_patch(self.original, copy.deepcopy(told)), self.document)

        return told


def test_the_only_item_of_a_list_taken_and_put_back_costs_nothing() -> None:
    edited = Edited({"envFrom": [{"name": "one"}]})

    edited.patch.take_item(edited.root, "envFrom", {"name": "one"})
    edited.root.append("envFrom", {"name": "one"})

    assert edited.operations() == []
