"""The card as pictures: a QR code and an EAN-13."""

from __future__ import annotations

from functools import lru_cache

import segno

from tessera.doors.web.pictures import Picture, qr, runs, square
from tessera.members.core import is_card_number

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
        f"M{BARS_QUIET + at} 0v{BARS_HIGH}h{length}v-{BARS_HIGH}z" for at, length in runs(bits)
    )
    return Picture(len(bits) + 2 * BARS_QUIET, BARS_HIGH, path)


@lru_cache(maxsize=1024)
def still(number: str) -> Picture:
    """The QR code of a card's number, for where there is no line."""
    return qr(number)


def moving(code: str) -> Picture:
    """The QR code of a code of a minute. Its mask is fixed: eight times as fast to make."""
    return square(segno.make_qr(code, error="m", mask=2, boost_error=False))
