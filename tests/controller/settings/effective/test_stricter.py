"""When namespaces have to wait for the replicas, and when not."""

from typing import Any

import pytest

from webhook.controller.settings.effective import asks_more
from webhook.settings.rule_settings import PodSecurity

OFF = {"enabled": False}


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ({}, {}, False),
        ({"enforce": "baseline"}, {}, True),
        ({}, {"enforce": "baseline"}, False),
        ({"enforce": "privileged"}, {"enforce": "baseline"}, True),
        ({"enforceVersion": "v1.30"}, {}, True),
        ({}, {"enforceVersion": "v1.30"}, False),
        ({"enforce": "baseline"}, OFF, False),
        ({"enforce": "baseline", **OFF}, {}, True),
        ({"warn": "baseline", "audit": "baseline"}, {}, False),
    ],
)
def test_what_asks_more_of_pods(before: dict[str, Any], after: dict[str, Any], more: bool) -> None:
    assert asks_more(PodSecurity(**after), PodSecurity(**before)) is more
