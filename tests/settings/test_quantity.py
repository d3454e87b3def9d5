"""Quantities: the tables of apimachinery's documentation, and properties against Fraction."""

import contextlib
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.settings.quantity import Notation, Quantity, QuantityError, parse_quantity

GIBI = 1024**3
CAP = 2**63 - 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"), ("0n", "0"), ("0Ki", "0"), ("0e999999999", "0"), ("-0", "0"),
        ("1", "1"), ("+1", "1"), ("-1", "-1"), ("007", "7"),
        ("0.5", "1/2"), ("500m", "1/2"), (".5", "1/2"), ("5e-1", "1/2"), ("0.50000", "1/2"),
        ("1.", "1"), ("1.G", 10**9), (".0001k", "1/10"), ("100.035k", 100035),
        ("5n", Fraction(5, 10**9)), ("100u", Fraction(100, 10**6)), ("3m", "3/1000"),
        ("8k", 8000), ("7M", 7 * 10**6), ("6G", 6 * 10**9), ("5T", 5 * 10**12),
        ("2P", 2 * 10**15), ("1E", 10**18), ("12E", 12 * 10**18),
        ("1Ki", 1024), ("400Mi", 400 * 1024**2), ("1Gi", GIBI), ("1.5Gi", GIBI * 3 // 2),
        ("5Ti", 5 * 1024**4), ("4Pi", 4 * 1024**5), ("1Ei", 1024**6),
        ("0.05Gi", Fraction(GIBI, 20)), ("-1.5Gi", -GIBI * 3 // 2),
        ("1e3", 1000), ("1E3", 1000), ("12e6", 12 * 10**6), ("1.3E+6", 1300000),
        ("1e-3", "1/1000"), ("1e-03", "1/1000"),
        ("18446744073709551616", 2**64), ("1e99", 10**99),
        (" 1Gi\n", GIBI),
    ],
)  # fmt: skip
def test_the_value_of_a_quantity_is_exact(text: str, value: str | int | Fraction) -> None:
    assert Fraction(parse_quantity(text).nano, 10**9) == Fraction(value)


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("3.001n", 4), ("-3.001n", -4), ("0.9n", 1), ("1.1E-9", 2), ("0.0000000001", 1),
        ("0.00000012345", 124), ("0.00000012354", 124), ("0.000000000001Ki", 2),
        ("1e-999999999", 1), ("-1e-999999999", -1),
    ],
)  # fmt: skip
def test_digits_below_nano_round_away_from_zero(text: str, nano: int) -> None:
    assert parse_quantity(text).nano == nano


@pytest.mark.parametrize("text", ["8Ei", "9Ei", "9223372036854775807Ki", "9223372036854775808Ki"])
def test_binary_quantities_are_capped_as_upstream_caps_them(text: str) -> None:
    assert parse_quantity(text) == parse_quantity(CAP)
    assert parse_quantity(f"-{text}") == parse_quantity(-CAP)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"), ("0Ki", "0"), ("0e3", "0"), ("-0", "0"), ("00", "0"),
        ("0.5", "500m"), ("1000m", "1"), ("1.08", "1080m"), ("1080000000n", "1080m"),
        ("1000u", "1m"), ("1.5", "1500m"), ("1.500", "1500m"), ("+1", "1"),
        ("1000M", "1G"), ("0.001T", "1G"), ("50k", "50k"), ("1000", "1k"), ("1234567M", "1234567M"),
        ("1000E", "1e21"), ("5000E", "5e21"), ("12E", "12E"),
        ("1024Ki", "1Mi"), ("1024Mi", "1Gi"), ("1.5Gi", "1536Mi"), ("1024Gi", "1Ti"),
        ("0.5Mi", "512Ki"), ("1001Gi", "1001Gi"), ("1Ei", "1Ei"), ("9Ei", str(CAP)),
        ("0.5Ki", "512"), (".001Ki", "1024m"), (".000001Ki", "1024u"), ("100.035Ki", "102435840m"),
        (".000000000001Ki", "2n"), ("-1.5Gi", "-1536Mi"), ("-0.5", "-500m"), ("-512Ki", "-512Ki"),
        ("1e3", "1e3"), ("1E3", "1e3"), (".001e12", "1e9"), ("0.001e0", "1e-3"),
        ("1000e-12", "1e-9"), ("5e0", "5"), ("12e6", "12e6"), ("1e14", "100e12"),
        ("300e6", "300e6"), ("1.7E18", "1700e15"),
    ],
)  # fmt: skip
def test_a_quantity_has_the_canonical_form_of_kubernetes(text: str, canonical: str) -> None:
    assert parse_quantity(text).canonical() == canonical
    assert str(parse_quantity(text)) == canonical


@pytest.mark.parametrize(
    ("value", "canonical"),
    [(1, "1"), (-3, "-3"), (1024, "1024"), (4194304000, "4194304k"), (0.5, "500m"), (1.0, "1"),
     (1e22, "10e21"), (1e-7, "100e-9"), (0.1, "100m"), (-2.5, "-2500m")],
)  # fmt: skip
def test_yaml_numbers_count_as_their_decimal_text(value: float, canonical: str) -> None:
    assert parse_quantity(value).canonical() == canonical


