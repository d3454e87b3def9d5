"""A picture of a page with at most 256 colours: a third of the bytes, and nobody sees it.

A browser writes three bytes for each point. A page has few colours: text that is smoothed gives
some thousand shades of them, which go to the nearest of the 256 that are used most.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
_TRUE_COLOUR, _PALETTE = 2, 3

Colour = tuple[int, int, int]


def with_palette(png: bytes) -> bytes:
    """The same picture; raises ValueError for what is not of 8-bit red, green, blue."""
    chunks = list(_chunks(png))
    header = chunks[0][1]
    width, height, *kind = struct.unpack(">IIBBBBB", header)
    if kind != [8, _TRUE_COLOUR, 0, 0, 0]:
        raise ValueError(f"no picture of 8-bit red, green and blue: {kind}")
    data = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    rows = [list(_points(row)) for row in _unfiltered(data, width * 3)]
    counted = Counter(point for row in rows for point in row)
    kept = [colour for colour, _ in counted.most_common(COLOURS)]
    numbers = {colour: _nearest(colour, kept) for colour in counted}
    drawn = b"".join(b"\0" + bytes(numbers[point] for point in row) for row in rows)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _PALETTE, 0, 0, 0)),
        (b"PLTE", b"".join(map(bytes, kept))),
        (b"IDAT", zlib.compress(drawn, 9)),
        (b"IEND", b""),
    ]
    return SIGNATURE + b"".join(_chunk(*part) for part in parts)


def size(png: bytes) -> tuple[int, int]:
    """Width and height; raises ValueError for what is no PNG."""
    if png[:8] != SIGNATURE or png[12:16] != b"IHDR":
        raise ValueError("no PNG")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    size(png)
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _unfiltered(data: bytes, length: int) -> Iterator[bytes]:
    """The rows, without the filters of PNG: each says by how much a byte differs from others."""
    above = bytearray(length)
    for at in range(0, len(data), length + 1):
        row = bytearray(data[at + 1 : at + 1 + length])
        match data[at]:
            case 1:
                for x in range(3, length):
                    row[x] = (row[x] + row[x - 3]) & 255
            case 2:
                row = bytearray((x + y) & 255 for x, y in zip(row, above, strict=True))
            case 3:
                for x in range(length):
                    left = row[x - 3] if x > 2 else 0
                    row[x] = (row[x] + (left + above[x]) // 2) & 255
            case 4:
                for x in range(length):
                    before = (row[x - 3], above[x - 3]) if x > 2 else (0, 0)
                    row[x] = (row[x] + _paeth(before[0], above[x], before[1])) & 255
        yield bytes(row)
        above = row


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda each: abs(guess - each))


def _points(row: bytes) -> Iterable[Colour]:
    return zip(row[::3], row[1::3], row[2::3], strict=True)


def _nearest(colour: Colour, kept: list[Colour]) -> int:
    red, green, blue = colour

    def distance(number: int) -> int:
        r, g, b = kept[number]
        return (red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2

    return min(range(len(kept)), key=distance)
