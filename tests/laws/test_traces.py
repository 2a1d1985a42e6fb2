"""A file that says who somebody is is found, however it is written; of others none is."""

from __future__ import annotations

from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.doors.cli.load import naming
from tessera.doors.cli.load.cells import quoted
from tessera.doors.cli.load.naming import PIECE, found, says
from tessera.warehouse.core import Identifier

NAMES = (
    Identifier("phone", "+393331204711"), Identifier("email", "anna.rossi@example.org"),
    Identifier("card", "2900000000018"), Identifier("external", "old-10042"),
)  # fmt: skip
ANNA = naming.naming(NAMES, [("Änna", "Rossi")], ["old-"])
HEAD = "id,first,last,phone,mail\n"
OTHER = "7,Ada,Bo,+39 333 999 0000,ada@example.org\n"


@pytest.mark.parametrize("line", [
    "333 120 47 11", "(+39) 333-120.4711", "0039/3331204711", "ANNA.Rossi@Example.org",
    '"2900000000018"', "10042", "old-10042", "ROSSI;ÄNNA", "x,änna,y,rossi",
    "Dr. Rossi Änna", '"Rossi, Änna"', " Änna , Rossi ", "+39 (0) 333 120 4711",
])  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig"])
def test_a_line_that_names_her_is_found(tmp_path, line, encoding):
    path = tmp_path / "source"
    path.write_bytes((HEAD + OTHER + f"9,{line},\n" + OTHER).encode(encoding))
    assert says(path, ANNA)


@pytest.mark.parametrize("line", [
    "joanna.rossi@example.org", "12900000000018", "100423", "33312047119", "Änna,Bo\n8,Ada,Rossi",
    "Rossi", "3331204711 0", "Änna,Rossi Street", "S 333,1204711", "29003331204711",
    "2333-120-4711-5",
])  # fmt: skip
def test_a_line_that_names_somebody_else_is_not(tmp_path, line):
    path = tmp_path / "source"
    path.write_text(f"{HEAD}{OTHER}9,{line},\n", encoding="utf-8")
    assert not says(path, ANNA)


@pytest.mark.parametrize("name", [("Id", "First"), ("Phone", "Mail")])
def test_what_the_columns_are_called_is_nobodys_name(tmp_path, name):
    path = tmp_path / "source"
    path.write_text(HEAD + OTHER, encoding="utf-8")
    assert not says(path, naming.naming([], [name]))


@pytest.mark.parametrize(("phone", "hers", "others"), [
    ("+393311234567", ("+39 331 1234567", "(0331) 1234567", "00 39 331 1234567", "+ 39 331-1234567",
                       "393311234567.0", "tel:+39-331-1234567", "331\N{EN DASH}123\u202f4567"),
     ("+39 0331 1234567", "393311234567.5")),
    ("+24740123", ("40123", "+247 40123"), ("401.23", "4012.3")),
    ("+390612345678", ("06 1234 5678", "+39 06 12345678"), ("+39 06 1234567",)),
    ("+375291234567", ("80 29 123 45 67", "8 (029) 123-45-67"), ("80 33 123 45 67",)),
    ("+5492966123456", ("02966 15-123456", "+54 9 2966 123456"), ("02966 15-123457",)),
    ("+491701234567", ("0170/1234567", "0049 170 1234567"), ("0171 1234567", "70 1234567")),
])  # fmt: skip
def test_a_phone_is_found_as_her_country_s_plan_writes_it(tmp_path, phone, hers, others):
    """As in quarantine, but for the last eight digits alone: a file has numbers of other things."""
    sought, path = naming.naming([Identifier("phone", phone)], []), tmp_path / "source"
    for each in hers + others:
        path.write_text(f"{HEAD}{OTHER}9,{each},\n", encoding="utf-8")
        assert says(path, sought) == (each in hers), each


@pytest.mark.parametrize("phone", ["+393920261122", "+4520261122"])
def test_a_date_is_no_phone(tmp_path, phone):
    path = tmp_path / "source"
    path.write_text(f"{HEAD}7,2026-11-22,12\n8,Ada 39392,0261122\n", encoding="utf-8")
    assert not says(path, naming.naming([Identifier("phone", phone)], []))


@given(st.text(max_size=40), st.text(max_size=40))
def test_an_address_is_found_between_whatever_stands_around_it(before, after):
    line = f"{before},anna.rossi@example.org,{after}\n".encode("utf-8", "replace")
    assert found(line, ANNA)


@pytest.mark.parametrize("gap", [PIECE - 12, PIECE - 1, PIECE, 3 * PIECE + 5])
@pytest.mark.parametrize("fill", [b"x", b"x,y\n"])
def test_a_long_file_is_searched_to_its_end(tmp_path, gap, fill):
    path = tmp_path / "source"
    path.write_bytes((fill * gap)[:gap] + b",anna.rossi@example.org")
    assert says(path, ANNA)


def parquet(path: Path, *, phone: str) -> Path:
    table = pyarrow.table({"id": [1, 2], "phone": ["none", phone], "card": [1, None]})
    pyarrow.parquet.write_table(table, path, compression="zstd")
    return path


def test_a_parquet_file_is_unpacked_and_searched(tmp_path):
    assert says(parquet(tmp_path / "hers", phone="333 120 4711"), ANNA)
    assert not says(parquet(tmp_path / "other", phone="333 999 0000"), ANNA)


@pytest.mark.parametrize(
    "raw", [b"PK\x03\x04....", "id\n1\n".encode("utf-16"), b"PAR1" + b"\xff" * 99]
)
def test_what_cannot_be_looked_into_may_name_her(tmp_path, raw):
    path = tmp_path / "source"
    path.write_bytes(raw)
    assert says(path, ANNA)


@pytest.mark.parametrize("word", [
    "333 120 4711", "8 (916) 123-45-67", "(06) 123 4567", "+39 333 120 4711", "333.120.4711",
    "3331204711", "020 26.11.22", "20.26 333 120", "anna@example.org",
    "333\N{NO-BREAK SPACE}120 47 11", "2026-11-22 333",
])  # fmt: skip
def test_a_sentence_about_a_cell_quotes_no_number_that_calls_somebody(word):
    assert quoted(word) == "'•••'" and quoted(f"Anna, {word}") == "'Anna, •••'"


@pytest.mark.parametrize("word", [
    "2026-13-45", "31.12.2026 10:00", "2026-11-01T10:00:00", "12345.67", "1.234,56", "AB1234567",
    "2026-11-22 10:00:00", "via Roma 5",
])  # fmt: skip
def test_a_sentence_about_a_cell_quotes_what_it_is_about(word):
    assert quoted(word) == repr(word)
