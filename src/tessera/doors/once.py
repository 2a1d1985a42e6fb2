"""A writing call of the administration, exactly once.

Key, change, answer and the entry in the audit log are one transaction.
"""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg.errors import DeadlockDetected, SerializationFailure

from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.approvals.core import Awaiting
from tessera.access.audit import flows as audit
from tessera.access.core import Claim, Replay
from tessera.access.privacy import db as privacy_db
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors import noting, problems
from tessera.doors.call import Call, Once, Operation
from tessera.doors.personal import free_text_fault, name_fault, names_people, subjects
from tessera.doors.problems import Reply

RACES = (DeadlockDetected, SerializationFailure)
_encode = msgspec.json.Encoder().encode


async def once(operation: Operation, call: Call) -> Reply:
    """Do it, or answer the bytes of the first time.

    The claim waits for a call with the same key that is still under way elsewhere. Where another
    call was in the way, nothing was written: it is done anew, one more time.

    Whose reason names somebody is not done: reasons are kept for ever.

    errors  of the database; one of `RACES` if another call was in the way again
    """
    fault = free_text_fault(call.body)
    if fault is not None:
        return problems.problem(fault)
    try:
        return await _once(operation, call)
    except RACES:
        await call.conn.rollback()
        return await _once(operation, call)


async def _once(operation: Operation, call: Call) -> Reply:
    claim = Claim(call.principal.id, call.key, operation.name, call.fingerprint, new_id(), call.now)
    if not await _taken(call, claim):
        return await _again(call, claim, operation)
    call.outcome_id, call.changes, call.about = claim.outcome_id, [], []
    answer = await _said(operation, call)
    status = operation.status
    if isinstance(answer, Awaiting):
        assert operation.four_eyes, "its row says that it may wait"
        # What was written so far is taken back; then the call takes its key anew, to wait.
        await call.conn.rollback()
        if not await _taken(call, claim):
            return await _again(call, claim, operation)
        status, answer = 202, await noting.propose(operation, call, answer)
    if isinstance(answer, Refusal):
        await call.conn.rollback()
        return problems.problem(answer)
    live, kept = (answer.live, answer.kept) if isinstance(answer, Once) else (answer, answer)
    body = _encode(kept)
    day = access.answer_day(call.now)
    await access_db.save_answers(call.conn, [(day, claim.outcome_id, status, body)])
    if names_people(operation) or any(
        each.kind == "member" or each.person is not None for each in call.changes
    ):
        await privacy_db.mark_personal(call.conn, claim.principal_id, claim.key)
    # Last: from here to the commit nobody else adds to this chain.
    await audit.note(call.conn, *noting.entries(operation, call))
    await call.conn.commit()
    return Reply(status, body if live is kept else _encode(live))


async def _said(operation: Operation, call: Call) -> Any:
    """What the handler answers, unless the reason says what the member is called."""
    fault = await name_fault(call.conn, call.body, subjects(call))
    if fault is not None:
        return fault
    answer = await operation.handler(call)
    return await name_fault(call.conn, call.body, call.about) or answer


async def _taken(call: Call, claim: Claim) -> bool:
    taken = await access_db.claimed(await access_db.ask_claims(call.conn, [claim]))
    return (claim.principal_id, claim.key) in taken


async def _again(call: Call, claim: Claim, operation: Operation) -> Reply:
    pair = (claim.principal_id, claim.key)
    known = (await access_db.known(call.conn, [pair]))[pair]
    shapeless = operation.body is dict
    names = access.body_names(None if shapeless else operation.body, tuple(call.path))
    if shapeless:
        names = (*names, *call.body)
    judged = access.judge(known, claim, names)
    if isinstance(judged, Replay) and judged.body is not None and judged.status is not None:
        return Reply(judged.status, judged.body, replayed=True)
    if isinstance(judged, Refusal):
        return problems.problem(judged)
    why = "the answer to this call is no longer kept: 35 days are over, or its member was erased"
    return problems.problem(Refusal("key_reused", "Idempotency-Key", why, "use a fresh key"))
