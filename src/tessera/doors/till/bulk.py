"""A night of receipts in one call: NDJSON in, NDJSON out, a line for a line.

Each line is a call of its own, with its own key, its own answer and its own refusal; all go
through the writer as single calls do. Of the body only the lines under way are in memory; the
answers are kept until its end, because a plain client reads only when it has sent everything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from tessera.access import core as access
from tessera.access.core import Principal
from tessera.base.refusal import Refusal
from tessera.checkout.core import Job
from tessera.doors.call import Call, Operation
from tessera.doors.house import House
from tessera.doors.problems import Reply, broken, invalid, problem
from tessera.doors.till.checkout import BASKET, natural_key
from tessera.warehouse.core import Receipt, Return, day_fault, lines_fault

MAX_LINES, MAX_BYTES = 5_000, 32 * 1024 * 1024
MAX_LINE = 1024 * 1024
# Of answers: a short line may ask for a long one, told again. Beyond it lines are put off.
MAX_TOLD = 16 * 1024 * 1024
# Lines under way: half of what the writer lets wait at its slowest, so live tills get in between.
AT_ONCE = 32
_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # while the writer lets nobody in
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Key = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[ -~]+\Z")]


class BulkLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A receipt or a return as its single call has it: exactly one of `sale` and `return`.

    key  its Idempotency-Key; left out, the receipt's own number is its key
    """

    sale: Receipt | None = None
    give_back: Return | None = msgspec.field(default=None, name="return")
    key: Key | None = None


class BulkAnswer(Struct, frozen=True, omit_defaults=True):
    """What became of a line.

    line      its number in the body, from 1
    status    as the single call's
    body      as the single call's: an answer, or a problem
    replayed  it was done before; this is what was answered then
    """

    line: int
    status: int
    body: Raw
    replayed: bool = False


async def bulk(call: Call) -> Reply | Refusal:
    """Post many receipts and returns, each once; one bad line never hurts another.
    At most 5,000 lines and 32 MB. 503 and 429 of a line mean the same as of a call: send this line
    again. Once the answers are 16 MB, every further line is answered with 503 and nothing is done
    for it.

    Send it again after a failure: what was posted is answered again.
    """
    assert call.house is not None
    told: list[bytes] = []
    try:
        lines = _lines(call.body)
        async for answer in settled(call.house, call.principal, lines, most_told=MAX_TOLD):
            told.append(_ENCODER.encode(answer) + b"\n")
    except ConnectionError:
        return problem(_cut())  # nobody reads it; what was submitted is settled all the same
    return Reply(200, b"".join(told), lines=True)


async def settled(
    house: House, principal: Principal, lines: AsyncIterator[bytes], most: int = MAX_LINES,
    most_told: float = inf,
) -> AsyncIterator[BulkAnswer]:  # fmt: skip
    """What became of each line, in their order; some of them are under way at the same time.

    most       lines; the one after them is refused, and after it nothing more is read
    most_told  bytes of answers; once they are told, lines that come are put off: 503
    """
    waiting: deque[tuple[int, asyncio.Task[Reply]]] = deque()
    number, told, turn = 0, 0, _Turn(house, principal)
    async for line in lines:
        number += 1
        if len(line) > MAX_LINE or number > most:
            waiting.append((number, asyncio.create_task(_too_much())))
            if number > most:
                break
        elif line.strip():
            doing = _settle(turn, line) if told < most_told else _put_off()
            waiting.append((number, asyncio.create_task(doing)))
        if len(waiting) >= AT_ONCE:
            answer = await _told(*waiting.popleft())
            told += len(answer.body)
            yield answer
    while waiting:
        yield await _told(*waiting.popleft())


async def _lines(receive: Receive) -> AsyncIterator[bytes]:
    """The lines of a body as they come. What is over the limits ends it, as a line too long."""
    rest, size, more = b"", 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        piece = message.get("body", b"")
        size, more = size + len(piece), bool(message.get("more_body"))
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > MAX_LINE or size > MAX_BYTES:
            yield rest + b" " * MAX_LINE
            return
    if rest:
        yield rest


@dataclass(slots=True)
class _Turn:
    """Whose lines these are, and whether one of them has waited in vain: then no other waits."""

    house: House
    principal: Principal
    in_vain: bool = False

    async def submit(self, job: Job) -> Reply:
        """Through the writer; a night has time, so it waits where a till would be told to retry."""
        for pause_s in _PAUSES_S:
            reply = await self.house.writer.submit(job)
            if reply.status != 503 or self.in_vain:
                return reply
            await asyncio.sleep(pause_s)
        reply = await self.house.writer.submit(job)
        self.in_vain = reply.status == 503
        return reply


async def _settle(turn: _Turn, raw: bytes) -> Reply:
    """One line, as the single call would."""
    try:
        line = _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return problem(invalid(error, raw))
    body = line.sale or line.give_back
    if body is None or (line.sale is not None and line.give_back is not None):
        return problem(_ONE)
    # The operation is the single call's, so that a retry may change from one way to the other.
    operation = "receipt.return"
    if line.sale is not None:
        operation = "receipt.confirm" if line.key else "receipt.checkout"
    refusal = access.allowed(turn.principal, operation, body.store)
    refusal = refusal or day_fault(body.happened_at, body.business_date) or lines_fault(body)
    if refusal is not None:
        return problem(refusal)
    key = line.key or natural_key(turn.house, body)
    prints = access.fingerprint(access.body_fields(body, {}))
    job = Job(turn.principal, operation, key, body, prints, datetime.now(UTC))
    return await turn.submit(job)


async def _too_much() -> Reply:
    """Why the reading ends here."""
    why = f"a call has at most {MAX_LINES} lines and {MAX_BYTES} bytes, a line {MAX_LINE}"
    return problem(Refusal("body_too_large", "", why, "send what comes from here in another call"))


async def _put_off() -> Reply:
    """Nothing is done for a line whose answer has no room."""
    return _NO_ROOM


async def _told(number: int, task: asyncio.Task[Reply]) -> BulkAnswer:
    try:
        reply = await task
    except Exception:  # one line's mistake of ours is its own
        reply = broken("this line met a mistake of ours")
    return BulkAnswer(number, reply.status, Raw(reply.body), reply.replayed)


def _cut() -> Refusal:
    return Refusal("busy", "", "the body ended too early", "send it again: what was posted stays")


_ONE = Refusal(
    "body_invalid", "", "a line has exactly one of `sale` and `return`", "send one of them"
)
_NO_ROOM = problem(
    Refusal("busy", "", "the answers of this call are long enough", "send this line again")
)
_DECODER = msgspec.json.Decoder(BulkLine)
_ENCODER = msgspec.json.Encoder()
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "receipt.bulk", "POST", "/v1/receipts/bulk", bulk, BulkAnswer,
        "Post a night of receipts and returns", kind="writer", body=BulkLine, key_optional=True,
        lines=True, example={"key": "night-1", "sale": BASKET | {"number": "1004"}},
    ),
)  # fmt: skip
