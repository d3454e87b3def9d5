"""service-links: no Service of the namespace becomes environment variables."""

import pytest

from tests.rules.case import Json, base, filled, refused
from webhook.rules.checks.service_links import RULE

KEY = "enableServiceLinks"
FILLED = [
    pytest.param(base(), "add", id="absent"),
    pytest.param(base(enableServiceLinks=None), "replace", id="null"),
    pytest.param(base(enableServiceLinks=True), "replace", id="true"),
    pytest.param(base(enableServiceLinks=False), None, id="false"),
    pytest.param(base(enableServiceLinks=1), None, id="another-shape-is-for-the-api"),
    pytest.param(base(enableServiceLinks="true"), None, id="text-is-for-the-api"),
]


@pytest.mark.parametrize("kind", ["Pod", "Deployment"])
@pytest.mark.parametrize(("pod", "operation"), FILLED)
def test_switches_them_off(pod: Json, operation: str | None, kind: str) -> None:
    document = {**pod, "spec": dict(pod["spec"])}
    expected = [{"op": operation, "path": f"/spec/{KEY}", "value": False}] if operation else []

    assert filled(RULE, document, kind=kind) == expected
    assert filled(RULE, document, kind=kind) == []


def test_refuses_nothing() -> None:
    assert refused(RULE, base(enableServiceLinks=True)) == []
