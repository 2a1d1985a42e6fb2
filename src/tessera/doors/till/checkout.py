"""The checkout over HTTP: identify, quote, confirm, return, cancel, and what was."""

from __future__ import annotations

from typing import Annotated, Any, Protocol
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.access.core import allowed
from tessera.base.refusal import Refusal
from tessera.checkout.core import (
    Answer,
    Balance,
    Cancel,
    GivenBack,
    Job,
    Page,
    Parked,
    Priced,
    Quote,
    Told,
)
from tessera.checkout.core.case import key_of
from tessera.checkout.flows import reading
from tessera.checkout.flows.explaining import explained
from tessera.checkout.flows.parking import parked
from tessera.doors.call import Call, Operation
from tessera.doors.house import House
from tessera.doors.language.tongue import tongue
from tessera.doors.pages import QUERY, asked_limit, uuid_of
from tessera.doors.problems import Problem, Reply, problem
from tessera.doors.till.people import country_of
from tessera.ledger.core import MAIN
from tessera.members import core as members
from tessera.members import db as members_db
from tessera.members.showing import core as showing
from tessera.members.showing import db as showing_db
from tessera.members.showing import flows as showing_flows
from tessera.rules.core.telling import Hearer
from tessera.warehouse.core import Identifier, Receipt, Return, Store, day_fault, lines_fault

_NOWHERE = Store("-", "-", "UTC")  # an unknown store is refused later, by name


class Identify(Struct, frozen=True, forbid_unknown_fields=True):
    """Who stands at the till? One of `card` (the short form) and `identifier`."""

    card: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")] | None = None
    identifier: Identifier | None = None


class Identified(Struct, frozen=True, omit_defaults=True):
    """Whose card it is, as much as a till needs: a masked name and the points.

    name        "" for who sees pseudonyms
    currencies  where the account stands in the program's other currencies
    card        what to send as `card` from now on, where a phone's code was scanned: it is good for
                four hours, with this key
    """

    account_id: UUID
    name: str
    registered: bool
    status: str
    balance: Balance
    currencies: dict[str, Balance] = {}
    card: str = ""


async def identify(call: Call) -> Identified | Refusal:
    """Find a member by any identifier, in one look-up."""
    found = await find_member(call, call.body)
    if isinstance(found, Refusal):
        return found
    owner = found.owner
    assert call.house is not None, "tills are served by an open house"
    program = call.house.shop().program
    there = await reading.balances(call.conn, owner.account_id, program, call.now)
    bare = call.principal.sight == "pseudonym"
    name = "" if bare else members.masked_name(found.given_name, found.family_name)
    balance = there.pop(MAIN)
    card = _handle(call, found)
    return Identified(owner.account_id, name, owner.registered, owner.status, balance, there, card)


def _handle(call: Call, found: members.MemberCard) -> str:
    """What stands for the code that was scanned, once its minute is over."""
    if not showing.is_code(found.identifier.value):
        return ""
    return showing_flows.handle(found.owner.member_id, call.principal.id, call.now)


class Named(Protocol):
    """A body that names a member in one of two ways."""

    @property
    def card(self) -> str | None:
        """The short form."""

    @property
    def identifier(self) -> Identifier | None:
        """Any of the ways."""


async def find_member(call: Call, body: Named) -> members.MemberCard | Refusal:
    """The member that a body names by exactly one of `card` and `identifier`."""
    named = Identifier("card", body.card) if body.card is not None else body.identifier
    if named is None or (body.card is not None and body.identifier is not None):
        return Refusal("member_not_named", "card", "one way to name a member is needed",
                       "send either `card` or `identifier`")  # fmt: skip
    if named.kind == "card" and showing.is_code(named.value):
        return await _coded(call, named)
    normal = members.normal(named.kind, named.value, country_of(call))
    if isinstance(normal, Refusal):
        return msgspec.structs.replace(normal, field="card" if body.card else "identifier.value")
    found = await members_db.find(call.conn, normal)
    return found or await _stranger(call, normal, "card" if body.card else "identifier")


async def _stranger(call: Call, named: Identifier, field: str) -> Refusal:
    """Whom nobody knows yet: whether a receipt makes him known is said by the program."""
    assert call.house is not None
    why = f"this {named.kind} belongs to nobody yet"
    if named.kind != "card":
        return Refusal("member_unknown", field, why, "register the member")
    if members.in_batch(named.value, await members_db.batches(call.conn)):
        cure = "confirm a receipt with it, or register the member"
    elif call.house.shop().program.unknown_cards == "any":
        cure = "confirm a receipt with it; once it was used it can be registered"
    else:
        cure = "use a card that was issued here, or issue a batch that holds its number"
    return Refusal("card_unknown", field, why, cure)


async def _coded(call: Call, named: Identifier) -> members.MemberCard | Refusal:
    """The member whose phone shows this code now, or showed it when its handle was given."""
    found = showing_flows.scanned(named.value, call.now, call.principal.id)
    if isinstance(found, Refusal):
        return found
    if not found.fresh:
        return showing.expired()
    owner = (await showing_db.owners(call.conn, [found.member_id])).get(found.member_id)
    if owner is None:
        return Refusal("card_unknown", "card", "this card belongs to nobody", "use another card")
    greeted = await showing_db.person(call.conn, found.member_id)
    return members.MemberCard(named, owner, "", *greeted)


