"""base-image: the image of a server that names none."""

import pytest

from tests.rules.case import Json, base, filled, refused, settings_of
from webhook.rules.checks.base_image import RULE

AT = "/spec/containers/0/image"
REFERENCE = "ghcr.io/obot-platform/mcp-images/phat:main"
OWN = settings_of(mcpServerDefaults={"image": "registry.example/base:2"})


def server(**fields: object) -> Json:
    return base(containers=[{"name": "main", **fields}])


FILLED = [
    pytest.param(server(), "add", id="absent"),
    pytest.param(server(image=None), "replace", id="null"),
    pytest.param(server(image=""), "replace", id="empty"),
    pytest.param(server(image="registry.example/mcp:1"), None, id="own"),
    pytest.param(base(containers=[]), None, id="no-container"),
]


@pytest.mark.parametrize(("pod", "operation"), FILLED)
def test_names_the_reference_image(pod: Json, operation: str | None) -> None:
    expected = [{"op": operation, "path": AT, "value": REFERENCE}] if operation else []

    assert filled(RULE, pod) == expected
    assert filled(RULE, pod) == []


def test_names_the_image_of_the_settings() -> None:
    assert filled(RULE, server(), OWN) == [
        {"op": "add", "path": AT, "value": "registry.example/base:2"}
    ]


def test_other_containers_name_their_own() -> None:
    pod = base(
        initContainers=[{"name": "i"}],
        containers=[{"name": "proxy"}, {"name": "main", "ports": [{"name": "mcp"}]}],
        ephemeralContainers=[{"name": "e"}],
    )

    assert [told["path"] for told in filled(RULE, pod)] == ["/spec/containers/1/image"]


def test_refuses_nothing() -> None:
    assert refused(RULE, server()) == []
    assert refused(RULE, server(image="registry.example/mcp:1"), OWN) == []
