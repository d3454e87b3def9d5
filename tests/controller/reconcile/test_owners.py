"""Whose an object is that was made, or says that it was."""

from __future__ import annotations

import pytest

from webhook.controller.reconcile.kinds import SECRET, keep


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("crm", "crm"),
        ("a.b-c", "a.b-c"),
        ("a" * 253, "a" * 253),
        ("a" * 254, ""),
        (".", ""),
        ("..", ""),
        ("x/scale", ""),
        ("/" * 100_000, ""),
        ("crm\n", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_a_name_that_no_deployment_can_have_is_nobody_s(name: object, owner: str) -> None:
    """API servers take any text there; it would become a path, and a line of the log."""
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": "0"}
    metadata = {"name": "s", "namespace": "team", "uid": "1", "ownerReferences": [reference]}

    assert keep(SECRET, {"metadata": metadata}).owner == owner
