"""Begin a challenge, prove it, and hand its message over.

Commit also what `prove` refused: the try is counted in the caller's transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from tessera.access.codes import core, db
from tessera.access.codes.core import Challenge, Channel, Message, Notice, Proved, Window
from tessera.access.core.principals import network_of
from tessera.base import installation
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal

_SEALED = "code message"
KEPT = timedelta(days=1)  # what is over stays so long


async def begin(  # noqa: PLR0913 - what is proved, to whom it goes, who asks
    conn: db.Conn,
    purpose: str,
    channel: Channel,
    to: str,
    subject: UUID | None,
    now: datetime,
    *,
    deliver: bool = True,
    language: str = "en",
    address: str = "",
) -> Challenge | Refusal:
    """Send a code to `to`, in its normal form. What is refused is counted nowhere.

    purpose   what the proof is for, at most 40 characters; it comes back with the proof
    deliver   False: all looks the same, but nothing is sent and no code proves it
    address   who asks, "" for a call with a key of its own
    errors    too_many_codes
    """
    assert 0 < len(purpose) <= core.PURPOSE_MOST, "a purpose is a word of ours"
    marks = installation.here()
    refusal = await _spend(conn, channel, to, address, now, amount=int(deliver))
    if refusal is not None:
        return refusal
    challenge = Challenge(new_id(), now + core.LIFE)
    code = f"{secrets.randbelow(10**core.DIGITS):0{core.DIGITS}}"
    title, text = core.text_of(code, language)
    message = Message(challenge.id, channel, to, title, text)
    nobodys = secrets.token_hex(16)  # longer than a code: no try is equal to it
    code_mark = marks.mark("code", str(challenge.id), code if deliver else nobodys)
    proof = Proved(purpose, channel, destination(channel, to), subject)
    sealed = marks.seal(_SEALED, msgspec.json.encode(message))
    await db.add_challenge(conn, challenge, proof, code_mark, now)
    await db.add_message(conn, challenge, channel, sealed, now, deliver=deliver)
    return challenge


async def tell(
    conn: db.Conn, channel: Channel, to: str, what: Notice, language: str, now: datetime
) -> None:
    """Tell this phone or address that codes go elsewhere too now, or somewhere no more.

    Counted in no budget: each follows a proof, or a call with a key of its own.
    """
    notice = Challenge(new_id(), now + core.LIFE)
    title, text = core.notice_of(what, language)
    message = Message(notice.id, channel, to, title, text)
    sealed = installation.here().seal(_SEALED, msgspec.json.encode(message))
    await db.add_message(conn, notice, channel, sealed, now, deliver=True)


async def prove(conn: db.Conn, challenge_id: UUID, code: str, now: datetime) -> Proved | Refusal:
    """What the code proves. Commit also after the refusal, or tries would be free.

    errors  code_wrong: wrong, late, tried too often, proved before, or never begun
    """
    code_mark = installation.here().mark("code", str(challenge_id), code.strip())
    proved = await db.attempt(conn, challenge_id, code_mark, now)
    return core.not_proved() if proved is None else proved


async def end(conn: db.Conn, destination: bytes, subject: UUID) -> None:
    """Codes about somebody that are on their way there prove nothing any more."""
    await db.end(conn, destination, subject)


def destination(channel: Channel, to: str) -> bytes:
    """What is kept of a phone or an address in its normal form: 32 bytes, this installation's."""
    return installation.here().mark("destination", channel, to)


async def _spend(
    conn: db.Conn, channel: Channel, to: str, address: str, now: datetime, *, amount: int
) -> Refusal | None:
    """Count a message where it belongs, or nowhere at all: what is refused was never sent.

    amount  of everybody's: 0 for a message that is only pretended, which is judged alike
    """
    network = network_of(address)
    words = {"destination": f"{channel} {to}", "pair": f"{channel} {to} {network}",
             "address": network, "all": ""}  # fmt: skip
    mine = _marked(core.own_windows(network, now), words)
    alls = _marked(core.windows_of_all(now), words)
    # Everybody's row comes last, and only for what nothing else refuses: all wait for it.
    refusal = await _count(conn, mine, 1)
    if refusal is not None:
        return refusal
    refusal = await _count(conn, alls, amount)
    if refusal is not None:
        await db.take_back(conn, mine, 1)
    return refusal


async def _count(
    conn: db.Conn, keyed: Sequence[tuple[bytes, Window]], amount: int
) -> Refusal | None:
    """Count it in each window; taken back where one of them was full before."""
    used = await db.spend(conn, keyed, amount)
    refusal = core.full([window for _, window in keyed], [each - amount for each in used])
    if refusal is not None:
        await db.take_back(conn, keyed, amount)
    return refusal


def _marked(bounds: Sequence[Window], words: Mapping[str, str]) -> list[tuple[bytes, Window]]:
    marks = installation.here()
    return [(marks.mark("budget", each.what, words[each.what.split()[0]]), each) for each in bounds]


# Handing over ------------------------------------------------------------------------------------


async def take_due(conn: db.Conn, now: datetime, limit: int) -> list[tuple[Message, int]]:
    """Messages for the caller to send now, each with how often it was taken. Commit, then send.

    What is not to be delivered, is over, or was sealed with another key is thrown away here.
    """
    found, gone = [], []
    for waiting in await db.take_due(conn, now, now + core.LEASE, limit):
        plain = installation.here().unseal(_SEALED, waiting.sealed)
        if plain is None or not waiting.deliver or waiting.expires_at <= now:
            gone.append(waiting.id)
        else:
            found.append((msgspec.json.decode(plain, type=Message), waiting.failures))
    if gone:
        await db.away(conn, gone)
    return found


async def sent(conn: db.Conn, ids: Sequence[UUID]) -> None:
    """These were handed over, or can never be: nothing is left of their texts."""
    await db.away(conn, ids)


async def failed(conn: db.Conn, tried: Sequence[tuple[UUID, int]], now: datetime) -> None:
    """These were not, after so many times: they are tried again."""
    await db.put_off(conn, [(id, now + core.next_try(times)) for id, times in tried])


async def forget(conn: db.Conn, now: datetime) -> None:
    """Away with what has been over for a day."""
    await db.forget(conn, now - KEPT)
