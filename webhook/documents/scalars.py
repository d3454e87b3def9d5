"""What a plain YAML scalar means to Kubernetes, and how its numbers reach JSON.

The rules are those of sigs.k8s.io/yaml (goyaml.v2/resolve.go, and the step to JSON in yaml.go):
yes, no, on, off, y and n are booleans, 0644 is octal, 12:30 and dates are text, 1.0 is the
integer 1.
"""

import re

_MAX_DIGITS = 1000
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
}
_INTEGER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|(?P<octal>0[0-7]+)|0|[1-9][0-9]*)"
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?(?:\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")


class ScalarError(ValueError):
    """A scalar that JSON cannot hold; the message is one sentence."""


def plain(text: str) -> bool | float | str | None:
    """Return what a scalar without quotes and without a tag means.

    A number beyond the range of a float stays text, as upstream; .inf and .nan are refused.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _NOT_FINITE.fullmatch(text):
        raise not_finite(text)
    digits = text if text[0] == "." else text.replace("_", "")
    match = _INTEGER.fullmatch(digits)
    if match:
        return integer(digits, 8 if match["octal"] else 0)
    if _FLOAT.fullmatch(digits):
        value = decimal(digits)
        return text if value is None else value
    return text


def integer(digits: str, base: int = 10) -> int:
    """Return a whole number of any sensible size; base 0 goes by the prefix."""
    _check_length(digits)
    return int(digits, base)


def decimal(digits: str) -> float | None:
    """Return a float as Go's encoding/json prints it: whole below 1e21; None when out of range."""
    _check_length(digits)
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        return None
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def not_finite(text: str) -> ScalarError:
    """Return the error for an infinity or a NaN."""
    return ScalarError(f'{text} does not exist in JSON: write "{text}" if it is text')


def _check_length(digits: str) -> None:
    if len(digits) > _MAX_DIGITS:
        raise ScalarError(
            f"a number has more than {_MAX_DIGITS} digits: put it in quotes if it is text"
        )
