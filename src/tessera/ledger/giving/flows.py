"""What happens to points besides receipts: sent, given, exchanged, put right by hand, lengthened.

Each locks its wallets in the order of their ids, then looks at limits and lots in later statements:
of many calls at once each sees what the one before has left. A refusal has written nothing once the
door has rolled back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tessera.access.approvals.core import Awaiting
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.ledger import db as ledger_db
from tessera.ledger.core import MAIN, Stamp, Terms, Wallet, giving, wallet_id
from tessera.ledger.core import ways as limits
from tessera.ledger.core.ways import OperationKind, Sending, Ways
from tessera.ledger.giving import db
from tessera.ledger.giving.db import Row

NOT_GIVEN = ("status", "stamps")  # kinds of currency that are counted, not given away


class Ask(Struct, frozen=True):
    """Who does something with points, when, under which id, and by which settings.

    person_id    who answers for it, behind keys; None: the principal
    approval_id  under which a second person has approved it; None: nobody has
    """

    id: UUID
    principal_id: UUID
    now: datetime
    ways: Ways
    person_id: UUID | None = None
    approval_id: UUID | None = None

    @property
    def stamp(self) -> Stamp:
        """On every move."""
        return Stamp(self.id, self.now, self.now)

    @property
    def person(self) -> UUID:
        """Whose adjustments count together."""
        return self.person_id or self.principal_id


class Sent(Struct, frozen=True):
    """Points from one account to another."""

    kind: Literal["transfer", "gift"]
    sender: UUID
    receiver: UUID
    currency: str
    points: int


class Adjusted(Struct, frozen=True):
    """Points put in (above zero) or taken out (below) by hand.

    owing       what is not there is owed
    expires_at  of what is put in; None: as points earned now
    beside      accounts whose adjustments count with it, in their time: the same people's
    """

    account: UUID
    currency: str
    points: int
    reason: str
    owing: bool = False
    expires_at: datetime | None = None
    beside: tuple[db.Beside, ...] = ()


class Lengthened(Struct, frozen=True):
    """Lots of an account that would expire before an instant shall live until another one."""

    account: UUID
    currency: str
    before: datetime
    until: datetime
    reason: str


async def send(conn: db.Conn, ask: Ask, sent: Sent) -> Row | Refusal:
    """A transfer or a gift: what leaves arrives in the same operation, less the fee."""
    way = _way(ask, sent.kind, sent.currency)
    if isinstance(way, Refusal):
        return way
    if sent.sender == sent.receiver:
        return Refusal("same_account", "receiver", "both have the same account",
                       "name another receiver")  # fmt: skip
    sender, receiver = await locked(
        conn, [(sent.sender, sent.currency), (sent.receiver, sent.currency)]
    )
    done = await db.done(conn, sent.sender, (sent.kind, sent.currency, sent.currency), _since(ask))
    refusal = limits.beyond(way, sent.points, done)
    if refusal is not None:
        return refusal
    life = ask.ways.lives[sent.currency]
    giving.wake(sender, ask.stamp, life)
    terms = _terms_there(ask, receiver, sent.currency, way)
    arrived = giving.send((sender, receiver), ask.stamp, sent.points, way, terms, new_id)
    if isinstance(arrived, Refusal):
        return arrived
    row = replace(
        row_of(ask, sent.kind, sent.sender, sent.currency, sent.points),
        to_account_id=sent.receiver, to_currency=sent.currency, to_points=arrived,
        fee_points=sent.points - arrived,
    )  # fmt: skip
    return await keep(conn, row, [sender, receiver])


async def refused_to_send(
    conn: db.Conn, ask: Ask, kind: Literal["transfer", "gift"], sender: UUID, points: int
) -> Refusal | None:
    """Why these points of the program's own may not leave, whoever is to have them; unlocked.

    For a door that may not tell whether a receiver is known: asked before the receiver is looked
    for, a refusal says nothing of anybody else, nor does the time it takes. `send` judges again.
    """
    way = _way(ask, kind, MAIN)
    if isinstance(way, Refusal):
        return way
    found = await ledger_db.wallets(await ledger_db.ask_read(conn, [sender]))
    if found:
        await ledger_db.load_lots(conn, found, [sender], [])
    wallet = found.get(sender) or Wallet(sender, loaded=True)
    done = await db.done(conn, sender, (kind, MAIN, MAIN), _since(ask))
    giving.wake(wallet, ask.stamp, ask.ways.lives[MAIN])
    ready = giving.ready_at(ask.stamp, way)
    return limits.beyond(way, points, done) or giving.shortage(wallet, ask.stamp, points, ready)


def _way(ask: Ask, kind: Literal["transfer", "gift"], currency: str) -> Sending | Refusal:
    offered = ask.ways.transfers
    way = offered.transfer if kind == "transfer" else offered.gift
    if way is None:
        return _not_offered(kind)
    return currency_fault(ask.ways, currency, "currency", NOT_GIVEN) or way


def _terms_there(ask: Ask, receiver: Wallet, currency: str, way: Sending) -> Terms:
    life = ask.ways.lives[currency]
    if way.keeps_expiry:
        return Terms(net_debt=life.net_debt)
    ready = giving.ready_at(ask.stamp, way)
    zone = ask.ways.transfers.time_zone
    return giving.fresh(receiver, ask.stamp, life, zone, new_id, ready)


async def donate(
    conn: db.Conn, ask: Ask, account: UUID, currency: str, points: int, cause: str
) -> Row | Refusal:
    """Points go to a cause that the program names."""
    way = ask.ways.transfers.donate
    if way is None:
        return _not_offered("donation")
    refusal = currency_fault(ask.ways, currency, "currency", NOT_GIVEN)
    if refusal is None and cause not in way.causes:
        refusal = Refusal("cause_unknown", "cause", f"there is no cause {cause}",
                          f"name one of {', '.join(sorted(way.causes))}"[:500])  # fmt: skip
    if refusal is not None:
        return refusal
    (wallet,) = await locked(conn, [(account, currency)])
    done = await db.done(conn, account, ("donation", currency, ""), _since(ask))
    giving.wake(wallet, ask.stamp, ask.ways.lives[currency])
    refusal = limits.beyond(way, points, done) or giving.donate(wallet, ask.stamp, points)
    if refusal is not None:
        return refusal
    row = replace(row_of(ask, "donation", account, currency, points), cause=cause)
    return await keep(conn, row, [wallet])


async def exchange(
    conn: db.Conn, ask: Ask, account: UUID, of: str, into: str, points: int
) -> Row | Refusal:
    """Points of one currency become points of another at the program's rate."""
    rate = ask.ways.transfers.rate(of, into)
    if rate is None:
        return _not_offered("exchange")
    refusal = currency_fault(ask.ways, of, "of", ("status",))
    refusal = refusal or currency_fault(ask.ways, into, "into", ("status",))
    if refusal is not None:
        return refusal
    source, target = await locked(conn, [(account, of), (account, into)])
    done = await db.done(conn, account, ("exchange", of, into), _since(ask))
    left = rate.times(points) * rate.give  # what fits no `give` stays
    refusal = limits.beyond(rate, left, done) if left else None
    if refusal is not None:
        return refusal
    giving.wake(source, ask.stamp, ask.ways.lives[of])
    life, zone = ask.ways.lives[into], ask.ways.transfers.time_zone
    terms = giving.fresh(target, ask.stamp, life, zone, new_id, ask.now)
    made = giving.exchange((source, target), ask.stamp, points, rate, terms, new_id)
    if isinstance(made, Refusal):
        return made
    row = replace(
        row_of(ask, "exchange", account, of, made[0]), to_account_id=account, to_currency=into,
        to_points=made[1],
    )  # fmt: skip
    return await keep(conn, row, [source, target])