@pytest.mark.parametrize(
    "text",
    [
        "", " ", ".", "+", "-", "Mi", "m", "+.", "400MB", "1.1.M", "1+1.0M", "0.1mi", "0.1am",
        "aoeu", ".5i", "1i", "-3.01i", "-3.01e-", "1e", "1 Gi", "--1", "1e1.5", "0x10", "1_000",
        "1K", "1kk", "1KiB", "nan", "inf", "-inf", "\u0661", "1\u0000",
    ],
)  # fmt: skip
def test_what_is_no_quantity_is_refused_with_the_accepted_suffixes(text: str) -> None:
    with pytest.raises(QuantityError, match=r"is not a quantity: write a number .* such as 400Mi"):
        parse_quantity(text)


def test_refusal_stays_one_line_whatever_the_text() -> None:
    with pytest.raises(QuantityError, match=r'^"1\\n\\u0007Mi" is not a quantity'):
        parse_quantity("1\n\aMi")
    with pytest.raises(QuantityError, match=r'^"400\\u041ci" is not a quantity'):
        parse_quantity("400\u041ci")
    with pytest.raises(QuantityError, match=r"^\"0x[0-9a-f]{38}\.\.\.\" is too large"):
        parse_quantity(10**5000)


def test_refusal_quotes_the_text() -> None:
    with pytest.raises(QuantityError) as caught:
        parse_quantity("400MB")
    assert str(caught.value) == (
        '"400MB" is not a quantity: write a number with an optional suffix '
        "n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or an exponent, such as 400Mi"
    )


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (True, "a boolean"), (False, "a boolean"), (None, "type NoneType"), ([], "type list"),
        (b"1", "type bytes"), (float("nan"), "nan"), (float("inf"), "inf"), (float("-inf"), "-inf"),
    ],
)  # fmt: skip
def test_other_types_are_refused(value: float, named: str) -> None:
    with pytest.raises(QuantityError, match=f"{named} is not a quantity"):
        parse_quantity(value)


@pytest.mark.parametrize(
    "value",
    ["1e100", "1e999999999", "-1e999999999", "9" * 101, "1" * 129, " " * 129, 10**100, -(10**4000)],
    ids=lambda value: str(value)[:20],
)
def test_sizes_that_would_cost_memory_are_refused_at_once(value: str | int) -> None:
    before = time.process_time()
    with pytest.raises(QuantityError, match="too large for a quantity: write at most 128 char"):
        parse_quantity(value)
    assert time.process_time() - before < 1


def test_equal_values_are_equal_in_every_notation() -> None:
    spellings = ["1024", "1Ki", "1.024k", "1024e0", "1024000m", "1.024e3"]
    assert len({parse_quantity(text) for text in spellings}) == 1
    assert {parse_quantity(text).notation for text in spellings} == set(Notation)
    assert (
        parse_quantity("1G")
        < parse_quantity("1Gi")
        <= parse_quantity("1024Mi")
        > parse_quantity("1023Mi")
    )


def test_a_quantity_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        parse_quantity("1").nano = 2  # type: ignore[misc]


def test_largest_suffix_is_kept_for_amounts_made_in_code() -> None:
    assert Quantity(1024**7 * 10**9, Notation.BINARY).canonical() == "1024Ei"


SUFFIXES: dict[str, int | Fraction] = {
    "": 1, "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000),
    "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
    "e-7": Fraction(1, 10**7), "E+5": 10**5, "e20": 10**20,
}  # fmt: skip
NUMBERS = st.from_regex(r"[+-]?([0-9]{1,25}(\.[0-9]{0,25})?|\.[0-9]{1,25})", fullmatch=True)
QUANTITIES = st.tuples(NUMBERS, st.sampled_from(sorted(SUFFIXES)))


def oracle(number: str, suffix: str) -> Fraction:
    """State the documented semantics once more, in fractions."""
    exact = Fraction(f"0{number}" if number[0] not in "+-" else f"{number[0]}0{number[1:]}")
    nanos = abs(exact) * SUFFIXES[suffix] * 10**9
    rounded = Fraction(-(-nanos.numerator // nanos.denominator), 10**9)
    if suffix.endswith("i"):
        rounded = min(rounded, Fraction(CAP))
    return -rounded if exact < 0 else rounded


@given(QUANTITIES, QUANTITIES)
def test_values_and_their_order_agree_with_fractions(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    left, right = parse_quantity("".join(one)), parse_quantity("".join(other))
    assert Fraction(left.nano, 10**9) == oracle(*one)
    assert (left < right) == (oracle(*one) < oracle(*other))
    assert (left == right) == (oracle(*one) == oracle(*other))


@given(QUANTITIES)
def test_canonical_form_keeps_the_value_and_is_stable(written: tuple[str, str]) -> None:
    quantity = parse_quantity("".join(written))
    canonical = quantity.canonical()
    assert parse_quantity(canonical) == quantity
    assert parse_quantity(canonical).canonical() == canonical
    assert "." not in canonical


@given(st.text(max_size=140) | st.text(alphabet="0123456789.eEinumkKMGTP+-", max_size=140))
def test_any_text_is_a_quantity_or_a_quantity_error(text: str) -> None:
    with contextlib.suppress(QuantityError):
        quantity = parse_quantity(text)
        assert parse_quantity(quantity.canonical()) == quantity


@given(st.integers() | st.floats())
def test_any_number_is_a_quantity_or_a_quantity_error(value: float) -> None:
    with contextlib.suppress(QuantityError):
        assert abs(parse_quantity(value).nano) < 10**109
