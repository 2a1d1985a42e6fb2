"""Whether a file says who somebody is: searched as bytes, however its columns are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.cli.load.cells import text
from tessera.doors.cli.load.files import BATCH_ROWS, foreign, is_parquet, open_source
from tessera.doors.cli.load.mapping import Layout
from tessera.warehouse.core import Identifier

PIECE = 1 << 20  # bytes that are looked at together; a line that is longer is cut
TAIL = 8  # last digits of a phone, by which it is known however it is written
_READ_MOST = 1 << 29  # bytes of a Parquet file's cells; what says more is not looked into
# What tables are written in. Of a word in another encoding only plain letters are found.
_ENCODINGS = ("utf-8", "cp1250", "cp1251", "cp1252", "gb18030")
_BETWEEN = b" ()-./\xa0\xc2"  # what people write between the digits of a phone


class Naming(Struct, frozen=True):
    """By what somebody is found, as bytes in small letters.

    words  one is enough: a card, an address, an id
    tails  of phones
    names  (given, family), each in its spellings: one line has both
    """

    words: frozenset[bytes] = frozenset()
    tails: frozenset[bytes] = frozenset()
    names: tuple[tuple[frozenset[bytes], frozenset[bytes]], ...] = ()


def naming(
    names: Iterable[Identifier], persons: Iterable[tuple[str, str]], prefixes: Sequence[str] = ()
) -> Naming:
    """By what these are found.

    persons   (given name, family name); who has one only is not found by it
    prefixes  that a mapping puts before what stands in its file
    """
    values = [(each.kind, each.value) for each in names]
    words = {value for _, value in values} | {
        value.removeprefix(prefix) for prefix in prefixes for _, value in values
    }
    return Naming(
        frozenset(each for word in words - {""} for each in _spelled(word)),
        frozenset(value[-TAIL:].encode() for kind, value in values if kind == "phone"),
        tuple((_spelled(given), _spelled(family)) for given, family in persons if given and family),
    )


def says(path: Path, sought: Naming) -> bool:
    """Whether a file says one of these; what cannot be looked into may. Errors: OSError"""
    with path.open("rb") as file:
        begins = file.read(4)
    if begins and foreign(begins) is not None:
        return True
    if not is_parquet(begins):
        return any(found(piece, sought) for piece in _pieces(path))
    try:
        return any(found(piece, sought) for piece in _rows(path))
    except (OSError, ValueError, LookupError):  # of these kinds pyarrow's are
        return True


def found(piece: bytes, sought: Naming) -> bool:
    """Whether these lines say one of them."""
    low = piece.lower()
    if any(_apart(low, word) for word in sought.words):
        return True
    digits = low.translate(None, _BETWEEN) if sought.tails else b""
    if any(_ends(digits, tail) for tail in sought.tails):
        return True
    return any(_both(low, given, family) for given, family in sought.names)


def _spelled(word: str) -> frozenset[bytes]:
    """A word in the encodings of tables; capitals beyond plain letters as people write them."""
    spelled = set()
    for each in {word, word.lower(), word.upper(), word.title()}:
        for encoding in _ENCODINGS:
            spelled.add(each.encode(encoding, "ignore").lower())
    return frozenset(spelled - {b""})


def _pieces(path: Path) -> Iterator[bytes]:
    """A file in pieces that end where lines end."""
    left = b""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            piece = left + piece
            cut = piece.rfind(b"\n") + 1 or len(piece)
            yield piece[:cut]
            left = piece[cut:] or piece[-256:]  # of a long line a word may lie across
    yield left


def _rows(path: Path) -> Iterator[bytes]:
    """The cells of a Parquet file, a line for each row. Errors: ValueError: there are too many"""
    source = open_source(path, Layout())
    if isinstance(source, Refusal):
        raise ValueError(source.why)
    rows, size = source.rows(source.header), 0
    while batch := list(islice(rows, BATCH_ROWS)):
        lines = (",".join(text(cell) for cell in row.values) for row in batch)
        piece = "\n".join(lines).encode("utf-8", "replace")
        size += len(piece)
        if size > _READ_MOST:
            raise ValueError("it is too long")
        yield piece


def _apart(low: bytes, word: bytes) -> bool:
    """Whether a word stands there that is no part of a longer one."""
    at = low.find(word)
    while at >= 0:
        if not _letter(low[at - 1 : at] if at else b"") and not _letter(
            low[at + len(word) : at + len(word) + 1]
        ):
            return True
        at = low.find(word, at + 1)
    return False


def _letter(sign: bytes) -> bool:
    return sign.isalnum() or sign >= b"\x80"


def _ends(digits: bytes, tail: bytes) -> bool:
    """Whether a number ends so."""
    at = digits.find(tail)
    while at >= 0:
        if not digits[at + len(tail) : at + len(tail) + 1].isdigit():
            return True
        at = digits.find(tail, at + 1)
    return False


def _both(low: bytes, given: frozenset[bytes], family: frozenset[bytes]) -> bool:
    """Whether a line has both names."""
    for name in family:
        at = low.find(name)
        while at >= 0:
            end = low.find(b"\n", at)
            line = low[low.rfind(b"\n", 0, at) + 1 : end if end >= 0 else len(low)]
            if _apart(line, name) and any(_apart(line, each) for each in given):
                return True
            at = low.find(name, at + len(line) if end < 0 else end)
    return False
