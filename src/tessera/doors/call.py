"""One operation of the API as a value: from this table routes, guards and OpenAPI are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from psycopg import AsyncConnection

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
    refresh: bool = True
    lines: bool = False
