"""Sends what waits: many at a time, in order, by one process of those that share a book."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from tessera.till.circuit import Circuit, pause_s
from tessera.till.db import SENDING, Book, locked
from tessera.till.judging import Judge
from tessera.till.wire import Away, Heard, Wire
from tessera.till.words import Entry, How, Json, Report

_TURNS = 5  # in a row in which nothing was settled
_MOST_BYTES = 8 * 1024 * 1024


class Sending:
    """One run takes over what dead processes left, then sends until nothing waits."""

    def __init__(
        self, book: Book, wire: Wire, judge: Judge, circuit: Circuit, how: How
    ) -> None:  # fmt: skip
        self._book, self._wire, self._judge = book, wire, judge
        self._circuit, self._how = circuit, how

    def run(self) -> Report:
        """Send; what stopped it is told as `trouble`."""
        lock = locked(self._book.directory / SENDING)
        if lock is None:
            return self._report(0, 0, "another process is sending")
        try:
            self._book.take_over()
            return self._drain()
        finally:
            lock.close()

    def close(self) -> None:
        """Let go of the line."""
        self._wire.close()

    def _drain(self) -> Report:
        done = refused = idle = 0
        while idle < _TURNS:
            batch = _fitting(self._book.by_state("queued", self._how.together))
            if not batch:
                return self._report(done, refused, "")
            if not self._circuit.allows():
                return self._report(done, refused, "the line is cut")
            wait_s, why = 0.0, "the server settles none of them"
            try:
                heard = self._wire.call("POST", "/v1/receipts/bulk", _as_lines(batch), many=True)
                if heard.status != 200:
                    wait_s, why = heard.wait_s, _trouble(heard)
                    if not heard.again:
                        self._circuit.worked()
                        return self._report(done, refused, why)
                    raise Away(why)
                settled, turned, wait_s = self._settle(batch, heard)
                self._circuit.worked()
            except Away as away:
                self._circuit.failed(wait_s)
                settled = turned = 0
                why = str(away)
            done, refused = done + settled, refused + turned
            idle = 0 if settled or turned else idle + 1
            if idle and (self._circuit.open or idle == _TURNS):
                return self._report(done, refused, why)
            if idle:
                time.sleep(pause_s(idle, wait_s))
        return self._report(done, refused, "the server settles none of them")

    def _settle(self, batch: Sequence[Entry], heard: Heard) -> tuple[int, int, float]:
        """(done, refused, seconds to wait). Lines without an answer wait on."""
        done = refused = 0
        for raw in heard.text.splitlines():
            told = _line(raw)
            status, said = int(told["status"]), told["body"]
            if not 0 < told["line"] <= len(batch):
                continue
            became = self._judge.later(batch[told["line"] - 1], status, said)
            done, refused = done + (became == "done"), refused + (became == "refused")
        return done, refused, heard.wait_s

    def _report(self, done: int, refused: int, trouble: str) -> Report:
        counts = self._book.counts()
        return Report(done, refused, counts.get("queued", 0) + counts.get("open", 0), trouble)


def _fitting(batch: Sequence[Entry]) -> list[Entry]:
    """The first of them that fit into one call."""
    size = 0
    fitting: list[Entry] = []
    for entry in batch:
        size += len(json.dumps(entry.body))
        if fitting and size > _MOST_BYTES:
            break
        fitting.append(entry)
    return fitting


def _body(entry: Entry) -> Json:
    """What is sent; a book of the release before says all that is left with no lines."""
    if entry.kind == "return" and entry.body.get("lines") == []:
        return {name: value for name, value in entry.body.items() if name != "lines"}
    return entry.body


def _as_lines(batch: Sequence[Entry]) -> bytes:
    lines = [json.dumps({entry.kind: _body(entry), "key": entry.key}) for entry in batch]
    return "\n".join(lines).encode()


def _line(raw: bytes) -> Json:
    """A line of the answer. Errors: Away if it is none: then the others are not believed either."""
    try:
        told = json.loads(raw)
        if isinstance(told["line"], int) and isinstance(told["body"], dict):
            return dict(told)
    except (ValueError, TypeError, KeyError):
        pass
    raise Away("an answer that is none of our server's")


def _trouble(heard: Heard) -> str:
    said = heard.body()
    return f"{heard.status} {said.get('code', '')}: {said.get('why', '')}"
