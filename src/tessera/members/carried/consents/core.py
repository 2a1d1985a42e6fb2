"""Consents as another program says them, beside what was said here since. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.members.consents.core import Consents, Line, Saying, State, line

Outcome = Literal["said", "known", "overtaken"] | Refusal
Pair = tuple[UUID, str, str]  # member, purpose, channel


class Agreed(Struct, frozen=True):
    """A line of the other program: yes or no to a purpose on a channel.

    at     when it was said there
    proof  a number of a paper or of a record there
    """

    member_id: UUID
    saying: Saying
    at: datetime
    proof: str

    @property
    def pair(self) -> Pair:
        """Of what it is."""
        return (self.member_id, self.saying.purpose, self.saying.channel)


class Last(Struct, frozen=True):
    """The newest line that is here.

    here  something was said here, by another way than an import
    """

    state: State
    at: datetime
    way: str
    here: bool = False


class Written(Struct, frozen=True):
    """A line to be written down."""

    of: Agreed
    line: Line


def stands(last: Last, said: Agreed) -> bool:
    """Whether what is here holds against what a file says: it is as new, or a yes comes too late.

    A yes never follows what was said here by another way than an import: whoever withdrew here is
    asked here.
    """
    return last.at >= said.at or (last.here and said.saying.given)


def settle(
    said: Sequence[Agreed], last: Mapping[Pair, Last], proved: Mapping[UUID, Collection[str]],
    declared: Consents,
) -> tuple[list[Outcome], list[Written]]:  # fmt: skip
    """(an outcome for each, the lines to write).

    last    what was said last of each pair
    proved  kinds of contacts (email, phone) that a member has proved, or that count as proved
    errors  (as outcomes) consent_unknown, wording_unknown

    What `stands` stays; else consents are carried over in the order of their time.
    """
    now = dict(last)
    outcomes: list[Outcome] = []
    lines: list[Written] = []
    for each in said:
        before = now.get(each.pair)
        if before is not None and stands(before, each):
            same = before.at == each.at and before.way == "import"
            same = same and each.saying.given == (before.state != "withdrawn")
            outcomes.append("known" if same else "overtaken")
            continue
        here = before is not None and before.here
        state = before.state if before is not None else "unsaid"
        found = line(declared, each.saying, state, proved.get(each.member_id, ()), "")
        if isinstance(found, Refusal):
            outcomes.append(found)
            continue
        now[each.pair] = Last(found.state, each.at, "import", here)
        lines.append(Written(each, found))
        outcomes.append("said")
    return outcomes, lines
