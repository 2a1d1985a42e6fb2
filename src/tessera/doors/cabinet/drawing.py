"""The card as pictures: a QR code and an EAN-13, as SVG with attributes only, black on white."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import segno

from tessera.members.core import is_card_number

QUIET = 4  # modules of white around a QR code, as the standard asks
# EAN-13 (GS1 General Specifications 5.2): the sets A, B, C, and which of A and B spell the first
# digit. One bit is one module.
_A = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011",
      "0110111", "0001011")  # fmt: skip
_FIRST = ("AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB",
          "ABABBA", "ABBABA")  # fmt: skip
_C = tuple("".join("10"[int(bit)] for bit in each) for each in _A)
_B = tuple(each[::-1] for each in _C)
_EDGE, _MIDDLE = "101", "01010"
BARS_QUIET, BARS_HIGH = 9, 50


@dataclass(frozen=True, slots=True)
class Picture:
    """`width` by `height` modules with the white around them; `path` draws what is black."""

    width: int
    height: int
    path: str


@lru_cache(maxsize=4096)
def bars(number: str) -> Picture | None:
    """The bar code of a card; None for a number that is no EAN-13."""
    if not is_card_number(number):
        return None
    first, left, right = int(number[0]), number[1:7], number[7:]
    sets = {"A": _A, "B": _B}
    coded = [sets[name][int(digit)] for name, digit in zip(_FIRST[first], left, strict=True)]
    bits = _EDGE + "".join(coded) + _MIDDLE + "".join(_C[int(each)] for each in right) + _EDGE
    path = "".join(
        f"M{BARS_QUIET + at} 0v{BARS_HIGH}h{length}v-{BARS_HIGH}z" for at, length in _runs(bits)
    )
    return Picture(len(bits) + 2 * BARS_QUIET, BARS_HIGH, path)


@lru_cache(maxsize=1024)
def still(number: str) -> Picture:
    """The QR code of a card's number, for where there is no line."""
    return _square(segno.make_qr(number, error="m"))


def moving(code: str) -> Picture:
    """The QR code of a code of a minute. Its mask is fixed: eight times as fast to make."""
    return _square(segno.make_qr(code, error="m", mask=2, boost_error=False))


def _square(made: segno.QRCode) -> Picture:
    rows = ["".join(map(str, row)) for row in made.matrix]
    size = len(rows) + 2 * QUIET
    path = "".join(
        f"M{QUIET + x} {QUIET + y}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for x, length in _runs(row)
    )
    return Picture(size, size, path)


def _runs(bits: str) -> list[tuple[int, int]]:
    """(where, how long) of each run of ones."""
    found, at = [], 0
    for each in bits.split("0"):
        if each:
            found.append((at, len(each)))
        at += len(each) + 1
    return found


def svg(picture: Picture, label: str) -> bytes:
    """A picture as a file of its own."""
    said = label.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    box = f"0 0 {picture.width} {picture.height}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{said}" '
        f'shape-rendering="crispEdges"><rect width="{picture.width}" height="{picture.height}" '
        f'fill="#fff"/><path d="{picture.path}" fill="#000"/></svg>'
    ).encode()
