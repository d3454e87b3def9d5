"""managedFields that a user wrote stop nobody: what was edited is put back, and told."""

from typing import Any

import pytest

from tests.e2e.controller.control import Control
from tests.e2e.controller.weather import OURS, is_made, told, weather
from tests.e2e.namespace import MERGE_PATCH, Namespace

KEYS = ['k:{"port":[1]}', f'k:{{"port":{"[" * 1000}{"]" * 1000}}}']


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:16])
def test_a_forged_key_of_managed_fields_stops_no_reconcile(
    control: Control, namespace: Namespace, key: str
) -> None:
    namespace.apply(weather())
    kept = is_made(namespace)["metadata"]["managedFields"]
    forged = {
        "manager": "forger",
        "operation": "Apply",
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "time": "2026-01-01T00:00:00Z",
        "fieldsV1": {"f:metadata": {"f:ownerReferences": {key: {}}}},
    }
    change: Any = {"metadata": {"managedFields": [*kept, forged]}, "spec": {"type": "NodePort"}}
    path = f"services/{OURS}"

    stored = namespace.raw("PATCH", f"{path}?fieldManager=tool", change, MERGE_PATCH)

    assert b"forger" in stored.body
    namespace.cluster.wait_for(
        "Service as it was", lambda: namespace.get(path)["spec"]["type"] == "ClusterIP"
    )
    namespace.cluster.wait_for("Event", lambda: "ServicePutBack" in told(namespace))
