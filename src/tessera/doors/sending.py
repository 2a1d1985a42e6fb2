"""The sweeper of codes: what waits is handed to a provider; what fails is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import structlog

from tessera.access.codes import flows
from tessera.access.codes.core import Message
from tessera.access.codes.wire import Sink, Unsent, Way
from tessera.access.signing import flows as signing
from tessera.doors.incidents import Incidents
from tessera.doors.pools import Pool

log = structlog.get_logger("tessera.sending")
AT_ONCE = 20  # messages taken in a turn and sent side by side


class Sending:
    """One process's part of the sending; several share the outbox and never one message."""

    def __init__(
        self, pool: Pool, ways: Mapping[str, Way] | None, incidents: Incidents
    ) -> None:  # fmt: skip
        self._pool, self._ways, self._incidents = pool, ways, incidents

    async def turn(self) -> None:
        """Send what is due. No connection is held while a provider takes its time."""
        if self._ways is None:
            return
        for way in self._ways.values():
            if isinstance(way, Sink):
                way.sweep()
        async with self._pool.connection() as conn:
            taken = await flows.take_due(conn, datetime.now(UTC), AT_ONCE)
        if not taken:
            return
        said = await asyncio.gather(*(self._send(message) for message, _ in taken))
        done = [message.id for (message, _), fault in zip(taken, said, strict=True)
                if fault is None or fault.final]  # fmt: skip
        again: list[tuple[UUID, int]] = [
            (message.id, times) for message, times in taken if message.id not in done
        ]
        async with self._pool.connection() as conn:
            await flows.sent(conn, done)
            await flows.failed(conn, again, datetime.now(UTC))
        self._tell([fault for fault in said if fault is not None and not fault.final])

    async def sweep(self) -> None:
        """Away with what is over: codes, sessions, ceremonies, limits that have forgotten."""
        now = datetime.now(UTC)
        async with self._pool.connection() as conn:
            await flows.forget(conn, now)
            await signing.sweep(conn, now)

    async def _send(self, message: Message) -> Unsent | None:
        """None if it is out of our hands. The log never has the text, nor to whom it goes."""
        assert self._ways is not None, "asked before"
        way = self._ways[message.channel]
        try:
            await way.send(message)
        except Unsent as fault:
            log.warning("code_not_sent", channel=message.channel, challenge=str(message.id),
                        why=str(fault), final=fault.final)  # fmt: skip
            return fault
        if isinstance(way, Sink):
            log.info("code_waits_in_file", place=str(way.place / f"{message.id}.txt"))
        return None

    def _tell(self, faults: list[Unsent]) -> None:
        if faults:
            self._incidents.begin("sending_failed", str(faults[0]))
        else:
            self._incidents.end("sending_failed")