async def quote(call: Call) -> Answer | Reply | Refusal:
    """What would this basket bring? Dry it leaves no trace; with `hold` it goes to the writer."""
    body: Quote = call.body
    assert call.house is not None
    other = allowed(call.principal, "quote", body.basket.store)
    if other is not None:
        return _in_basket(other)
    if body.hold:
        said = await _write(call, "quote")
        return _in_basket(said) if isinstance(said, Refusal) else _told_of_basket(said)
    impossible = _fault(body)
    if impossible is not None:
        return _in_basket(impossible)
    trusted = call.principal.brings_in
    shop = call.house.shop()
    async with call.house.pool.connection() as conn:
        by = call.principal.id
        heard = tongue(call.language)
        if not body.basket.coupons:
            answer = await reading.quote(conn, shop, body, call.now, trusted, by, heard)
        else:  # what is wrong is counted, whatever becomes of the quote
            async with call.house.upkeep.connection() as own:
                look = reading.Looking(own, call.principal, call.address)
                answer = await reading.quote(
                    conn, shop, body, call.now, trusted, by, heard, look
                )  # fmt: skip
    return _in_basket(answer) if isinstance(answer, Refusal) else answer


def _in_basket(refusal: Refusal) -> Refusal:
    """What is wrong with the receipt is wrong inside the quote's basket."""
    if refusal.field.partition(".")[0].partition("[")[0] not in Receipt.__struct_fields__:
        return refusal
    return msgspec.structs.replace(refusal, field=f"basket.{refusal.field}")


def _told_of_basket(reply: Reply) -> Reply:
    """The writer's answer, with the same names as a dry quote's."""
    if reply.status < 400:
        return reply
    said = msgspec.json.decode(reply.body, type=Problem)
    return problem(_in_basket(Refusal(said.code, said.field, said.why, said.cure)))


async def cancel(call: Call) -> Reply | Refusal:
    """Give up what a quote keeps."""
    quote_id = uuid_of(call.path["quote_id"])
    if quote_id is None:
        return Refusal("quote_unknown", "quote_id", "this is no id", "send the quote's id")
    assert call.house is not None
    job = Job(
        call.principal, "quote.cancel", call.key, Cancel(quote_id), call.fingerprint, call.now,
        tongue=tongue(call.language), address=call.address,
    )  # fmt: skip
    return await call.house.writer.submit(job)


async def confirm(call: Call) -> Reply | Refusal:
    """The customer has paid: settle the receipt, spend and earn."""
    return await _write(call, "receipt.confirm")


async def checkout(call: Call) -> Reply | Refusal:
    """One call for simple tills: the receipt alone; its own number protects it from doubles."""
    return await _write(call, "receipt.checkout")


async def give_back(call: Call) -> Reply | Refusal:
    """Goods come back: take back what they earned, give back what they cost in points."""
    return await _write(call, "receipt.return")


async def _write(call: Call, operation: str) -> Reply | Refusal:
    body = call.body
    assert call.house is not None
    store = body.basket.store if isinstance(body, Quote) else body.store
    other = allowed(call.principal, operation, store)
    refusal = other or _fault(body)
    if refusal is not None:
        return refusal
    key = call.key
    if not key:
        assert isinstance(body, Receipt)
        key = natural_key(call.house, body)
    said = tongue(call.language)
    job = Job(
        call.principal, operation, key, body, call.fingerprint, call.now, tongue=said,
        address=call.address,
    )  # fmt: skip
    reply = await call.house.writer.submit(job)
    return _of_its_number(reply, job) if reply.code == "key_reused" and not call.key else reply


def _of_its_number(reply: Reply, job: Job) -> Reply:
    """The same refusal, for a caller who sent no key: the number was used for another receipt."""
    assert isinstance(job.ask, Receipt), "only receipts come without a key"
    said = msgspec.json.decode(reply.body, type=Problem)
    why = said.why.replace(f"key {job.key}", f"number {job.ask.number} of till {job.ask.till}", 1)
    field = said.field if said.field != "Idempotency-Key" else "number"
    cure = "send that receipt as it was to get its answer, or this one under its own number"
    return problem(Refusal(said.code, field, why, cure))


def natural_key(house: House, body: Receipt | Return) -> str:
    """The Idempotency-Key of a receipt that came without one: its own number."""
    own = key_of(body, house.shop().stores.get(body.store, _NOWHERE))
    words = (own.store, own.till, str(own.business_date), own.shift, own.number)
    return "/".join([word.replace("/", "%2F") for word in words])


def _fault(body: Receipt | Return | Quote) -> Refusal | None:
    receipt = body.basket if isinstance(body, Quote) else body
    return day_fault(receipt.happened_at, receipt.business_date) or lines_fault(receipt)