async def adjust(conn: db.Conn, ask: Ask, asked: Adjusted) -> Row | Refusal | Awaiting:
    """Points are put in or taken out by hand, for a reason, within limits of person and account.

    Awaiting  it needs a second person, and is done when it comes back with `ask.approval_id`
    """
    refusal = currency_fault(ask.ways, asked.currency, "currency", ())
    refusal = refusal or _reason_fault(ask.ways, asked.reason)
    if refusal is not None:
        return refusal
    await db.one_at_a_time(conn, ask.person)
    (wallet,) = await locked(conn, [(asked.account, asked.currency)])
    instead = await _too_much(conn, ask, asked)
    if instead is not None:
        return instead
    life, points = ask.ways.lives[asked.currency], abs(asked.points)
    giving.wake(wallet, ask.stamp, life)
    if asked.points < 0:
        refusal = giving.debit(wallet, ask.stamp, points, asked.owing)
        if refusal is not None:
            return refusal
        row = replace(
            row_of(ask, "adjustment", asked.account, asked.currency, points), reason=asked.reason
        )
        return await keep(conn, row, [wallet])
    terms = Terms(asked.expires_at, net_debt=life.net_debt)
    if asked.expires_at is None:
        zone = ask.ways.adjustments.time_zone
        terms = giving.fresh(wallet, ask.stamp, life, zone, new_id, ask.now)
    giving.credit(wallet, ask.stamp, points, terms, new_id)
    row = replace(
        row_of(ask, "adjustment", asked.account, asked.currency, 0), to_account_id=asked.account,
        to_currency=asked.currency, to_points=points, reason=asked.reason,
    )  # fmt: skip
    return await keep(conn, row, [wallet])


