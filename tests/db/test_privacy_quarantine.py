"""Whose receipts in quarantine go with a person who is erased, and whose stay."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import AsyncConnection

from support.database import connect, run
from support.sending import PLAIN
from tessera.doors.cli.load.blocks import Row
from tessera.doors.cli.load.mapping import Mapping, parse
from tessera.doors.cli.load.reading import Reader
from tessera.warehouse.core import Identifier
from tessera.warehouse.privacy import db

ANNA = [
    Identifier("external", "17850"), Identifier("phone", "+3545551234"),
    Identifier("email", "anna@example.org"), Identifier("card", "2900000000018"),
]  # fmt: skip


def reading(kind: str, whole: str = "false") -> Reader:
    """By a mapping whose customer stands in the column `who`."""
    member = f'{{ column = "who", kind = "{kind}", whole = {whole} }}'
    mapping = parse(PLAIN.replace('{ column = "card", kind = "card" }', member))
    assert isinstance(mapping, Mapping)
    return Reader(mapping)


def record(kind: str, who: Any, sku: Any = "TEA", at: int = 2, whole: str = "false") -> Any:
    """A receipt of one row as a load puts it aside."""
    cells = {"who": who, "sku": sku, "number": "r1", "time": "soon", "store": "S1", "price": "1",
             "quantity": "1"}  # fmt: skip
    reader = reading(kind, whole)
    return reader.record("r1", (Row(at, tuple(cells[name] for name in reader.columns)),))


async def loaded(conn: AsyncConnection[Any], phase: str) -> UUID:
    """A load that has come so far."""
    load = uuid4()
    await conn.execute(
        "INSERT INTO warehouse.load (id, source, source_hash, mapping, phase, done, tally,"
        " started_at) VALUES (%s, 'f', '', 'q', %s, 0, '{}', now())", (load, phase),
    )  # fmt: skip
    return load


def gone(
    dsn: str, records: dict[str, Any], customers: dict[str, str] | None = None, phone: str = ""
) -> list[str]:  # fmt: skip
    """Those of these that an erasure of Anna, or of who has this phone, leaves nothing of."""
    names = [Identifier("phone", phone)] if phone else ANNA

    async def work() -> list[str]:
        async with await connect(dsn) as conn:
            load = await loaded(conn, "done")
            for name, said in records.items():
                await conn.execute(
                    "INSERT INTO warehouse.quarantine (mapping, number, load_id, row_number, code,"
                    " field, why, record) VALUES ('q', %s, %s, 1, 'c', '', 'w', %s)",
                    (name, load, json.dumps(said)),
                )
            count = await db.forget_quarantined(conn, names, customers)
            rows = await conn.execute(
                "SELECT number FROM warehouse.quarantine WHERE record = '{}' AND why = ''"
            )
            found = [row[0] async for row in rows]
            assert len(found) == count
            return sorted(found)

    return run(work())


def test_hers_go_however_the_file_spells_her(dsn):
    spelled = [
        ("external", "17850"), ("external", 17850.0), ("external", 17850),
        ("card", " 2900000000018"), ("email", "ANNA@example.org "),
        ("phone", "+354 555 1234"), ("phone", "00354 555-1234"), ("phone", "555 1234"),
        ("phone", 3545551234.0), ("phone", "3545551234.0"), ("phone", 5551234),
        ("external", "anna@example.org"), ("card", "+354 555 1234"),
        ("phone", "Tel. +354 555 1234"), ("phone", "00354 555 1234 (home)"),
    ]  # fmt: skip
    hers = {f"{kind} {who!r}": record(kind, who) for kind, who in spelled}
    others = {f"not {kind}": record(kind, "12000") for kind, _ in spelled}
    assert gone(dsn, hers | others) == sorted(hers)


def test_a_number_that_came_as_a_fraction_is_read_as_the_mapping_reads_it(dsn):
    whole = record("external", "17850.0", whole="true")
    assert gone(dsn, {"whole": whole, "as it is": record("external", "17850.0")}) == ["whole"]


def test_others_stay_whatever_their_goods_and_rows_are_called(dsn):
    others = {
        "sku": record("external", "12000", sku="17850"),
        "card as sku": record("external", "12000", sku="2900000000018"),
        "digits as sku": record("external", "12000", sku="45551234"),
        "row": record("external", "12000", at=17850),
        "nobody": record("external", "", sku="17850"),
        "card of that number": record("card", "17850"),
        "points": {"points": 17850, "currency": ""},
    }
    assert gone(dsn, others) == []


def test_her_address_in_a_wrong_column_goes_too(dsn):
    shifted = {
        each: record("external", "", sku=each) for each in ("anna@example.org", "+3545551234")
    }
    assert gone(dsn, shifted) == sorted(shifted)


def test_her_phone_in_a_wrong_column_goes_however_it_is_written(dsn):
    spelled = (
        "+354 555 1234", "00354 555 1234", "(+354) 555 1234", "\N{NO-BREAK SPACE}+3545551234",
        "+354\N{NO-BREAK SPACE}555\N{EN DASH}1234", "tel:+3545551234", "TEL: 00354-555-1234",
        "3545551234", "3545551234.0", 3545551234, 3545551234.0, "+354 555 1234 (Anna)",
    )  # fmt: skip
    shifted: dict[str, Any] = {repr(each): record("external", "", sku=each) for each in spelled}
    shifted["its country apart"] = record("external", "12000", sku="354.555.1234")
    earlier = {f"earlier {name}": {"rows": each["rows"]} for name, each in shifted.items()}
    assert gone(dsn, shifted | earlier, {"q": "who"}) == sorted(shifted | earlier)


def test_her_phone_counts_with_the_zero_of_calls_at_home_too(dsn):
    spelled = (
        "00354 (0)555 1234", "354 (0)555 1234", "00354 0555 1234", "+354 (0)555 1234", 35405551234,
    )  # fmt: skip
    hers: dict[str, Any] = {repr(each): record("external", "", sku=each) for each in spelled}
    hers |= {f"customer {each}": record("phone", each) for each in spelled}
    assert gone(dsn, hers) == sorted(hers)


def test_the_zero_makes_it_another_s_phone_where_a_plan_gives_that_number(dsn):
    """In Italy 331 is of mobile phones, 0331 an area."""
    spelled = ("+39 0331 1234567", "+39 331 1234567")
    both = {each: record("phone", each) for each in spelled}
    assert gone(dsn, both, phone="+393311234567") == ["+39 331 1234567"]


def test_a_phone_with_another_country_s_number_is_another_s(dsn):
    """However many of the last digits are hers."""
    spelled = (
        "+491745551234", "+39 333 4555 1234", "0049 174 555 1234", "(+49) 174 5551234", "+5551234",
    )  # fmt: skip
    others: dict[str, Any] = {each: record("phone", each) for each in spelled}
    others |= {f"cell {each}": record("external", "12000", sku=each) for each in spelled}
    others |= {f"earlier {each}": {"rows": [{"row": 3, "phone": each}]} for each in spelled}
    assert gone(dsn, others) == []


def test_a_phone_at_home_is_hers_by_all_its_digits(dsn):
    hers = ("333 1234567", "0333 1234567", "31234567", "8 333 1234567", "06 333 123-4567")
    others = ("393 1234567", "1234567", "49 333 1234567", "3331234567 0")
    said: dict[str, Any] = {each: record("phone", each) for each in hers + others}
    said |= {f"earlier {each}": {"rows": [{"row": 3, "phone": each}]} for each in hers + others}
    went = [*hers, *(f"earlier {each}" for each in hers)]
    assert gone(dsn, said, phone="+393331234567") == sorted(went)


@pytest.mark.parametrize(("phone", "hers", "others"), [
    ("+375291234567", ("80 29 123 45 67", "8 029 123-45-67"), ("80 33 123 45 67",)),
    ("+5491123456789", ("011 15 2345 6789", "11 15-2345-6789"), ("011 15 2345 6780",)),
    ("+491701234567", ("0170 1234567", "(0170) 123 45 67"), ("0171 1234567",)),
])  # fmt: skip
def test_a_phone_is_hers_as_her_country_s_plan_writes_it_at_home(dsn, phone, hers, others):
    said = {each: record("phone", each) for each in hers + others}
    assert gone(dsn, said, phone=phone) == sorted(hers)


def test_goods_rows_prices_and_times_are_no_phone(dsn):
    others = (
        "35455512.34", 35455512.34, "-35455512,34", "13545551234", "4006381333931", "A3545551234",
        "3545551234 g", "35:45:55:12:34", "45551234", "5551234", 5551234,
    )  # fmt: skip
    kept = {repr(each): record("external", "12000", sku=each) for each in others}
    kept["row"] = record("external", "12000", at=3545551234)
    earlier = {f"earlier {name}": {"rows": each["rows"]} for name, each in kept.items()}
    assert gone(dsn, kept | earlier, {"q": "who"}) == []


def test_all_whom_a_receipt_names_count(dsn):
    """Its rows disagree: that is why it lies there."""
    reader = reading("external")
    place = reader.columns.index("who")
    rows = tuple(
        Row(at, tuple(who if n == place else "x" for n in range(len(reader.columns))))
        for at, who in enumerate(("12000", "17850"), 2)
    )
    assert gone(dsn, {"both": reader.record("r1", rows)}) == ["both"]


def test_what_an_earlier_release_put_aside_is_looked_at_cell_by_cell(dsn):
    hers: list[dict[str, Any]] = [
        {"who": "17850"}, {"who": 17850.0}, {"who": "17850.0"}, {"phone": "555 1234"},
        {"phone": 3545551234.0},
    ]  # fmt: skip
    others: list[dict[str, Any]] = [
        {"row": 17850, "who": "12000"}, {"number": "17850"}, {"time": "2026-10-04T55:51:23"},
    ]  # fmt: skip
    old = {
        str(cells): {"number": "17850", "rows": [{"row": 3} | cells], "faults": []}
        for cells in hers + others
    }
    assert gone(dsn, old) == sorted(map(str, hers))


def test_of_an_earlier_release_the_customer_s_column_counts_where_it_is_known(dsn):
    cells: dict[str, dict[str, Any]] = {
        "hers": {"who": 17850.0, "sku": "TEA"}, "her address": {"sku": "anna@example.org"},
        "other": {"who": "12000", "sku": "17850"}, "digits": {"who": "", "sku": "45551234"},
    }  # fmt: skip
    old = {name: {"rows": [{"row": 3} | each]} for name, each in cells.items()}
    assert gone(dsn, old, {"q": "who", "p": "sku"}) == ["her address", "hers"]


def test_rows_without_the_customer_s_column_were_read_by_another_text_of_the_mapping(dsn):
    """Before its column was renamed, or from a shop's own file of that name."""
    cells: dict[str, dict[str, Any]] = {
        "hers": {"Kunde": "17850", "sku": "TEA"}, "her phone": {"Kunde": "555 1234"},
        "other": {"Kunde": "12000", "sku": "TEA"}, "renamed": {"who": "12000", "sku": "17850"},
    }  # fmt: skip
    old = {name: {"rows": [{"row": 3} | each]} for name, each in cells.items()}
    assert gone(dsn, old, {"q": "who"}) == ["her phone", "hers"]


