"""One operation of the API as a value: from this table routes, guards and OpenAPI are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from psycopg import AsyncConnection

from tessera.access.approvals.core import Awaiting
from tessera.access.audit.core import Change, Fields
from tessera.access.core import Principal
from tessera.base.refusal import Refusal

if TYPE_CHECKING:
    from tessera.doors.house import House

Conn = AsyncConnection[tuple[Any, ...]]


@dataclass(slots=True)
class Call:
    """What a handler gets: who asks, for what, on which connection, and when.

    path, query  words of the address; body: the parsed struct, or None
    conn         inside a transaction for `writes`, else a plain reading connection
    house        the rest of the running house; key, fingerprint: of a writing call
    outcome_id   of a call that `writes`: what it posts carries this id
    changes      what it did, for the audit log: `changed` adds to it
    approval_id  of a call that a second person has approved
    address      the caller's IP; "" where it is not known, as on a till's short way
    about        members that it is about, where neither address nor body say it: a handler tells
    forget       a handler sets it: who calls with what is to be looked up anew
    language     in which a page wants its sentences; "" where nobody said
    """

    principal: Principal
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    conn: Conn
    now: datetime
    house: House | None = None
    key: str = ""
    fingerprint: bytes = b""
    outcome_id: UUID | None = None
    changes: list[Change] = field(default_factory=list)
    approval_id: UUID | None = None
    about: list[UUID] = field(default_factory=list)
    address: str = ""
    forget: bool = False
    language: str = ""

    def changed(
        self,
        kind: str,
        id: UUID | str,
        before: Fields | None,
        after: Fields | None,
        *,
        person: UUID | None = None,
        reason: str = "",
    ) -> None:
        """Say what a call that `writes` has changed: only the fields that did, as JSON holds them.

        person  the member whose values these are; they are sealed with that member's key
        """
        self.changes.append(Change(kind, id, before, after, person, reason))

    def approval(self, limit: str, why: str) -> Awaiting | None:
        """None if a second person has approved this call, else what the handler answers.

        Whatever was written until then is taken back; the call waits for that person.
        """
        return None if self.approval_id is not None else Awaiting(limit, why)


@dataclass(frozen=True, slots=True)
class Once:
    """An answer with a secret in it: `live` is sent now, `kept` is stored and sent to every replay.

    Both are of the operation's `answer` type.
    """

    live: Any
    kept: Any


Handler = Callable[[Call], Awaitable[Any | Refusal]]


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the table.

    name     the policy's row and the operationId
    kind     reads: a pooled connection; writes: one transaction with its Idempotency-Key;
             writer: the handler gets no connection and goes through the writer
    query    {name: what it means}; every one is optional
    example  a body that works, shown in the reference and executed by a test
    refresh  it may change what every process keeps: program, stores, card batches, keys
    lines    the body is NDJSON, a `body` on each line, read by the handler; so is the answer
    four_eyes  it may wait for a second person: then 202 and `doors.noting.Proposed`
    media    what an answer may be besides JSON
    other    another shape of the answer, told apart by its `kind`
    """

    name: str
    method: Literal["GET", "POST", "PUT", "PATCH"]
    path: str
    handler: Handler
    answer: type[Any]
    summary: str
    kind: Literal["reads", "writes", "writer"] = "reads"
    body: type[Any] | None = None
    status: int = 200
    query: Mapping[str, str] | None = None
    example: Any = None
    key_optional: bool = False
    refresh: bool = False
    lines: bool = False
    four_eyes: bool = False
    media: tuple[str, ...] = ()
    other: type[Any] | None = None
