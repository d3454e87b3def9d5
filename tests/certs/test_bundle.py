"""PEM texts: what is read, in which order it is written, and what is left out."""

from datetime import UTC, datetime, timedelta

import pytest

from certs import bundle
from certs.authority import Pair, issue_leaf, make_authority
from certs.bundle import BundleError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW = (make_authority(NOW + age * DAY, 10 * DAY) for age in (0, 5))
OLD_PEM, NEW_PEM = OLD.certificate_pem, NEW.certificate_pem
KEY = issue_leaf(OLD, ["a"], NOW, DAY).key_pem
GARBAGE = b"-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n"
FOREIGN = b"-----BEGIN X509 CRL-----\nbm9uZQ==\n-----END X509 CRL-----\n"


def _numbers(pem: bytes) -> list[int]:
    return [one.serial_number for one in bundle.parse_certificates(pem, "ca.crt")]


@pytest.mark.parametrize(
    "pem",
    [
        OLD_PEM + NEW_PEM,
        (OLD_PEM + NEW_PEM).replace(b"\n", b"\r\n"),
        (OLD_PEM + NEW_PEM).replace(b"\n", b"\r"),
        OLD_PEM + NEW_PEM.rstrip(),
        b"# Z\xc3\xbcrich\n" + OLD_PEM + b"\nIssuer: CN=b\n" + NEW_PEM + b"the end\n",
    ],
    ids=["plain", "CRLF", "CR", "no last line end", "comments"],
)
def test_certificates_are_read_in_their_order(pem: bytes) -> None:
    assert _numbers(pem) == [OLD.certificate.serial_number, NEW.certificate.serial_number]


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (b"", "ca.crt holds no certificate in PEM: write one that starts with -----BEGIN"),
        (b"\x30\x82\x01\x01", "ca.crt holds no certificate in PEM: write one"),
        (KEY, "ca.crt: block 1 is a PRIVATE KEY, not a CERTIFICATE: remove it"),
        (OLD_PEM + KEY, "ca.crt: block 2 is a PRIVATE KEY, not a CERTIFICATE: remove it"),
        (OLD_PEM + FOREIGN + NEW_PEM, "ca.crt: block 2 is a X509 CRL, not a CERTIFICATE"),
        (OLD_PEM + GARBAGE, "ca.crt: block 2 is no readable certificate: write it again"),
        (OLD_PEM + NEW_PEM[:-40], "ca.crt: block 2 has no end: write the file again"),
        (OLD_PEM[:-40] + NEW_PEM, "ca.crt: block 1 has no end: write the file again"),
    ],
)
def test_a_bad_block_is_named(pem: bytes, reason: str) -> None:
    with pytest.raises(BundleError) as raised:
        bundle.parse_certificates(pem, "ca.crt")

    assert str(raised.value).startswith(reason)
    assert KEY.decode().splitlines()[1] not in str(raised.value)


@pytest.mark.parametrize("pairs", [[OLD, NEW], [NEW, OLD], [OLD, NEW, OLD, NEW]])
def test_a_bundle_is_newest_first_and_holds_each_once(pairs: list[Pair]) -> None:
    assert bundle.render_bundle(pair.certificate for pair in pairs) == NEW_PEM + OLD_PEM


def test_an_empty_bundle_is_never_written() -> None:
    with pytest.raises(BundleError, match="a bundle of no authority would refuse every request"):
        bundle.render_bundle([])


@pytest.mark.parametrize(
    ("days", "kept"),
    [
        (9, [OLD, NEW]),
        (10 + 0.9 / 24, [OLD, NEW]),
        (10 + 1.1 / 24, [NEW]),
        (14, [NEW]),
        (16, [OLD, NEW]),
    ],
    ids=["both live", "ended on some clocks", "ended", "ended long ago", "both ended"],
)
def test_what_has_ended_goes_unless_nothing_else_is_left(days: float, kept: list[Pair]) -> None:
    both = [OLD.certificate, NEW.certificate]

    assert bundle.prune(both, NOW + days * DAY) == [pair.certificate for pair in kept]