@pytest.mark.parametrize("customers", [{}, {"q": "who"}])
def test_a_return_of_an_earlier_release_names_her_as_it_was_read(dsn, customers):
    lines = [{"sku": "17850", "quantity": 1000}]
    back = {"number": "R1", "member": {"kind": "external", "value": "17850"}, "lines": []}
    other = back | {"member": {"kind": "external", "value": "12000"}, "lines": lines}
    nobody = back | {"member": None, "lines": lines}
    assert gone(dsn, {"back": back, "other": other, "nobody": nobody}, customers) == ["back"]


def test_of_the_returns_that_wait_only_hers_go(dsn):
    hers = [
        ("external", "17850"), ("card", "2900000000018"), ("email", "ANNA@example.org"),
        ("phone", "+354 555 1234"), ("phone", "(+354) 0555-1234"),
    ]  # fmt: skip
    others = [
        ("card", "45551234"), ("card", "2900045551234"), ("external", "3545551234"),
        ("card", "17850"), ("phone", "+491745551234"), ("phone", "+39 333 4555 1234"),
    ]  # fmt: skip

    async def work() -> tuple[list[Any], list[Any]]:
        async with await connect(dsn) as conn:
            load = await loaded(conn, "returns")
            for kind, who in hers + others:
                await conn.execute(
                    "INSERT INTO warehouse.waiting_return (mapping, number, load_id, row_number,"
                    " member, record) VALUES ('q', %s, %s, 1, %s, %s)",
                    (f"{kind} {who}", load, who,
                     json.dumps({"member": {"kind": kind, "value": who}})),
                )  # fmt: skip
            await db.forget_quarantined(conn, ANNA)
            left = await conn.execute("SELECT number FROM warehouse.waiting_return ORDER BY 1")
            aside = await conn.execute("SELECT number, code FROM warehouse.quarantine ORDER BY 1")
            return [row[0] for row in await left.fetchall()], await aside.fetchall()

    left, aside = run(work())
    assert left == sorted(f"{kind} {who}" for kind, who in others)
    assert aside == [(f"{kind} {who}", "member_erased") for kind, who in sorted(hers)]
