"""Which port speaks MCP: by name, by being the only one, by annotation, by being the first."""

import pytest

from tests.rules.case import Json, pod_of, with_container
from webhook.pods.server_port import Port, choose_port, is_named_by


def port(number: object, name: str | None = None, protocol: str | None = None) -> Json:
    optional = {"name": name, "protocol": protocol}
    return {"containerPort": number, **{key: text for key, text in optional.items() if text}}


MCP, WEB, METRICS = port(8080, "mcp"), port(3001, "web"), port(9090, "metrics")
TABLE = [
    pytest.param([], None, None, id="nothing-says"),
    pytest.param([], "8000", Port(8000), id="told"),
    pytest.param([], "web", None, id="a-name-that-is-not-declared"),
    pytest.param([], "1", Port(1), id="told-the-lowest"),
    pytest.param([], "65535", Port(65535), id="told-the-highest"),
    pytest.param([], "0", None, id="told-zero"),
    pytest.param([], "65536", None, id="told-too-much"),
    pytest.param([], "9" * 5000, None, id="told-nonsense"),
    pytest.param([], "٨", None, id="told-in-other-digits"),
    pytest.param([port(3001)], None, Port(3001), id="the-only-one"),
    pytest.param([WEB], "8000", Port(3001, "web"), id="the-only-one-against-the-annotation"),
    pytest.param([METRICS, MCP], None, Port(8080, "mcp"), id="called-mcp"),
    pytest.param([METRICS, MCP], "9090", Port(8080, "mcp"), id="called-mcp-against-the-annotation"),
    pytest.param([METRICS, WEB], None, Port(9090, "metrics"), id="the-first"),
    pytest.param([METRICS, WEB], "web", Port(3001, "web"), id="told-by-name"),
    pytest.param([METRICS, WEB], "3001", Port(3001, "web"), id="told-by-number"),
    pytest.param([METRICS, WEB], "8000", Port(8000), id="told-but-not-declared"),
    pytest.param([METRICS, WEB], "wbe", None, id="misspelt"),
    pytest.param([port(53, "mcp", "UDP"), WEB], None, Port(3001, "web"), id="only-tcp"),
    pytest.param([port(53, "mcp", "UDP")], None, None, id="no-tcp"),
    pytest.param([port("web"), port(None), WEB], None, Port(3001, "web"), id="of-another-shape"),
    pytest.param([port(1, "a", "TCP")], None, Port(1, "a"), id="tcp-spelled-out"),
]  # fmt: skip


@pytest.mark.parametrize(("ports", "told", "chosen"), TABLE)
def test_the_server_port_is_chosen_by_annotation_name_or_order(
    ports: list[Json], told: str | None, chosen: Port | None
) -> None:
    server = pod_of(with_container(ports=ports)).server
    assert server is not None

    assert choose_port(server, told) == chosen


@pytest.mark.parametrize(("told", "tells"), [("8080", True), ("mcp", True), ("80", False)])
def test_a_port_is_is_named_by_number_or_name(told: str, tells: bool) -> None:
    assert is_named_by(Port(8080, "mcp"), told) == tells