_UNKNOWN = Refusal("receipt_unknown", "receipt_id", "there is no such receipt", "check its id")


async def read(call: Call) -> Told | Parked | Refusal:
    """A receipt and why it gave what it gave. A return that was parked, or that could not be
    settled when its sale came, says so by its `kind`."""
    receipt_id = uuid_of(call.path["receipt_id"])
    if receipt_id is None:
        return _UNKNOWN
    one = _explained if "explain" in call.query else _receipt
    told = await one(call, receipt_id)
    if not isinstance(told, Refusal) or told.code != _UNKNOWN.code:
        return told
    early = await parked(call.conn, receipt_id)
    if early is None:  # it may have been settled between the two looks
        return await one(call, receipt_id)
    return _UNKNOWN if allowed(call.principal, "receipt.read", early.store) else early


async def _receipt(call: Call, receipt_id: UUID) -> Told | Refusal:
    assert call.house is not None
    found = await reading.receipt(
        call.conn, receipt_id, call.house.currency, staff=call.principal.sees_hidden,
        tongue=tongue(call.language),
    )  # fmt: skip
    if isinstance(found, Refusal):
        return found
    store, told = found
    # Another store's receipt is as good as none: a till learns nothing by guessing ids.
    return _UNKNOWN if allowed(call.principal, "receipt.read", store) else told


async def _explained(call: Call, receipt_id: UUID) -> Told | Refusal:
    """With every rule that gave nothing, hidden ones too: for administration."""
    assert call.house is not None
    if call.query["explain"] != "all":
        return Refusal("query_invalid", "explain", "this word is `all` or nothing", "send all")
    if not call.principal.sees_hidden:
        return Refusal(
            "not_allowed", "explain", "a till is told what nearly gave, not every rule",
            "use a key of administration, or leave `explain` out",
        )  # fmt: skip
    said = tongue(call.language)
    return await explained(call.conn, call.house.reader, receipt_id, call.house.currency, said)


async def history(call: Call) -> Page | Refusal:
    """An account's receipts, newest first."""
    account_id = uuid_of(call.path["account_id"])
    limit = asked_limit(call.query)
    if isinstance(limit, Refusal):
        return limit
    assert call.house is not None
    if account_id is None:
        return Refusal(
            "account_unknown", "account_id", "this is no id", "send the id that `identify` answers"
        )
    word = call.query.get("cursor")
    return await reading.history(
        call.conn, account_id, word, limit, call.house.currency,
        Hearer(call.principal.sees_hidden, tongue(call.language)),
    )  # fmt: skip


_CARD = "2900000000018"
BASKET: dict[str, Any] = {
    "store": "S1", "till": "1", "number": "1001", "happened_at": "2026-03-14T10:15:00+01:00",
    "currency": "EUR", "card": _CARD, "total_minor": 1150, "cashier_id": "C7",
    "lines": [
        {"sku": "LATTE", "name": "Caffe latte", "quantity": 3, "unit_minor": 250},
        {"sku": "CAKE", "name": "Apple cake", "quantity": 1, "unit_minor": 400},
    ],
}  # fmt: skip
_RETURN: dict[str, Any] = {
    "sale": {"store": "S1", "till": "1", "business_date": "2026-03-14", "shift": "",
             "number": "1001"},
    "store": "S1", "till": "1", "number": "1002", "happened_at": "2026-03-15T09:00:00+01:00",
    "lines": [{"line": 2, "quantity": 1}],
}  # fmt: skip

OPERATIONS: tuple[Operation, ...] = (
    Operation("identify", "POST", "/v1/identify", identify, Identified, "Who stands at the till",
              body=Identify, example={"card": _CARD}),
    Operation("quote", "POST", "/v1/quotes", quote, Priced, "What a basket would bring",
              kind="writer", body=Quote, example={"basket": BASKET}, key_optional=True),
    Operation("quote.cancel", "POST", "/v1/quotes/{quote_id}/cancel", cancel, Answer,
              "Give up a held quote", kind="writer"),
    Operation("receipt.confirm", "POST", "/v1/receipts", confirm, Priced, "Confirm a receipt",
              kind="writer", body=Receipt, status=201, example=BASKET),
    Operation("receipt.checkout", "POST", "/v1/checkout", checkout, Priced,
              "Confirm a receipt in one call, keyed by its own number", kind="writer",
              body=Receipt, status=201, example=BASKET | {"number": "1003"}, key_optional=True),
    Operation("receipt.return", "POST", "/v1/returns", give_back, GivenBack, "Return goods",
              kind="writer", body=Return, status=201, example=_RETURN),
    Operation("receipt.read", "GET", "/v1/receipts/{receipt_id}", read, Told,
              "A receipt and why it gave what it gave", other=Parked,
              query={"explain": "`all`: every rule that gave nothing says what was missing; for "
                     "administration. Left out: those that nearly gave"}),
    Operation("receipt.history", "GET", "/v1/accounts/{account_id}/receipts", history, Page,
              "An account's receipts, newest first", query=QUERY),
)  # fmt: skip
