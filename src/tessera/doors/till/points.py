"""An account's points over HTTP: its lots, and what has moved in it."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.checkout.statement import flows
from tessera.checkout.statement.flows import MovesTold, PointsTold
from tessera.doors.call import Call, Operation
from tessera.doors.pages import QUERY, asked_limit
from tessera.doors.till.parties import account_in_path

_LONGEST = 32  # characters of a currency's code


async def read(call: Call) -> PointsTold | Refusal:
    """An account's wallets: balance, lots, holds, and what expires soon."""
    account_id = await account_in_path(call)
    if isinstance(account_id, Refusal):
        return account_id
    return await flows.points(call.conn, account_id, call.now)


async def moves(call: Call) -> MovesTold | Refusal:
    """An account's moves in one currency, the newest first, each with what it belongs to."""
    limit = asked_limit(call.query)
    if isinstance(limit, Refusal):
        return limit
    account_id = await account_in_path(call, follow=False)
    if isinstance(account_id, Refusal):
        return account_id
    currency = call.query.get("currency", "")
    if len(currency) > _LONGEST or not currency.isprintable():
        return Refusal("currency_unknown", "currency", "this is no code of a currency",
                       "name one that the account's points list")  # fmt: skip
    word = call.query.get("cursor")
    return await flows.moves(call.conn, account_id, currency, word, limit)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "points.read", "GET", "/v1/accounts/{account_id}/points", read, PointsTold,
        "An account's points, lot by lot",
    ),
    Operation(
        "points.history", "GET", "/v1/accounts/{account_id}/moves", moves, MovesTold,
        "An account's moves, newest first",
        query={**QUERY, "currency": "a currency's code; left out, the program's own points"},
    ),
)  # fmt: skip
