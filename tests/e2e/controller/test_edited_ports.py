"""Somebody gives the port of a made Service another number: it is put back, and told."""

from typing import Any

import pytest

from tests.e2e.controller.control import Control
from tests.e2e.controller.test_edited_and_taken_over import edit, put_back
from tests.e2e.controller.weather import OURS, is_made, told, weather
from tests.e2e.namespace import Namespace


@pytest.mark.parametrize("change", [{"port": 81}, {"protocol": "UDP"}], ids=str)
def test_a_second_port_of_the_name_of_ours_is_put_back(
    control: Control, namespace: Namespace, change: dict[str, Any]
) -> None:
    namespace.apply(weather())
    before = is_made(namespace)["spec"]["ports"]
    edit(namespace, f"services/{OURS}", {"spec": {"ports": [{**before[0], **change}]}}, "kubectl")

    assert put_back(namespace, "Service").startswith("kubectl changed spec.ports of Service ")
    assert namespace.get(f"services/{OURS}")["spec"]["ports"] == before
    assert "WriteInvalid" not in told(namespace)
