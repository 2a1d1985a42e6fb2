"""What happens with people who look alike: noted, looked for, judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.members.likeness import db
from tessera.members.likeness.core.forms import Looks
from tessera.members.likeness.core.keys import keys
from tessera.members.likeness.core.scoring import likeness
from tessera.members.likeness.core.words import Likely, Near, Person, Verdict

EACH, COMPARED = 40, 60  # members read for one key, members compared for one question


async def note(conn: db.Conn, members: Sequence[UUID]) -> None:
    """Look for these members under what is known of them now.

    Called by whoever wrote a person, a phone or an address, in the same transaction, with the
    members locked. Who has not registered is left alone.
    """
    await db.drop_keys(conn, members)
    await put_keys(conn, await db.known(conn, members))


async def put_keys(conn: db.Conn, people: Sequence[Person]) -> None:
    """Note people who have no keys yet."""
    noted = [(key, person.id) for person in people for key in keys(person.looks())]
    if noted:
        await db.put_keys(conn, noted)


async def near(conn: db.Conn, asked: Looks, most: int, *, but: UUID | None = None) -> list[Near]:
    """Members who may be the one described, the most alike first.

    but  this member is not told: who is compared with the others is a member already
    """
    found = await db.sharing(conn, keys(asked), EACH, COMPARED)
    people = await db.known(conn, found) if found else []
    compared = [Near(each, likeness(asked, each.looks())) for each in people if each.id != but]
    alike = [each for each in compared if each.likeness.grade is not None]
    return sorted(alike, key=lambda each: (-each.likeness.score, each.person.id))[:most]


async def judge(
    conn: db.Conn, pair_id: UUID, verdict: Verdict, by: UUID, reason: str, now: datetime
) -> Likely | Refusal:
    """Somebody has looked at a pair. The same verdict again is fine.

    shape   the pair as it was before
    errors  pair_unknown, pair_judged
    """
    pair = await db.lock_likely(conn, pair_id)
    if pair is None:
        return Refusal(
            "pair_unknown", "pair_id", f"there is no pair {pair_id}", "list the pairs that wait"
        )
    if pair.verdict is not None and pair.verdict != verdict:
        return Refusal(
            "pair_judged", "pair_id", f"these two were judged {pair.verdict}",
            "merge the members by hand, or take their merge back",
        )  # fmt: skip
    if pair.verdict is None:
        await db.judge(conn, pair_id, verdict, by, reason, now)
    return pair
