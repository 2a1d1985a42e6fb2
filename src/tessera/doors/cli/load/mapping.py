"""A mapping: which column of somebody's file is what. Pure: the text comes in, a value leaves.

Written in TOML by the shop's developer; every error names the place and what may stand there.
"""

from __future__ import annotations

import tomllib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from tessera.base.clock import zone
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Currency, Name
from tessera.warehouse.core import Unit

Column = Annotated[str, Meta(min_length=1, max_length=200)]
Columns = Column | Annotated[tuple[Column, ...], Meta(min_length=1)]
Prefix = Annotated[str, Meta(min_length=1, max_length=32)]
MemberKind = Literal["card", "phone", "email", "external"]


class Constant(Struct, frozen=True, forbid_unknown_fields=True):
    """The same word on every receipt, where the file has no column for it."""

    constant: Annotated[str, Meta(min_length=1, max_length=32)]


class Layout(Struct, frozen=True, forbid_unknown_fields=True):
    """How a CSV file is written; Parquet needs none of it."""

    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8-sig"
    decimal: Literal[".", ","] = "."


class Shop(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the receipts were written. Stores that are not known yet are added."""

    id: Column | Constant
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)]
    name: Name = ""


class Member(Struct, frozen=True, forbid_unknown_fields=True):
    """Which column names the customer; where it is empty the receipt is anonymous.

    whole  the column is a whole number: "17850.0" (as some tools export it) means 17850
    """

    column: Column
    kind: MemberKind = "external"
    whole: bool = False


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said once per receipt; every row of a receipt must say the same.

    number           one column, or several joined by "-", that make a receipt unique in the file
    number_restarts  "daily": it is unique on its day alone, by the shop's clock
    time             one column, or several joined by a blank (a date and a time of day)
    time_format      "iso", or as Python's strptime wants it; a time without offset is the shop's
    """

    number: Columns
    time: Columns
    till: Column | Constant
    currency: Column | Constant
    number_restarts: Literal["never", "daily"] = "never"
    time_format: Annotated[str, Meta(min_length=1)] = "iso"
    member: Member | None = None


class Goods(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said on every row.

    quantity  left out, every row is one piece; for g and ml the column is in kilograms or litres
    price     of one piece, kilogram or litre, in major units (2.55)
    amount    instead of `price`: what the whole row cost
    """

    sku: Column | Constant
    quantity: Column | None = None
    price: Column | None = None
    amount: Column | None = None
    name: Column | None = None
    category: Column | None = None
    unit: Unit = "piece"


class Returns(Struct, frozen=True, forbid_unknown_fields=True):
    """How a receipt is recognised as goods coming back, and which sale they are taken from.

    number_prefix  what the receipt's number begins with
    all_negative   a receipt with nothing but negative quantities is a return
    quantity       how the units of a return are written
    match          the latest earlier sale of that article to that member, same price preferred
    """

    number_prefix: Prefix | None = None
    all_negative: bool = False
    quantity: Literal["negative", "positive"] = "negative"
    match: Literal["member_and_sku"] = "member_and_sku"


class Reject(Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers that are no receipts: they go to quarantine with this reason."""

    number_prefix: Prefix
    code: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{1,39}\Z")]
    why: Annotated[str, Meta(min_length=1, max_length=200)]


class Mapping(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole mapping. `name` keeps the loads and the quarantine of one kind of file together."""

    name: Code
    store: Shop
    receipt: Head
    line: Goods
    file: Layout = Layout()
    returns: Returns = Returns()
    reject: tuple[Reject, ...] = ()

    def columns(self) -> dict[str, str]:
        """{column: the first place in the mapping that asks for it}, in a fixed order."""
        receipt, line = self.receipt, self.line
        asked: list[tuple[str, Columns | Constant | None]] = [
            ("receipt.number", receipt.number),
            ("receipt.time", receipt.time),
            ("receipt.till", receipt.till),
            ("receipt.currency", receipt.currency),
            ("receipt.member.column", receipt.member.column if receipt.member else None),
            ("store.id", self.store.id),
            ("line.sku", line.sku),
            ("line.quantity", line.quantity),
            ("line.price", line.price),
            ("line.amount", line.amount),
            ("line.name", line.name),
            ("line.category", line.category),
        ]
        found: dict[str, str] = {}
        for place, said in asked:
            for column in names_of(said):
                found.setdefault(column, place)
        return found


def names_of(said: Columns | Constant | None) -> tuple[str, ...]:
    """The columns that a place of the mapping asks for; a constant asks for none."""
    if said is None or isinstance(said, Constant):
        return ()
    return (said,) if isinstance(said, str) else said


def parse(text: str) -> Mapping | Refusal:
    """The mapping a TOML text says, or the first thing that is wrong with it and where."""
    try:
        mapping = msgspec.convert(tomllib.loads(text), Mapping)
    except tomllib.TOMLDecodeError as wrong:
        return _wrong("", f"this is not TOML: {wrong}", "see the guide docs/guides/loading.md")
    except msgspec.ValidationError as wrong:
        why, _, path = str(wrong).partition(" - at `$.")
        return _wrong(path.rstrip("`"), why, "see the shipped mappings for what may stand there")
    return _contradiction(mapping) or mapping


def with_member_kind(mapping: Mapping, kind: MemberKind) -> Mapping | Refusal:
    """The mapping with another kind of identifier in its member column."""
    if mapping.receipt.member is None:
        return _wrong("receipt.member", "this mapping has no member column", "name one in it")
    member = msgspec.structs.replace(mapping.receipt.member, kind=kind)
    receipt = msgspec.structs.replace(mapping.receipt, member=member)
    return msgspec.structs.replace(mapping, receipt=receipt)


def lacking(mapping: Mapping, header: tuple[str, ...]) -> Refusal | None:
    """What the mapping asks for and the file does not have."""
    for column, place in mapping.columns().items():
        if column not in header:
            return Refusal(
                "column_missing", place, f"the file has no column `{column}`",
                f"its columns are {', '.join(header)[:500]}: name one of them in the mapping",
            )  # fmt: skip
    return None


def _contradiction(mapping: Mapping) -> Refusal | None:
    if zone(mapping.store.time_zone) is None:
        why = f"{mapping.store.time_zone} is no time zone"
        return _wrong("store.time_zone", why, "use an IANA name such as Europe/Rome")
    line = mapping.line
    if (line.price is None) == (line.amount is None):
        return _wrong("line.price", "give either `price` or `amount`", "name one column of them")
    if line.amount is not None and line.unit != "piece":
        return _wrong("line.amount", f"`amount` is for pieces, not {line.unit}", "map `price`")
    currency = mapping.receipt.currency
    if isinstance(currency, Constant):
        try:
            msgspec.convert(currency.constant, Currency)
        except msgspec.ValidationError:
            why = f"{currency.constant} is no currency"
            return _wrong("receipt.currency", why, "use its three capital letters, as in EUR")
    return None


def _wrong(field: str, why: str, cure: str) -> Refusal:
    return Refusal("mapping_wrong", field, why, cure)
