"""HTTPS_PROXY and NO_PROXY as golang.org/x/net/http/httpproxy reads them."""

import pytest

from webhook.kube.access.transport import proxy_of_environment
from webhook.kube.errors import ConfigurationError

PROXY = "http://proxy.invalid:3128"


@pytest.mark.parametrize(
    ("server", "excluded", "direct"),
    [
        ("https://api.example.com:6443", "", False),
        ("https://api.example.com:6443", "*", True),
        ("https://api.example.com:6443", "example.com", True),
        ("https://api.example.com:6443", "other.com, EXAMPLE.COM ", True),
        ("https://example.com", ".example.com", False),
        ("https://example.com", "*.example.com", False),
        ("https://api.example.com", ".example.com", True),
        ("https://api.example.com", "*.example.com", True),
        ("https://badexample.com", "example.com", False),
        ("https://api.example.com:6443", "example.com:6443", True),
        ("https://api.example.com:6443", "example.com:443", False),
        ("https://api.example.com", "example.com:443", True),
        ("https://API.EXAMPLE.COM.", "api.example.com", True),
        ("https://10.0.0.7:6443", "10.0.0.0/8", True),
        ("https://10.0.0.7:6443", "10.0.0.7", True),
        ("https://10.0.0.7:6443", "10.0.0.7:6443", True),
        ("https://10.0.0.7:6443", "10.0.0.8,192.168.0.0/16", False),
        ("https://10.0.0.7:6443", "10.0.0.0/99,10.0.0", False),
        ("https://[fd00::7]:6443", "fd00::/8", True),
        ("https://[fd00::7]:6443", "fd00::7", True),
        ("https://[fd00::7]:6443", "[fd00::7]:6443", True),
        ("https://[fd00::7]:6443", "[fd00::7]:443", False),
        ("https://api.example.com", "10.0.0.7,:443,", False),
        ("https://localhost:6443", "", True),
        ("https://127.0.0.5:6443", "", True),
        ("https://[::1]:6443", "", True),
    ],
)
def test_a_server_is_called_directly_where_go_would(
    server: str, excluded: str, direct: bool
) -> None:
    found = proxy_of_environment(server, {"HTTPS_PROXY": PROXY, "NO_PROXY": excluded})

    assert found == (None if direct else PROXY)


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}, None),
        ({"https_proxy": PROXY}, PROXY),
        ({"HTTPS_PROXY": PROXY, "https_proxy": "http://other.invalid"}, PROXY),
        ({"HTTPS_PROXY": "proxy.invalid:3128"}, PROXY),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "example.com"}, None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "a.invalid", "no_proxy": "example.com"}, PROXY),
    ],
)
def test_the_variables_count_in_the_order_of_go(
    environment: dict[str, str], found: str | None
) -> None:
    assert proxy_of_environment("https://api.example.com:6443", environment) == found


@pytest.mark.parametrize(
    "proxy", ["socks5://user:word@a", "https://a:3128", "http://", "http://a:x", "http://[::1"]
)
def test_a_proxy_of_another_kind_is_refused_without_its_password(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match=r"HTTPS_PROXY is no http:// URL") as refused:
        proxy_of_environment("https://api.example.com", {"HTTPS_PROXY": proxy})

    assert "word" not in str(refused.value)