async def _too_much(conn: db.Conn, ask: Ask, asked: Adjusted) -> Refusal | Awaiting | None:
    """What a person may adjust on a day and an account in 30 days, added up before this one."""
    rules, points = ask.ways.adjustments, abs(asked.points)
    if rules.most is not None and points > rules.most:
        why = f"{points} points asked, at most {rules.most} in one go"
        return Refusal("amount_refused", "points", why, f"adjust {rules.most} or fewer")
    if rules.limits_sums:
        day, _ = limits.since(ask.now, rules.time_zone)
        by = await db.adjusted_by(conn, ask.person, asked.currency, day)
        first = limits.member_since(ask.now)
        of = await db.adjusted_of(conn, asked.account, asked.beside, asked.currency, first)
        for limit, before, period in (
            (rules.per_principal_day, by, "by you today"),
            (rules.per_member_30_days, of, "for this account in 30 days"),
        ):
            if limit is not None and before.points + points > limit:
                return limits.limit_reached(points, before.points, limit, period)
        if ask.approval_id is None:
            return limits.awaiting(rules, points, by.alone, of.alone)
    return None


async def lengthen(conn: db.Conn, ask: Ask, asked: Lengthened) -> Row | Refusal:
    """Lots that would expire before an instant live until another one; each is written down."""
    account, currency = asked.account, asked.currency
    refusal = currency_fault(ask.ways, currency, "currency", ())
    refusal = refusal or _reason_fault(ask.ways, asked.reason)
    if refusal is not None:
        return refusal
    (wallet,) = await locked(conn, [(account, currency)])
    longer = giving.lengthen(wallet, ask.stamp, asked.before, asked.until)
    if not longer:
        return Refusal(
            "nothing_to_extend", "before", "no points of this account expire before then",
            "look at the account's points, or name a later date",
        )  # fmt: skip
    points = sum(each.points for each in longer)
    row = replace(row_of(ask, "extension", account, currency, points), reason=asked.reason)
    await keep(conn, row, [wallet])
    await db.add_extensions(conn, wallet.account_id, ask.id, longer)
    return row


async def locked(conn: db.Conn, wanted: Sequence[tuple[UUID, str]]) -> list[Wallet]:
    """These wallets, made if they are not there, locked in the order of ids, with all their lots.

    shape  in the order in which they were asked for
    """
    ids = [wallet_id(owner, currency) for owner, currency in wanted]
    others = [
        (id_, owner, currency)
        for id_, (owner, currency) in zip(ids, wanted, strict=True)
        if currency != MAIN
    ]
    if others:
        await ledger_db.open_wallets(conn, sorted(others))
    found, _ = await ledger_db.lock(conn, sorted({*ids, *(owner for owner, _ in wanted)}))
    await ledger_db.load_lots(conn, found, ids, [])
    return [found[id_] for id_ in ids]


async def keep(conn: db.Conn, row: Row, wallets: Sequence[Wallet]) -> Row:
    """Write an operation and what it has changed."""
    await ledger_db.save(conn, [each for each in wallets if each.changed()], row.posted_at)
    await db.add_operation(conn, row)
    return row


def row_of(ask: Ask, kind: OperationKind, account: UUID, currency: str, points: int) -> Row:
    """An operation by which points leave; where they arrive is put in beside."""
    return Row(id=ask.id, kind=kind, account_id=account, currency=currency, points=points,
               principal_id=ask.principal_id, happened_at=ask.now, posted_at=ask.now,
               person_id=ask.person, approval_id=ask.approval_id)  # fmt: skip


def _since(ask: Ask) -> tuple[datetime, datetime]:
    return limits.since(ask.now, ask.ways.transfers.time_zone)


def _not_offered(kind: str) -> Refusal:
    return Refusal(
        f"{kind}_not_offered", "", f"this program offers no such {kind}",
        "publish a program that says so under `transfers`",
    )  # fmt: skip


def currency_fault(ways: Ways, currency: str, field: str, never: Sequence[str]) -> Refusal | None:
    """Why points of a currency cannot leave this way. `never`: kinds of which none do."""
    if currency not in ways.lives:
        return Refusal("currency_unknown", field, f"there is no currency {currency}",
                       "name one that the program declares, or leave it out")  # fmt: skip
    if ways.kind(currency) in never:
        why = f"{ways.kind(currency)} points stay where they were earned"
        return Refusal("currency_stays", field, why, "name another currency")
    return None


def _reason_fault(ways: Ways, reason: str) -> Refusal | None:
    known = ways.adjustments.reasons
    if not known or reason in known:
        return None
    return Refusal("reason_unknown", "reason", f"there is no reason {reason}",
                   f"name one of {', '.join(sorted(known))}"[:500])  # fmt: skip
