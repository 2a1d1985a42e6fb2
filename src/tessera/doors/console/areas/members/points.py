"""A member's points: lots, holds, moves, and what staff may do with them."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.card import tiles, wallets
from tessera.doors.console.areas.members.heads import at_field, end_of, head, meant, whole
from tessera.doors.language.words import N_
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit
from tessera.rules.core.words import Program

PER_PAGE = 50
# What a move means, as the operation tells it (checkout.statement.core), and what it belongs to.
MOVES = (
    N_("earned"), N_("earned, on the way"), N_("can be spent"), N_("paid back what was owed"),
    N_("given back"), N_("received"), N_("received, on the way"), N_("kept after expiry"),
    N_("received in exchange"), N_("put in by hand"), N_("taken out by hand"),
    N_("taken out by hand, owed"), N_("carried over"), N_("carried over, owed"),
    N_("carried over, on the way"), N_("joined from another account"),
    N_("joined from another account, on the way"), N_("joined from another account, owed"),
    N_("joined to another account"), N_("joined to another account, owed"), N_("spent"),
    N_("spent, owed"), N_("spent before it expired"), N_("taken back"), N_("taken back, owed"),
    N_("expired"), N_("sent"), N_("donated"), N_("exchanged"),
)  # fmt: skip
ORIGINS = {
    "sale": N_("Purchase"), "return": N_("Return"), "event": N_("Event"),
    "transfer": N_("Transfer"), "gift": N_("Gift"), "donation": N_("Donation"),
    "exchange": N_("Exchange"), "adjustment": N_("By hand"), "extension": N_("Extension"),
    "claim": N_("Reward"), "claim_back": N_("Reward given back"),
    "referral": N_("Friend brought"), "prize": N_("Place on a board"),
    "joining": N_("Merge or household"), "run": N_("By time"),
}  # fmt: skip
DONE = N_("Done. It is in the moves below.")


async def show(visit: Visit) -> Shown:
    """Wallets with their lots and holds, the moves of one currency, forms."""
    known = await head(visit)
    if not isinstance(known, dict):
        return known
    there = await wallets(visit, known)
    currency = visit.query.get("currency", "")
    currency = currency if currency in {each.currency for each in there} else ""
    moves = await _moves(visit, known, currency)
    if isinstance(moves, Refusal):
        return moves
    program = known["program"]
    return View("members/points.html", known | moves | tiles(visit, there) | {
        "wallets": there, "currency": currency, "reasons": program.adjustments.reasons,
        "approval_above": program.adjustments.approval_above,
        "currencies": [("", visit.local.gettext("Points")), *((c, c) for c in program.currencies)],
        "transfers": program.transfers, "origins": ORIGINS, "rates": _rates(visit, program),
        "holds": lambda holds: [
            (visit.local.moment(each.deadline), visit.local.count(each.points)) for each in holds
        ],
    })  # fmt: skip


def _rates(visit: Visit, program: Program) -> list[tuple[str, str]]:
    """The program's rates between currencies, for a select."""
    own = visit.local.gettext("points")
    count = visit.local.count
    return [
        (f"{each.of}>{each.into}",
         f"{count(each.give)} {each.of or own} \N{RIGHTWARDS ARROW} {count(each.get)} "
         f"{each.into or own}")
        for each in (program.transfers.exchange if program.transfers else ())
    ]  # fmt: skip


async def _moves(visit: Visit, known: dict[str, Any], currency: str) -> dict[str, Any] | Refusal:
    if not visit.may("points.history"):
        return {"moves": [], "next": "", "first": ""}
    before = visit.query.get("cursor")
    page = await visit.ask(
        "points.history", path={"account_id": known["member"].account_id},
        query={"cursor": before, "limit": PER_PAGE, "currency": currency},
    )  # fmt: skip
    if isinstance(page, Refusal):
        return page
    return {
        "moves": page.items,
        "next": visit.here(cursor=page.next) if page.next else "",
        "first": visit.here(cursor=None) if before else "",
    }


async def _account(visit: Visit) -> dict[str, Any] | Refusal:
    """The account of the member of the address, as operations on points name it."""
    member = await visit.ask("member.read", path={"member_id": visit.words["member_id"]})
    return member if isinstance(member, Refusal) else {"account_id": str(member.account_id)}


async def _do(visit: Visit, operation: str, prefix: str, body: dict[str, Any]) -> Shown:
    done = await visit.ask(operation, body=body)
    return visit.done(at_field(done, prefix), visit.path, DONE)


async def adjust(visit: Visit) -> Shown:
    """Points are put in or taken out, for a reason; above a limit a second person agrees."""
    account, points = await _account(visit), whole(visit, "adjust_points")
    ends = end_of(visit, "adjust_expires_at")
    for each in (account, points, ends):
        if isinstance(each, Refusal):
            return each
    assert isinstance(points, int)
    out = visit.form.get("adjust_way") == "out"
    body = {
        "member": account, "points": -points if out else points,
        "owing": "adjust_owing" in visit.form,
        **visit.body(reason="adjust_reason", currency="adjust_currency"),
    }  # fmt: skip
    if ends is not None and not out:
        body["expires_at"] = ends
    return await _do(visit, "adjustment.make", "adjust_", body)


async def extend(visit: Visit) -> Shown:
    """Points that would expire until a day live until another one."""
    account = await _account(visit)
    before, until = end_of(visit, "extend_before"), end_of(visit, "extend_until")
    for each in (account, before, until):
        if isinstance(each, Refusal):
            return each
    body = {"member": account, "before": before, "until": until,
            **visit.body(reason="extend_reason", currency="extend_currency")}  # fmt: skip
    return await _do(visit, "extension.make", "extend_", body)


async def send(visit: Visit) -> Shown:
    """Points go to another member."""
    account, points = await _account(visit), whole(visit, "send_points")
    if isinstance(account, Refusal):
        return account
    if isinstance(points, Refusal):
        return points
    other = await _other_account(visit, "send_receiver")
    if isinstance(other, Refusal):
        return other
    body = {"sender": account, "receiver": other, "points": points,
            **visit.body(kind="send_kind", currency="send_currency")}  # fmt: skip
    return await _do(visit, "transfer.send", "send_", body)


async def _other_account(visit: Visit, field: str) -> dict[str, Any] | Refusal:
    """The account of whom a field names."""
    named = await meant(visit, field)
    if isinstance(named, Refusal):
        return named
    member = await visit.ask("member.read", path={"member_id": named})
    return member if isinstance(member, Refusal) else {"account_id": str(member.account_id)}


async def donate(visit: Visit) -> Shown:
    """Points go to a cause."""
    account, points = await _account(visit), whole(visit, "donate_points")
    for each in (account, points):
        if isinstance(each, Refusal):
            return each
    body = {"member": account, "points": points,
            **visit.body(cause="donate_cause", currency="donate_currency")}  # fmt: skip
    return await _do(visit, "donation.make", "donate_", body)


async def exchange(visit: Visit) -> Shown:
    """Points become points of another currency, at one of the program's rates."""
    account, points = await _account(visit), whole(visit, "exchange_points")
    for each in (account, points):
        if isinstance(each, Refusal):
            return each
    of, _, into = visit.form.get("exchange_way").partition(">")
    body = {"member": account, "points": points, "of": of, "into": into}
    return await _do(visit, "exchange.make", "exchange_", body)


ACTS = {"adjust": adjust, "extend": extend, "send": send, "donate": donate, "exchange": exchange}
