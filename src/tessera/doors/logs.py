"""What goes to the log: one line per event on standard error, without anybody's data.

Bodies, numbers of cards, names, tokens and keys of calls are never handed to it. Errors are: a
driver's message quotes values (`Key (value)=(...) already exists`), and so may any other. So of an
error only its kind, its place in our code and what PostgreSQL names of its own are kept.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from contextlib import suppress
from typing import Any, TextIO, cast

import psycopg
import structlog
from structlog.types import EventDict, WrappedLogger

from tessera.base.problem import PostgresProblem

FORMS = ("json", "text")
PER_S = 20  # lines of one kind in a second; what is left out is said with the next one


def configure(form: str, file: TextIO = sys.stderr) -> None:
    """Our events and those of the libraries, from warnings on, as JSON or as text for people."""
    file = cast(TextIO, Bearing(file))
    shared: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_values,
    ]
    shown: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(colors=False)
        if form == "text"
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, shown], logger_factory=structlog.WriteLoggerFactory(file=file)
    )
    handler = logging.StreamHandler(file)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_named, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, shown],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def fault(error: BaseException) -> dict[str, Any]:
    """An error as fields of a line: its kind, and what in it cannot be a caller's."""
    told: dict[str, Any] = {"error": type(error).__qualname__}
    if isinstance(error, PostgresProblem):
        return told | {"why": str(error)}
    if isinstance(error, OSError):
        return told | {"why": error.strerror or ""}
    if not isinstance(error, psycopg.Error):
        return told
    if error.sqlstate is None:  # of the connection, by libpq or the pool: no statement was run
        return told | {"why": str(error).strip()[:200]}
    named = error.diag
    parts = {"table": named.table_name, "constraint": named.constraint_name}
    return told | {"sqlstate": error.sqlstate} | {k: v for k, v in parts.items() if v}


def trace(error: BaseException) -> str:
    """Where it came from, call by call; of what it says only the kind."""
    told: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        told.append(
            f"{type(cause).__qualname__}\n{''.join(traceback.format_tb(cause.__traceback__))}"
        )
        cause = cause.__cause__ or cause.__context__
    return "from ".join(told)


class Bearing:
    """A log whose disk may be full: a line that cannot be written is dropped."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """The text, as far as there is room."""
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """What is there goes out, as far as there is room."""
        with suppress(OSError):
            self._file.flush()


class Sparing:
    """Writes at most `PER_S` lines a second; a storm of failures is not to fill the disk."""

    def __init__(self, log: Any) -> None:
        self._log, self._second, self._said, self._left_out = log, 0, 0, 0

    def error(self, event: str, **fields: Any) -> None:
        """Something broke."""
        self._say("error", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Something did not work as it should."""
        self._say("warning", event, fields)

    def _say(self, level: str, event: str, fields: dict[str, Any]) -> None:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._said = second, 0
        if self._said >= PER_S:
            self._left_out += 1
            return
        self._said += 1
        if self._left_out:
            fields["left_out"], self._left_out = self._left_out, 0
        getattr(self._log, level)(event, **fields)


def _without_values(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """A library's or our own `exc_info`, without what the errors say."""
    given = line.pop("exc_info", None)
    record = line.get("_record")
    if record is not None:
        record.exc_info = record.exc_text = None
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        line.update(fault(error), trace=trace(error))
    return line


def _named(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Whose event it is; of what it says the first line, before anything was put into it."""
    record = line.get("_record")
    if record is not None:
        line["logger"] = record.name
        line["event"] = str(record.msg).partition("\n")[0]
        line.setdefault("exc_info", record.exc_info)
    return line
