"""A picture with a palette shows what the browser's own picture shows."""

import struct
import zlib

import pytest

from tools.screenshots import palette

RED, GREEN, WHITE = (200, 0, 10), (0, 130, 7), (255, 255, 255)
ROWS = [[RED, WHITE, GREEN], [WHITE, WHITE, RED], [GREEN, RED, RED], [RED, GREEN, WHITE]]


def png(rows: list[list[palette.Colour]], filters: list[int], *, kind: int = 2) -> bytes:
    """What a browser writes; each row has one of the five filters of PNG."""
    written, above = b"", bytes(len(rows[0]) * 3)
    for number, points in zip(filters, rows, strict=True):
        row = bytes(each for point in points for each in point)
        written += bytes([number]) + filtered(number, row, above)
        above = row
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, kind, 0, 0, 0)
    # In two parts, as long pictures come.
    data = zlib.compress(written)
    parts = [(b"IHDR", header), (b"IDAT", data[:9]), (b"IDAT", data[9:]), (b"IEND", b"")]
    return palette.SIGNATURE + b"".join(palette._chunk(*part) for part in parts)


def filtered(number: int, row: bytes, above: bytes) -> bytes:
    """The bytes of a row less what PNG foretells of them."""
    found = []
    for x, byte in enumerate(row):
        left, corner = (row[x - 3], above[x - 3]) if x > 2 else (0, 0)
        foretold = (0, left, above[x], (left + above[x]) // 2, paeth(left, above[x], corner))
        found.append((byte - foretold[number]) & 255)
    return bytes(found)


def paeth(left: int, above: int, corner: int) -> int:
    """The one of the three that is nearest to the sum; the PNG specification, 9.4."""
    guess = left + above - corner
    by_left, by_above, by_corner = abs(guess - left), abs(guess - above), abs(guess - corner)
    if by_left <= by_above and by_left <= by_corner:
        return left
    return above if by_above <= by_corner else corner


def shown(picture: bytes) -> list[list[palette.Colour]]:
    """The points of a picture with a palette."""
    parts = dict(palette._chunks(picture))
    width, height, *kind = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert kind == [8, 3, 0, 0, 0]
    colours = list(palette._points(parts[b"PLTE"]))
    data = zlib.decompress(parts[b"IDAT"])
    assert len(data) == height * (width + 1)
    rows = [data[at : at + width + 1] for at in range(0, len(data), width + 1)]
    assert {row[0] for row in rows} == {0}
    return [[colours[each] for each in row[1:]] for row in rows]


@pytest.mark.parametrize("filters", [[0] * 4, [1] * 4, [2] * 4, [3] * 4, [4] * 4, [4, 1, 3, 2]])
def test_few_colours_stay_as_they_are(filters: list[int]) -> None:
    assert shown(palette.with_palette(png(ROWS, filters))) == ROWS


def test_of_many_colours_those_that_are_rare_become_their_neighbours() -> None:
    often: list[palette.Colour] = [(number, number, 0) for number in range(256)]
    rare: palette.Colour = (90, 90, 2)

    (first, last) = shown(palette.with_palette(png([often, [rare, *often[1:]]], [0, 0])))

    assert first == often
    assert last == [(90, 90, 0), *often[1:]]


def test_the_size_is_that_of_the_header() -> None:
    assert palette.size(png(ROWS, [0] * 4)) == (3, 4)


@pytest.mark.parametrize("kind", [0, 6])
def test_what_has_other_points_is_no_picture_of_a_page(kind: int) -> None:
    with pytest.raises(ValueError, match="8-bit red, green and blue"):
        palette.with_palette(png(ROWS, [0] * 4, kind=kind))


def test_what_is_no_png_is_said() -> None:
    with pytest.raises(ValueError, match="no PNG"):
        palette.size(b"GIF89a and more than that")
