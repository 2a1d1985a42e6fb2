"""What happens to consents: said, confirmed, withdrawn by a link, joined and parted."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.members import db as members_db
from tessera.members.consents import core, db
from tessera.members.consents.core import By, Consent, Consents, Line, Saying

MOST_SHOWN, MOST_READ = 1000, 100_000


async def say(
    conn: db.Conn, member_id: UUID, sayings: Sequence[Saying], by: By, declared: Consents
) -> list[Consent] | Refusal:
    """Yes or no to several; all of them or none. What is so afterwards.

    errors  member_unknown, member_not_registered, consent_unknown, wording_unknown; the field
            tells which: consents[0].purpose
    """
    member_id = await members_db.lock_current(conn, member_id)
    member = await members_db.read_member(conn, member_id)
    if member is None or member.registered_at is None:
        return _nobody(member_id, known=member is not None)
    now = {(each.purpose, each.channel): each.state for each in await db.current(conn, member_id)}
    proved = await db.proved(conn, member_id)
    lines: list[Line] = []
    for i, saying in enumerate(sayings):
        was = now.get((saying.purpose, saying.channel), "unsaid")
        line = core.line(declared, saying, was, proved, member.language)
        if isinstance(line, Refusal):
            return Refusal(line.code, f"consents[{i}].{line.field}", line.why, line.cure)
        lines.append(line)
        now[line.purpose, line.channel] = line.state
    await db.add(conn, member_id, lines, by)
    return await db.current(conn, member_id)


async def confirm(
    conn: db.Conn, member_id: UUID, kind: Literal["email", "phone"], by: By
) -> list[Line]:
    """A phone or an address was proved: what waited for it counts from now on."""
    member_id = await members_db.lock_current(conn, member_id)
    lines = core.confirmed(await db.current(conn, member_id), kind)
    await db.add(conn, member_id, lines, by)
    return lines


async def strictest(
    conn: db.Conn, into: UUID, other: UUID, merge_id: UUID, at: datetime
) -> list[Line]:
    """Two members are one person: of what both said the stricter holds for `into`.

    The caller has locked both. `restore` with the same `merge_id` takes it back.
    """
    lines = core.strictest(await db.current(conn, into), await db.current(conn, other))
    await db.add(conn, into, lines, By("merge", at, proof=str(merge_id)))
    return lines


async def restore(conn: db.Conn, into: UUID, merge_id: UUID, at: datetime) -> list[Line]:
    """The merge is undone: what it brought is gone, unless something was said since.

    The other member's own lines were never touched: they hold again as they are.
    """
    history = await db.history(conn, into, MOST_READ)
    lines = core.restored(reversed(history), merge_id)
    await db.add(conn, into, lines, By("unmerge", at, proof=str(merge_id)))
    return lines


async def withdraw_both(
    conn: db.Conn, into: UUID, other: UUID, merge_id: UUID, since: datetime
) -> list[Line]:
    """The merge is undone: what was withdrawn since for `into` is withdrawn for the other too.

    Nobody can tell any more which of the two said it. The lines are copies: way, time, proof.
    Merged at `since`; the caller has locked both, and calls `restore` as well.
    """
    history = await db.history(conn, into, MOST_READ)
    said = core.withdrawn_since(reversed(history), merge_id, since)
    lines = []
    for each in said:
        line = Line(each.purpose, each.channel, "withdrawn", each.wording, each.language)
        by = By(each.way, each.at, each.principal_id, each.proof)
        await db.add(conn, other, [line], by)
        lines.append(line)
    return lines


async def unsubscribe_token(conn: db.Conn, member_id: UUID, purpose: str, channel: str) -> str:
    """What a message carries so that one click ends this purpose on this channel.

    The key is made with the first token, so the connection must be writing then.
    """
    key = await db.key(conn)
    if key is None:
        await db.make_key(conn, secrets.token_bytes(32))
        key = await db.key(conn)
    assert key is not None, "it was made a statement ago"
    return core.unsubscribe_token(key, member_id, purpose, channel)


async def unsubscribe(
    conn: db.Conn, token: str, now: datetime, proof: str
) -> tuple[UUID, str, str] | Refusal:
    """Withdraw what the token names, at once; a second click changes nothing.

    shape   (member, purpose, channel)
    errors  token_invalid, also for a member who is no longer there
    """
    key = await db.key(conn)
    named = None if key is None else core.unsubscribed(key, token)
    if named is None:
        return _no_token()
    member_id, purpose, channel = named
    member_id = await members_db.lock_current(conn, member_id)  # an old message names an old id
    if await members_db.read_member(conn, member_id) is None:
        return _no_token()
    current = await db.current(conn, member_id)
    state = {(each.purpose, each.channel): each.state for each in current}.get((purpose, channel))
    if state != "withdrawn":
        line = Line(purpose, channel, "withdrawn")
        await db.add(conn, member_id, [line], By("link", now, proof=proof))
    return member_id, purpose, channel


def _nobody(member_id: UUID, *, known: bool) -> Refusal:
    if known:
        return Refusal(
            "member_not_registered", "member_id", "nobody has said yet who this member is",
            "register the card first",
        )  # fmt: skip
    return Refusal(
        "member_unknown", "member_id", f"there is no member {member_id}", "look the member up"
    )


def _no_token() -> Refusal:
    return Refusal(
        "token_invalid", "token", "this link is not one of ours, or not whole",
        "open it as it stands in the message, or sign in and change it there",
    )  # fmt: skip
