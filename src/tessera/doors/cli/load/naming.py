"""Whether a file says who somebody is: searched as bytes, however its columns are laid out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from os.path import commonprefix
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tessera.base.refusal import Refusal
from tessera.doors.cli.load.cells import text
from tessera.doors.cli.load.files import BATCH_ROWS, foreign, is_parquet, open_source
from tessera.doors.cli.load.mapping import Layout
from tessera.warehouse.core import Identifier
from tessera.warehouse.privacy.core import dialled_abroad, dialled_at_home

PIECE = 1 << 20  # bytes that are looked at together; a line that is longer is cut
_READ_MOST = 1 << 29  # bytes of a Parquet file's cells; what says more is not looked into
# What tables are written in. Of a word in another encoding only plain letters are found.
_ENCODINGS = ("utf-8", "cp1250", "cp1251", "cp1252", "gb18030")
# What people write between the digits of a phone: the bytes of narrow blanks and long dashes too.
_BETWEEN = b" ()-./\xa0\xc2\xe2\x80\x91\x93\xaf"
_GAP = b"[" + re.escape(_BETWEEN) + b"]*"
_PRICE = re.compile(rb"[0-9]+\.(?!0$)[0-9]{1,2}")  # `.0` is a number that a table made a fraction
_DAY = re.compile(rb"(19|20)[0-9]{2}[-./][01][0-9][-./][0-3][0-9]")
_EDGE = rb'(?:^|(?<=[\n,;\t|"]))'  # where a cell begins
_END = rb'(?=[\r\n,;\t|"]|$)'


class Person(Struct, frozen=True):
    """A name in all its spellings.

    family    what a line must have at all
    cells     given, family: as the whole of a cell
    together  both words in one cell
    """

    family: frozenset[bytes]
    cells: tuple[re.Pattern[bytes], re.Pattern[bytes]]
    together: re.Pattern[bytes]


class Naming(Struct, frozen=True):
    """By what somebody is found, as bytes in small letters.

    words   one is enough: a card, an address, an id
    phones  (digits with which its cell ends, a cell that is this phone)
    names   one line has both halves
    """

    words: frozenset[bytes] = frozenset()
    phones: tuple[tuple[bytes, re.Pattern[bytes]], ...] = ()
    names: tuple[Person, ...] = ()


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
        tuple(_phone(value) for kind, value in values if kind == "phone"),
        tuple(_person(given, family) for given, family in persons if given and family),
    )


def says(path: Path, sought: Naming) -> bool:
    """Whether a file says one of these; what cannot be looked into may. Errors: OSError"""
    with path.open("rb") as file:
        begins = file.read(4)
    if begins and foreign(begins) is not None:
        return True
    if not is_parquet(begins):
        return _said(path, sought)
    try:
        return any(found(piece, sought) for piece in _rows(path))
    except (OSError, ValueError, LookupError):  # of these kinds pyarrow's are
        return True


def found(piece: bytes, sought: Naming) -> bool:
    """Whether these lines, of cells, say one of them."""
    low = piece.lower()
    if any(_apart(low, word) for word in sought.words):
        return True
    digits = low.translate(None, _BETWEEN) if sought.phones else b""
    if any(tail in digits and _dialled(low, cell) for tail, cell in sought.phones):
        return True
    return any(_called(low, person) for person in sought.names)


def found_in(cells: Iterable[object], sought: Naming) -> bool:
    """Whether a row of a table says one of them."""
    line = ",".join(str(cell).replace("\n", " ") for cell in cells)
    return found(line.encode("utf-8", "replace"), sought)


def nameless(sought: Naming) -> Naming:
    """The same but for names: for lines and sentences whose words are not a person's."""
    return replace(sought, names=())


def _phone(value: str) -> tuple[bytes, re.Pattern[bytes]]:
    """The digits with which all its spellings end, and a cell of it, however it is written."""
    abroad, at_home = dialled_abroad(value), dialled_at_home(value)
    tail = commonprefix([each[::-1] for each in (*abroad, *at_home)])[::-1]  # noqa: RUF071 digits
    spelled = [rb"(?:\+|00)?" + _GAP + _gapped(each) for each in abroad]
    spelled += [b"0?" + _GAP + _gapped(each) for each in at_home]
    cell = b"(?:tel:)?" + _GAP + b"(?:" + b"|".join(spelled) + b")" + _GAP + rb"(?:\.0)?"
    return tail.encode(), re.compile(_EDGE + b"(" + cell + b")" + _END)


def _gapped(digits: str) -> bytes:
    return _GAP.join(each.encode() for each in digits)


def _person(given: str, family: str) -> Person:
    halves = _spelled(given), _spelled(family)
    first, last = (b"(?:" + b"|".join(map(re.escape, sorted(each))) + b")" for each in halves)
    letter = rb"[0-9a-z\x80-\xff]"
    one, two = (b"(?<!" + letter + b")" + each + b"(?!" + letter + b")" for each in (first, last))
    more = rb'[^\n,;\t|"]*'
    return Person(
        halves[1],
        (re.compile(_EDGE + b" *" + first + b" *" + _END),
         re.compile(_EDGE + b" *" + last + b" *" + _END)),
        re.compile(one + more + two + b"|" + two + more + one),
    )  # fmt: skip


def _spelled(word: str) -> frozenset[bytes]:
    """A word in the encodings of tables; capitals beyond plain letters as people write them."""
    spelled = set()
    for each in {word, word.lower(), word.upper(), word.title()}:
        for encoding in _ENCODINGS:
            spelled.add(each.encode(encoding, "ignore").lower())
    return frozenset(spelled - {b""})


def _said(path: Path, sought: Naming) -> bool:
    """Whether a table of lines says one; what its columns are called is nobody's name."""
    rest = _pieces(path)
    first = next(rest)
    cut = first.find(b"\n") + 1 or len(first)
    return (
        found(first[:cut], nameless(sought))
        or found(first[cut:], sought)
        or any(found(piece, sought) for piece in rest)
    )


def _pieces(path: Path) -> Iterator[bytes]:
    """A file in pieces that end where lines end."""
    left = b""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            piece = left + piece
            cut = piece.rfind(b"\n") + 1
            yield piece[:cut] if cut else piece
            left = piece[cut:] if cut else piece[-256:]  # of a long line a word may lie across
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


def _dialled(low: bytes, cell: re.Pattern[bytes]) -> bool:
    """Whether a cell is this phone and neither a date nor a price."""
    return any(
        not (_DAY.fullmatch(each[1]) or _PRICE.fullmatch(each[1])) for each in cell.finditer(low)
    )


def _called(low: bytes, person: Person) -> bool:
    """Whether a line has both names, each a cell, or both in one."""
    for name in person.family:
        at = low.find(name)
        while at >= 0:
            end = low.find(b"\n", at)
            line = low[low.rfind(b"\n", 0, at) + 1 : end if end >= 0 else len(low)]
            first, last = ({each.start() for each in cell.finditer(line)} for cell in person.cells)
            if (first and last and len(first | last) > 1) or person.together.search(line):
                return True
            at = low.find(name, at + len(line) if end < 0 else end)
    return False
