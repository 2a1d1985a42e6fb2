"""The till's book: everything is on disk before it is sent (SQLite, WAL, synchronous=FULL)."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tessera.till.words import Entry, Json, State

SENDING = "sending.lock"  # whoever has it sends what waits
_WAIT_S = 10.0  # for another process that is writing a few rows
_MAKES = ("make_entry", "make_entry_state", "make_entry_number", "make_allowance", "make_counter")


def _statements() -> dict[str, str]:
    """The named statements beside this file. SQLite's `?` is `%s` there, as in all our SQL."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%s", "?")
    parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


SQL = _statements()


@dataclass(frozen=True)
class Allowance:
    """What a card may spend while the line is cut; times in seconds since 1970."""

    token: str
    points: int
    used: int
    step: int
    worth_minor: int
    max_percent: int
    issued_at: float
    valid_until: float

    @property
    def left(self) -> int:
        """Points that may still be spent."""
        return self.points - self.used

    def worth(self, points: int) -> int:
        """What so many points pay, in minor units; only whole steps count."""
        return points // self.step * self.worth_minor


class Book:
    """One directory's book; several processes and threads may have it open.

    errors  sqlite3.Error where the disk is full or broken: then nothing was sent either
    """

    def __init__(self, directory: Path, keep_days: int) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._lock = threading.RLock()
        self._conn = sqlite3.connect(
            directory / "book.sqlite", timeout=_WAIT_S, isolation_level=None,
            check_same_thread=False,
        )  # fmt: skip
        for setting in ("journal_mode = WAL", "synchronous = FULL"):
            self._conn.execute(f"PRAGMA {setting}")
        self.holder = secrets.token_hex(8)
        self._alive = locked(directory / f"{self.holder}.lock")
        assert self._alive is not None, "nobody else has this name"
        with self.writing():
            for name in _MAKES:
                self._conn.execute(SQL[name])
            self._conn.execute(SQL["begin_counter"], (_word(time.time()),))
            self._conn.execute(SQL["forget"], (time.time() - keep_days * 86_400,))
        _sweep(directory)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """All of it is on disk when this ends, or none."""
        with self._lock:
            self._conn.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._conn.execute("ROLLBACK")
                raise
            self._conn.execute("COMMIT")

    def close(self) -> None:
        """Let go; what was being sent is anybody's."""
        with self._lock:
            self._conn.close()
            if self._alive is not None:
                self._alive.close()
                self._alive = None
                (self.directory / f"{self.holder}.lock").unlink(missing_ok=True)

    # Entries -----------------------------------------------------------------------------------

    def next_number(self) -> str:
        """A receipt number that no other has; inside `writing`."""
        self._conn.execute(SQL["count_on"])
        book, last = self._conn.execute(SQL["number"]).fetchone()
        return f"{book}-{last}"

    def add(
        self, kind: Literal["sale", "return"], card: str, body: Json, state: State, spent: int
    ) -> Entry:
        """Write something down, under a fresh key; inside `writing`."""
        key = secrets.token_hex(16)
        cursor = self._conn.execute(SQL["add"], (
            kind, body["number"], key, card, json.dumps(body), state, spent,
            self.holder if state == "open" else "", time.time(),
        ))  # fmt: skip
        assert cursor.lastrowid is not None
        return Entry(cursor.lastrowid, kind, body["number"], key, card, body, state, spent)

    def settle(
        self, entry: Entry, state: State, answer: Json | None = None, code: str = "", why: str = ""
    ) -> None:
        """What became of it; inside `writing`."""
        said = None if answer is None else json.dumps(answer)
        self._conn.execute(SQL["settle"], (state, code, why, said, entry.id))

    def say_otherwise(self, entry: Entry, body: Json, spent: int) -> None:
        """To be sent in other words: under another key; inside `writing`."""
        values = (json.dumps(body), secrets.token_hex(16), spent, entry.id)
        self._conn.execute(SQL["say_otherwise"], values)

    def by_state(self, state: State, most: int) -> list[Entry]:
        """The first entries in this state."""
        with self._lock:
            rows = self._conn.execute(SQL["by_state"], (state, most)).fetchall()
        return [_entry(row) for row in rows]

    def one(self, entry_id: int) -> Entry | None:
        """An entry by its id."""
        with self._lock:
            row = self._conn.execute(SQL["by_id"], (entry_id,)).fetchone()
        return None if row is None else _entry(row)

    def sale(self, number: str) -> Entry | None:
        """A sale by its number."""
        with self._lock:
            row = self._conn.execute(SQL["by_number"], (number,)).fetchone()
        return None if row is None else _entry(row)

    def counts(self) -> dict[str, int]:
        """{state: entries}."""
        with self._lock:
            return dict(self._conn.execute(SQL["count_states"]).fetchall())

    def take_over(self) -> None:
        """What processes that are gone were sending is to be sent."""
        with self._lock:
            holders = [row[0] for row in self._conn.execute(SQL["holders"]).fetchall()]
        for holder in holders:
            path = self.directory / f"{holder}.lock"
            gone = None if holder == self.holder else locked(path)
            if gone is not None:
                with self.writing():
                    self._conn.execute(SQL["take_over"], (holder,))
                gone.close()
                path.unlink(missing_ok=True)

    # Allowances --------------------------------------------------------------------------------

    def unsent_of(self, card: str) -> int:
        """Entries of a card that the server does not know of yet."""
        with self._lock:
            return int(self._conn.execute(SQL["unsent_of"], (card,)).fetchone()[0])

    def allowance(self, card: str) -> Allowance | None:
        """What a card may spend while the line is cut; None if that was never asked."""
        with self._lock:
            row = self._conn.execute(SQL["allowance"], (card,)).fetchone()
        return None if row is None else Allowance(*row)

    def keep_allowance(self, card: str, fresh: Allowance) -> None:
        """A fresh one takes the place of the one there was; inside `writing`."""
        self._conn.execute(SQL["keep_allowance"], (
            card, fresh.token, fresh.points, fresh.step, fresh.worth_minor, fresh.max_percent,
            fresh.issued_at, fresh.valid_until,
        ))  # fmt: skip

    def use(self, card: str, allowance: Allowance, points: int) -> bool:
        """Spend points under it; False if they are not left. Inside `writing`."""
        values = (points, card, allowance.token, points)
        return self._conn.execute(SQL["use"], values).rowcount == 1


def locked(path: Path) -> sqlite3.Connection | None:
    """A lock that ends with the process, however it ends; None if somebody has it.

    why  SQLite's locks are the kernel's, on every system alike; a number of a process is reused
    """
    conn = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        conn.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        conn.close()
        return None
    return conn


def _sweep(directory: Path) -> None:
    """Locks of processes that were killed a day ago or more."""
    for path in directory.glob("*.lock"):
        old = time.time() - path.stat().st_mtime > 86_400
        gone = locked(path) if old and path.name != SENDING else None
        if gone is not None:
            gone.close()
            path.unlink(missing_ok=True)


def _entry(row: tuple[Any, ...]) -> Entry:
    entry_id, kind, number, key, card, body, state, spent, code, why, answer = row
    return Entry(
        entry_id, kind, number, key, card, json.loads(body), state, spent, code, why,
        None if answer is None else json.loads(answer),
    )  # fmt: skip


def _word(now_s: float) -> str:
    """A word that no other book of the shop begins its numbers with: the time, and chance."""
    return f"{int(now_s):x}{secrets.token_hex(2)}"
