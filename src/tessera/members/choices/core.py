"""What may be chosen, and whether it may be changed now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name
from tessera.members.core import MAX_FAVOURITES

Period = Literal["day", "week", "month", "quarter", "year", "ever"]


class Choice(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A question that members answer in advance.

    options     {code: what people call it}
    most        so many options at once
    changes     so many changes of an answer in each period, `per`
    member      members answer it themselves; else staff do
    favourites  the answer is what `favourite` rules look at: options are articles and categories
    """

    options: Annotated[dict[Code, Name], Meta(min_length=1, max_length=500)]
    name: Name = ""
    most: Annotated[int, Meta(ge=1, le=MAX_FAVOURITES)] = 1
    changes: Annotated[int, Meta(ge=0, le=1000)] = 1
    per: Period = "month"
    member: bool = True
    favourites: bool = False


class Chosen(Struct, frozen=True):
    """A line of the history: an answer, who gave it, and why where staff passed the limit."""

    choice: str
    options: tuple[str, ...]
    at: datetime
    principal_id: UUID
    reason: str = ""


def began(per: Period, on: date) -> date:
    """The first day of the period that `on` lies in."""
    match per:
        case "day":
            return on
        case "week":
            return on - timedelta(days=on.weekday())
        case "month":
            return on.replace(day=1)
        case "quarter":
            return on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return on.replace(month=1, day=1)
        case "ever":
            return date.min


def judge(
    code: str, declared: Choice | None, options: Sequence[str], changed: int, *, free: bool
) -> Refusal | None:
    """Why this cannot be chosen now, or None.

    changed  how often the answer was changed in the period that is running
    free     nothing was answered yet, or staff say why the limit is passed
    errors   choice_unknown, option_unknown, too_many_options, choice_too_soon
    """
    if declared is None:
        return Refusal(
            "choice_unknown", "choice", f"the program offers no choice {code}",
            "declare it in the program's `choices`",
        )  # fmt: skip
    for option in options:
        if option not in declared.options:
            return Refusal(
                "option_unknown", "options", f"{option} is none of the options of {code}",
                f"send one of {', '.join(declared.options)}"[:500],
            )  # fmt: skip
    if len(options) > declared.most:
        return Refusal(
            "too_many_options", "options", f"{len(options)} options, at most {declared.most}",
            f"send {declared.most} or fewer",
        )  # fmt: skip
    if not free and changed >= declared.changes:
        times = f"{declared.changes} times" if declared.changes != 1 else "once"
        period = "at all" if declared.per == "ever" else f"in one {declared.per}"
        return Refusal(
            "choice_too_soon", "choice", f"{code} can be changed {times} {period}",
            "wait until the next one begins" if declared.per != "ever" else "keep the answer",
        )  # fmt: skip
    return None
