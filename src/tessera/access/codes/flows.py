"""Begin a challenge, prove it, and hand its message over.

Commit also what `prove` refused: the try is counted in the caller's transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.access.codes import core, db
from tessera.access.codes.core import Asks, Bucket, Challenge, Channel, Message, Notice, Proved
from tessera.access.core import block_of, network_of
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
    asks: Asks = "anybody",
) -> Challenge | Refusal:
    """Send a code to `to`, in its normal form. What is refused is counted nowhere.

    purpose   what the proof is for, at most 40 characters; it comes back with the proof
    deliver   False: all looks the same, but nothing is sent and no code proves it
    address   where it is asked for, "" where that is not known
    asks      member: for a contact that was his before
    errors    too_many_codes
    """
    assert 0 < len(purpose) <= core.PURPOSE_MOST, "a purpose is a word of ours"
    marks = installation.here()
    asker = _Asker(destination(channel, to), network_of(address), asks)
    refusal = await _spend(conn, asker, now)
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


async def prove(
    conn: db.Conn, challenge_id: UUID, code: str, now: datetime, address: str = ""
) -> Proved | Refusal:
    """What the code proves. Commit also after the refusal, or tries would be free.

    address  from where whoever holds the destination proves it: that network is its own then
    errors   code_wrong: wrong, late, tried too often, proved before, or never begun
    """
    code_mark = installation.here().mark("code", str(challenge_id), code.strip())
    proved = await db.attempt(conn, challenge_id, code_mark, now)
    if proved is None:
        return core.not_proved()
    network = network_of(address)
    if network:
        what = _home(proved.destination_hash, network)
        await db.settle(conn, what, proved.destination_hash, now + core.HOME_TERM)
    return proved


async def end(conn: db.Conn, destination: bytes, subject: UUID) -> None:
    """Codes about somebody that are on their way there prove nothing any more."""
    await db.end(conn, destination, subject)
    await db.unsettle(conn, [destination])


async def forget_homes(conn: db.Conn, contacts: Sequence[tuple[str, str]]) -> None:
    """From where these were proved is known no more. (kind, value); others have no homes."""
    kinds: tuple[Channel, ...] = ("email", "phone")
    marks = [destination(kind, value) for kind in kinds
             for said, value in contacts if said == kind]  # fmt: skip
    await db.unsettle(conn, marks)


def destination(channel: Channel, to: str) -> bytes:
    """What is kept of a phone or an address in its normal form: 32 bytes, this installation's."""
    return installation.here().mark("destination", channel, to)


class _Asker(Struct, frozen=True):
    """What a message goes to, as its mark, and from which network it is asked for; "": unknown."""

    destination: bytes
    network: str
    asks: Asks


async def _spend(conn: db.Conn, asker: _Asker, now: datetime) -> Refusal | None:
    """Count a message where it belongs, or nowhere at all: what is refused was never sent.

    One that is only pretended counts as any: else what is left afterwards tells which it was.
    """
    home = await db.is_home(conn, _home(asker.destination, asker.network), now)
    mine = _marked(core.own_buckets(asker.network, home=home, asks=asker.asks), asker)
    refusal = await _take(conn, mine, now)
    if refusal is not None:
        return refusal
    # Everybody's rows come last, and only for what nothing else refuses: all wait for them.
    for pot in core.pots(home=home, asks=asker.asks):
        refusal = await _take(conn, _marked(pot, asker), now)
        if refusal is None:
            return None
    await db.take_back(conn, mine)
    return refusal


async def _take(
    conn: db.Conn, keyed: Sequence[tuple[bytes, Bucket]], now: datetime
) -> Refusal | None:  # fmt: skip
    """Take it out of each bucket; put back where one of them had none left."""
    full = await db.spend(conn, keyed, now)
    buckets = [bucket for _, bucket in keyed]
    before = [at - each.every for at, each in zip(full, buckets, strict=True)]
    refusal = core.empty(buckets, before, now)
    if refusal is not None:
        await db.take_back(conn, keyed)
    return refusal


def _marked(buckets: Sequence[Bucket], asker: _Asker) -> list[tuple[bytes, Bucket]]:
    to, block = asker.destination.hex(), block_of(asker.network)
    whose = [] if asker.asks == "anybody" else [asker.asks]  # a home is told from no stranger
    words = {"destination": [to], "trusted destination": [to], "pair": [to, block, *whose],
             "caller": [asker.network, *whose], "network": [block, *whose],
             "homes there": [block]}  # fmt: skip
    marks = installation.here()
    return [(marks.mark("bucket", each.what, *words.get(each.what, [])), each) for each in buckets]


def _home(destination: bytes, network: str) -> bytes:
    """What is kept of a destination that was proved from a network."""
    return installation.here().mark("code home", destination.hex(), block_of(network))


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
