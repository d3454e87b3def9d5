"""Plain scalars mean to us what they mean to Kubernetes (goyaml.v2/resolve.go, yaml.go)."""

import json
import re
from typing import Any

import pytest

from webhook.documents.dialect import ScalarError, decimal, integer, plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None),
        ("nULL", "nULL"), ("None", "None"),
        ("true", True), ("True", True), ("TRUE", True), ("yes", True), ("Yes", True), ("on", True),
        ("ON", True), ("y", True), ("Y", True),
        ("false", False), ("No", False), ("off", False), ("OFF", False), ("n", False), ("N", False),
        ("tRue", "tRue"), ("yEs", "yEs"), ("enabled", "enabled"),
        ("0", 0), ("-0", 0), ("+12", 12), ("-7", -7), ("1_000", 1000), ("1__0_", 10), ("_1", "_1"),
        ("0644", 420), ("-0644", -420), ("0o644", 420), ("0O17", 15), ("00", 0),
        ("0x1F", 31), ("0XfF", 255), ("-0x10", -16), ("0b101", 5), ("0B1", 1), ("-0b11", -3),
        ("0x", "0x"), ("0b2", "0b2"), ("0o8", "0o8"), ("0xg", "0xg"),
        ("9223372036854775808", 2**63), ("18446744073709551616", 2**64),
        ("1" * 100, int("1" * 100)),
        ("08", 8), ("09.5", 9.5), ("1.5", 1.5), ("-.5", -0.5), (".5", 0.5), ("5.", 5),
        ("+1.25", 1.25),
        ("1.0", 1), ("1e3", 1000), ("1E+3", 1000), ("12e6", 12_000_000), ("1e-3", 0.001),
        ("1e20", 10**20), ("1e21", 1e21), ("0.1", 0.1), ("1_0.5", 10.5), ("._5", "._5"),
        ("1e999", "1e999"), ("-1e999", "-1e999"), ("1e", "1e"), ("1.2.3", "1.2.3"), ("e3", "e3"),
        ("12:30", "12:30"), ("12:30:45", "12:30:45"), ("190:20:30.15", "190:20:30.15"),
        ("2001-12-14", "2001-12-14"), ("2001-12-14t21:59:43.10-05:00",) * 2,
        ("400Mi", "400Mi"), ("500m", "500m"), ("v1", "v1"), ("=", "="), ("<<", "<<"),
        ("inf", "inf"), ("nan", "nan"), ("NaN", "NaN"), (".iNF", ".iNF"), ("+.nan", "+.nan"),
        ("-", "-"), (".", "."), ("+", "+"), ("0 0", "0 0"), ("1\n", "1\n"), ("\u0661", "\u0661"),
    ],
)  # fmt: skip
def test_plain_scalar(text: str, value: Any) -> None:
    assert plain(text) == value
    assert type(plain(text)) is type(value)


@pytest.mark.parametrize(
    "text", [".inf", ".Inf", ".INF", "+.inf", "-.inf", "-.INF", ".nan", ".NaN", ".NAN"]
)
def test_what_json_cannot_write_is_refused(text: str) -> None:
    with pytest.raises(ScalarError, match=re.escape(f'{text} does not exist in JSON: write "')):
        plain(text)


@pytest.mark.parametrize("text", ["1" * 1001, "0x" + "f" * 4301, "1." + "0" * 1000, "0" * 1001])
def test_numbers_too_long_to_print_again_are_refused(text: str) -> None:
    with pytest.raises(ScalarError, match="more than 1000 digits: put it in quotes"):
        plain(text)


@pytest.mark.parametrize("text", ["1" * 1000, "0x" + "f" * 998, "-" + "7" * 999])
def test_numbers_of_every_accepted_length_can_be_printed(text: str) -> None:
    assert json.loads(json.dumps(plain(text))) == plain(text)


def test_numbers_of_json_use_the_same_two_functions() -> None:
    assert integer("-12") == -12
    assert decimal("2.50") == 2.5
    assert decimal("1e999") is None
    assert decimal("-1e999") is None
