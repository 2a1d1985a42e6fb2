"""A code: sixty random bits in twelve letters and two that check them. Pure.

The two are those of a Reed-Solomon code over 32 letters: of 14 letters any one or two that are
wrong are found, so every swap is too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from tessera.base.refusal import Refusal
from tessera.rules.core.coupons import WORD_MOST

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U: none looks like another
BITS, LENGTH = 60, 14
_ALL, _DIGITS = frozenset(LETTERS), str.maketrans(LETTERS, "0123456789ABCDEFGHIJKLMNOPQRSTUV")
_ALIKE = str.maketrans("ILO", "110", " -")
_PARTS = 6  # two letters at a time, ten bits: their tables are small and soon made
_SHIFTS = tuple(range(10 * (_PARTS - 1), -1, -10))


def folded(text: str) -> str:
    """A code or word as it is compared: capitals, without blanks and dashes, I as 1 and O as 0."""
    return text.upper().translate(_ALIKE)


def read(text: str) -> int | str | None:
    """A typed text: the number of a made code, a word for everybody, or None if it is mistyped.

    shape  a word is at most as long as words are, whatever is in it; it is folded
    """
    said = text.replace("-", "")
    if not _ALL.issuperset(said):  # not as it was printed
        said = folded(text)
    if len(said) <= WORD_MOST:
        return said
    if len(said) != LENGTH or not _ALL.issuperset(said):
        return None
    number, (letters, _) = int(said[:-2].translate(_DIGITS), 32), _tables()
    return number if letters[_checked(number)] == said[-2:] else None


def written(number: int) -> str:
    """The fourteen letters of a number of sixty bits."""
    letters, _ = _tables()
    said = [letters[number >> shift & 1023] for shift in _SHIFTS]
    return "".join([*said, letters[_checked(number)]])


def _checked(number: int) -> int:
    """What the two last letters say, as ten bits; written out, for every code that is shown."""
    _, (a, b, c, d, e, f) = _tables()
    return (
        a[number >> 50] ^ b[number >> 40 & 1023] ^ c[number >> 30 & 1023]
        ^ d[number >> 20 & 1023] ^ e[number >> 10 & 1023] ^ f[number & 1023]
    )  # fmt: skip


def spelled(number: int) -> str:
    """A code as people read it: two groups of five letters and one of four."""
    text = written(number)
    return f"{text[:5]}-{text[5:10]}-{text[10:]}"


def ending(number: int) -> str:
    """What staff see of a code that is somebody's: its last letters."""
    return f"…{written(number)[10:]}"


def blocks(numbers: Iterable[int]) -> bytes:
    """Numbers as blocks of sixteen bytes, which are veiled before they are kept."""
    return b"".join([_KIND + number.to_bytes(8) for number in numbers])


def numbers(unveiled: bytes) -> Sequence[int]:
    """The numbers of such blocks. Errors: AssertionError if one is none of ours."""
    found = []
    for at in range(0, len(unveiled), 16):
        assert unveiled[at : at + 8] == _KIND, "no code of this installation"
        found.append(int.from_bytes(unveiled[at + 8 : at + 16]))
    return found


_KIND = b"coupon\0\0"


@cache
def _tables() -> tuple[Sequence[str], Sequence[Sequence[int]]]:
    """Two letters of each ten bits; what each ten bits add to the check, by their place."""
    letters = [LETTERS[n >> 5] + LETTERS[n & 31] for n in range(1024)]
    checks = [
        [_check([0] * (2 * at) + [n >> 5, n & 31] + [0] * (2 * (_PARTS - 1 - at)))
         for n in range(1024)]
        for at in range(_PARTS)
    ]  # fmt: skip
    return letters, checks


def _check(places: Sequence[int]) -> int:
    """What is left of the letters divided by (x - a)(x - a^2), as ten bits."""
    high = low = 0
    for place in places:
        over = place ^ high
        high, low = low ^ _times(over, _A ^ _A2), _times(over, _times(_A, _A2))
    return high << 5 | low


def _times(one: int, two: int) -> int:
    """The product in the field of 32, made by x^5 + x^2 + 1."""
    product = 0
    while two:
        if two & 1:
            product ^= one
        one <<= 1
        if one & 32:
            one ^= 0b100101
        two >>= 1
    return product


_A, _A2 = 2, 4


def mistyped(field: str) -> Refusal:
    """A code that cannot be one."""
    return Refusal(
        "coupon_mistyped", field, "this is not how a code of ours looks",
        "type it again, letter by letter",
    )  # fmt: skip
