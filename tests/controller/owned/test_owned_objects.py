"""Whose an object is that was made, or says that it was."""

from typing import Any

import pytest

from webhook.controller.cluster_state import ClusterState, Queues
from webhook.controller.owned.owned_objects import SECRET, live_object
from webhook.kube.work_queue import NamespacedName, Queue
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings


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

    assert live_object(SECRET, {"metadata": metadata}).owner == owner


def test_a_server_is_looked_at_when_its_object_comes_to_another_owner_or_to_none() -> None:
    asked: list[object] = []

    class Asked(Queue[Any]):
        def add(self, key: object, after: float = 0.0) -> None:
            asked.append(key)

    view = ClusterState(
        SettingsByNamespace(Settings()), "release", (), Queues(*(Asked() for _ in Queues._fields))
    )
    view.begin()
    one, other = NamespacedName("team", "one"), NamespacedName("team", "other")
    for version, (owner, looked_at) in enumerate(
        [
            ("one", {one}),
            ("other", {one, other}),
            (None, {other, "team"}),
        ]
    ):
        owners = [{"kind": "Deployment", "name": owner, "uid": "0"}] if owner else []
        metadata = {"name": "s", "namespace": "team", "uid": "1", "ownerReferences": owners}
        view.made["Secret"].put({"metadata": {**metadata, "resourceVersion": str(version + 1)}})
        assert set(asked) == looked_at
        asked.clear()
