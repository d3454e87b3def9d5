"""Kubernetes resource quantities, exact: ceilings compare what people write in many spellings.

The grammar, the rounding and the canonical form are those of k8s.io/apimachinery
pkg/api/resource (quantity.go). A value is a whole number of nanos, so that `0.5`, `500m` and
`5e-1` are one value and comparing never rounds. Where we are stricter than upstream:

* a number needs a digit (upstream reads `Mi`, `+` and `.` as 0, against its own grammar)
* at most 128 characters and a magnitude under 1e100, because upstream's bound, an exponent of
  32 bits, lets ten characters ask for two gigabytes
"""

import json
import re
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

_MAX_CHARACTERS = 128
_MAX_EXPONENT = 100
_NANO = 9
_BINARY_MAXIMUM = (2**63 - 1) * 10**_NANO
_DECIMAL_EXPONENTS = {
    "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
}  # fmt: skip
_DECIMAL_SUFFIXES = {exponent: suffix for suffix, exponent in _DECIMAL_EXPONENTS.items()}
_BINARY_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")

_SYNTAX = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<whole>[0-9]+)(?:\.(?P<decimals>[0-9]*))?|\.(?P<only_decimals>[0-9]+))"
    r"(?:[eE](?P<exponent>[+-]?[0-9]+)|(?P<binary>[KMGTPE]i)|(?P<decimal>[numkMGTPE]?))"
)
_ACCEPTED = (
    "write a number with an optional suffix n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei "
    "or an exponent, such as 400Mi"
)


class QuantityError(ValueError):
    """A text that is no quantity; the message is one sentence that says what is accepted."""


class Notation(Enum):
    """How a quantity was written, which its canonical form keeps."""

    DECIMAL = "DecimalSI"
    BINARY = "BinarySI"
    EXPONENT = "DecimalExponent"


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """An exact amount; equality, order and hash are those of the value, whatever the spelling."""

    nano: int
    notation: Notation = field(default=Notation.DECIMAL, compare=False)

    def canonical(self) -> str:
        """Return the canonical form of quantity.go: no fraction, the largest suffix that fits.

        A binary quantity under 1024 or with a fraction is written in decimal notation, and a
        decimal one beyond `E` with an exponent. Upstream prints some texts back as they came
        (`1E3`, `+1`, `1.500`); this returns the canonical form of these too.
        """
        if self.nano == 0:
            return "0"
        whole, fraction = divmod(abs(self.nano), 10**_NANO)
        if self.notation is Notation.BINARY and not fraction and whole >= 1024:
            amount, suffix = _binary(whole)
        else:
            amount, suffix = _decimal(abs(self.nano), self.notation)
        return f"{'-' if self.nano < 0 else ''}{amount}{suffix}"

    def __str__(self) -> str:
        return self.canonical()


def parse_quantity(text: str | float) -> Quantity:
    """Read a quantity as the API server would; an int or a float counts as its decimal text.

    Digits below nano are rounded away from zero, binary quantities are capped at 2^63-1, spaces
    around a string are ignored: all as upstream. Raises QuantityError for everything else.
    """
    if isinstance(text, str):
        if len(text) > _MAX_CHARACTERS:
            raise _too_large(text)
        return _parse(text.strip())
    if isinstance(text, bool) or not isinstance(text, int | float):
        kind = "a boolean" if isinstance(text, bool) else f"a value of type {type(text).__name__}"
        raise QuantityError(f"{kind} is not a quantity: {_ACCEPTED}")
    if isinstance(text, int):
        if abs(text) >= 10**_MAX_EXPONENT:
            raise _too_large(hex(text))
        return Quantity(text * 10**_NANO)
    if not abs(text) < float("inf"):
        raise QuantityError(f"{text} is not a quantity: {_ACCEPTED}")
    return _parse(repr(text))


@lru_cache(maxsize=1024)
def _parse(text: str) -> Quantity:
    match = _SYNTAX.fullmatch(text)
    if match is None:
        raise QuantityError(f"{json.dumps(text)} is not a quantity: {_ACCEPTED}")
    sign, whole, decimals, only_decimals, exponent, binary, decimal = match.groups()
    decimals = decimals or only_decimals or ""
    mantissa = int((whole or "") + decimals)
    if binary:
        notation = Notation.BINARY
        mantissa *= 1024 ** _BINARY_SUFFIXES.index(binary)
        power = 0
    elif exponent:
        notation = Notation.EXPONENT
        power = int(exponent)
    else:
        notation = Notation.DECIMAL
        power = _DECIMAL_EXPONENTS[decimal]
    nano = _scale(mantissa, power - len(decimals) + _NANO, text)
    if binary:
        nano = min(nano, _BINARY_MAXIMUM)
    return Quantity(-nano if sign == "-" else nano, notation)


def _scale(mantissa: int, power: int, text: str) -> int:
    """Return mantissa times ten to the power, rounded up, before a large power costs memory."""
    if mantissa == 0:
        return 0
    if power < 0:
        divisor: int = 10 ** min(-power, 2 * _MAX_CHARACTERS)
        return -(-mantissa // divisor)
    nano: int = mantissa * 10 ** min(power, _MAX_EXPONENT + _NANO)
    if nano >= 10 ** (_MAX_EXPONENT + _NANO):
        raise _too_large(text)
    return nano


def _too_large(text: str) -> QuantityError:
    shown = text if len(text) <= 40 else f"{text[:40]}..."
    return QuantityError(
        f"{json.dumps(shown)} is too large for a quantity: write at most {_MAX_CHARACTERS} "
        f"characters and a value under 1e{_MAX_EXPONENT}, such as 400Mi"
    )


def _binary(whole: int) -> tuple[int, str]:
    thousands = 0
    while whole % 1024 == 0 and thousands < 6:
        whole //= 1024
        thousands += 1
    return whole, _BINARY_SUFFIXES[thousands]


def _decimal(nano: int, notation: Notation) -> tuple[int, str]:
    exponent = -_NANO
    while nano % 1000 == 0:
        nano //= 1000
        exponent += 3
    suffix = _DECIMAL_SUFFIXES.get(exponent)
    if suffix is None or (notation is Notation.EXPONENT and exponent):
        suffix = f"e{exponent}"
    return nano, suffix
