"""What the program's commands print."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tessera.doors.cli.program.sources import Directory
from tessera.program.core.difference import NOTHING
from tessera.program.core.rehearsal import Tried
from tessera.program.core.seen import Caution
from tessera.program.core.text import in_lines
from tessera.program.core.timeline import Start, Version, states


def mistakes(found: Directory) -> Iterator[str]:
    """Everything that keeps a directory from being published."""
    yield from in_lines(found.read.mistakes)
    yield from failures(found.tried)


def failures(tried: Sequence[Tried]) -> Iterator[str]:
    """Tests that printed something else: `-` was expected, `+` was printed."""
    for each in tried:
        if not each.passed:
            yield f"{each.file}:{each.line}  this receipt comes out otherwise"
            for line in difflib.ndiff(each.expected.splitlines(), each.told.splitlines()):
                if not line.startswith("?"):
                    yield f"    {line}"


def summary(found: Directory) -> str:
    """One line about a directory."""
    wrong = len(found.read.mistakes)
    failed = sum(not each.passed for each in found.tried)
    if wrong:
        return f"{_count(wrong, 'mistake')}: nothing can be published"
    if failed:
        return f"{failed} of {_count(len(found.tried), 'test')} failed"
    rules = _count(len(found.edition.program.rules), "rule")
    return f"{found.edition.program.name}: {rules}, {_count(len(found.tried), 'test')}, no mistakes"


def warned(found: Directory, warnings: Sequence[Caution]) -> Iterator[str]:
    """Warnings, each at its rule."""
    for each in warnings:
        file, line = found.read.rule_at(each.rule)
        rule = f"{each.rule}: " if each.rule else ""
        yield f"{file}:{line}  warning {each.code}: {rule}{each.why}"
        yield f"    {each.cure}"


def changed(sentences: Sequence[str]) -> Iterator[str]:
    """A difference; one line too where there is none."""
    yield from sentences or [NOTHING]


def overtakes(found: Sequence[Start]) -> Iterator[str]:
    """What was announced and would never come."""
    for each in found:
        yield f"version {each.version}, announced for {moment(each.starts_at)}, will never decide"


def listed(versions: Sequence[Version], starts: Sequence[Start], now: datetime) -> Iterator[str]:
    """The versions, newest first."""
    found = states(starts, now)
    for each in versions:
        note = f"  {each.note}" if each.note else ""
        yield (
            f"{each.version:>4}  {found[each.version]:<9}  from {moment(each.starts_at):<20}  "
            f"published {moment(each.published_at)}  {_count(each.rules, 'rule')}  "
            f"{each.name}{note}"
        )


def decides(starts_at: datetime | None, *, at_once: bool) -> str:
    """What a version decides that begins then; at_once: now."""
    if starts_at is None:
        return "whatever arrives from now on, late receipts of any age too"
    return f"what happens from {'now' if at_once else moment(starts_at)} on"


def moment(at: datetime | None) -> str:
    """A moment in UTC; None is the beginning."""
    return "the beginning" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
