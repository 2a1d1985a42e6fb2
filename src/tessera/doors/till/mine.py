"""What a member sees of his own: points and receipts. Hidden rules leave no trace here."""

from __future__ import annotations

from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.checkout.core import Page, Told
from tessera.checkout.flows import reading
from tessera.checkout.statement import flows as statement
from tessera.checkout.statement.flows import PointsTold
from tessera.doors.call import Call, Operation
from tessera.doors.language.tongue import tongue
from tessera.doors.pages import QUERY, asked_limit, uuid_of
from tessera.members import db as members_db
from tessera.rules.core.telling import Hearer
from tessera.rules.core.tongues import Tongue


async def points(call: Call) -> PointsTold | Refusal:
    """My wallets: balance, lots, holds, and what expires soon."""
    account_id = await my_account(call)
    if isinstance(account_id, Refusal):
        return account_id
    return await statement.points(call.conn, account_id, call.now)


async def receipts(call: Call) -> Page | Refusal:
    """The receipts of my account, newest first; a household's account has everybody's."""
    limit = asked_limit(call.query)
    if isinstance(limit, Refusal):
        return limit
    account_id = await my_account(call)
    if isinstance(account_id, Refusal):
        return account_id
    assert call.house is not None
    word = call.query.get("cursor")
    to = Hearer(staff=False, tongue=await my_tongue(call))
    return await reading.history(call.conn, account_id, word, limit, call.house.currency, to)


async def receipt(call: Call) -> Told | Refusal:
    """One receipt of my account, and why it gave what it gave."""
    account_id = await my_account(call)
    if isinstance(account_id, Refusal):
        return account_id
    receipt_id = uuid_of(call.path["receipt_id"])
    assert call.house is not None
    # Another's receipt is as good as none: nobody learns anything by guessing ids.
    found = (
        None
        if receipt_id is None
        else await reading.receipt_of(
            call.conn, receipt_id, account_id, call.house.currency, await my_tongue(call)
        )
    )
    return found or Refusal(
        "receipt_unknown", "receipt_id", "you have no such receipt", "look it up in your receipts"
    )


async def my_account(call: Call) -> UUID | Refusal:
    """The account of the member who calls. Errors: member_unknown, of who was erased just now."""
    member = await members_db.read_member(call.conn, call.principal.id)
    if member is None:
        return Refusal("member_unknown", "", "you are no member any more", "join again")
    return member.account_id


async def my_tongue(call: Call) -> Tongue:
    """The language of the page that asks; without a page, the member's own."""
    if call.language:
        return tongue(call.language)
    member = await members_db.read_member(call.conn, call.principal.id)
    return tongue("" if member is None else member.language)


OPERATIONS: tuple[Operation, ...] = (
    Operation("me.points", "GET", "/v1/me/points", points, PointsTold, "My points, lot by lot"),
    Operation(
        "me.receipts", "GET", "/v1/me/receipts", receipts, Page, "My receipts, newest first",
        query=QUERY,
    ),
    Operation(
        "me.receipt", "GET", "/v1/me/receipts/{receipt_id}", receipt, Told,
        "One of my receipts, and why it gave what it gave",
    ),
)  # fmt: skip
