"""The values of options that several commands share."""

import argparse
from collections.abc import Callable

import pytest

from webhook.cli.options import add_log_option, listen_address, seconds, service_name
from webhook.server.listener import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:8443", Address("0.0.0.0", 8443)),
        (":8443", Address("", 8443)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:65535", Address("::1", 65535)),
    ],
)
def test_an_address_has_a_host_and_a_port(text: str, address: Address) -> None:
    assert listen_address(text) == address


@pytest.mark.parametrize("text", ["mcp-admission.system", "mcp-admission.system.svc"])
def test_a_service_is_named_with_its_namespace(text: str) -> None:
    assert service_name(text) == "mcp-admission.system"


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((listen_address, text) for text in ("8443", "::1:80", "[a]:80", "a:65536", "a:²", "a:")),
        *((service_name, text) for text in ("a", "a.", ".b", "A.b", "a.b.c", "1a.b", "a_b.c")),
        (service_name, f"{'a' * 64}.b"),
    ],
)
def test_a_value_of_another_form_is_refused_with_an_example(
    read: Callable[[str], object], text: str
) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="such as"):
        read(text)


def test_information_is_logged_unless_another_level_is_named() -> None:
    parser = argparse.ArgumentParser()
    add_log_option(parser)

    assert parser.parse_args([]).log_level == "info"
    assert parser.parse_args(["--log-level", "debug"]).log_level == "debug"


def test_a_number_of_seconds_is_read() -> None:
    assert seconds("1e1") == 10
    with pytest.raises(argparse.ArgumentTypeError):
        seconds("")
