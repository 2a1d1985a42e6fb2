"""What runs by itself, in words: what it is and what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from babel.dates import format_timedelta

from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.doors.till.tasks import TaskView, TurnView

TURNS: Mapping[str, str] = {
    "runs": N_("Points become active, and expire on their last day"),
    "keeping": N_("What is older than the program keeps is forgotten"),
    "erasures": N_("Who was erased is listed beside the database"),
    "seals": N_("The books are sealed"),
    "sweep": N_("Holds that are over are released"),
    "postings": N_("What joining promised is posted"),
    "referrals": N_("Who brought a friend gets the points for it"),
    "claims": N_("Rewards whose time is over are given back"),
    "budgets": N_("What is used up is noticed"),
    "returns": N_("Returns that wait long for their sale are noticed"),
    "boards": N_("Boards are counted and closed"),
    "approvals": N_("Approvals that nobody decided come to an end"),
    "sending": N_("Codes are sent"),
    "sign_in": N_("Old codes and sign-ins are forgotten"),
    "days": N_("The database is made ready for the next days"),
    "refused": N_("Who was refused is written down"),
    "counting": N_("Sums of the day are kept"),
    "coupons": N_("Codes of coupons that were ordered are made"),
    "incidents": N_("Incidents are written down"),
    "overload": N_("Too many calls are noticed"),
    "schema": N_("A newer database is noticed"),
    "refresh": N_("Program, stores and cards are read anew"),
    "tasks": N_("The worker of long jobs is started when it is needed"),
    "uploads": N_("Files that were imported are taken away"),
    "turns": N_("This list is written down"),
}
LATE_S = 60  # beyond the usual pause, before a turn is called late


def called(local: Local, turn: TurnView) -> str:
    """What a turn is for; one without words keeps its name."""
    return local.gettext(TURNS[turn.name]) if turn.name in TURNS else turn.name


def order(turn: TurnView) -> tuple[bool, int]:
    """What fails first, then what people ask about most."""
    names = list(TURNS)
    return (not turn.fault, names.index(turn.name) if turn.name in TURNS else len(names))


def span(local: Local, seconds: int) -> str:
    """A length of time: "15 seconds", "1 hour"."""
    return format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=local.language)


def took(local: Local, milliseconds: int) -> str:
    """How long something took."""
    if milliseconds < 1000:
        return f"{local.count(milliseconds)}\N{NO-BREAK SPACE}ms"
    return span(local, milliseconds // 1000)


def lasted(local: Local, task: TaskView) -> str:
    """How long a task took that is over, from its first part on; "" for one that is not."""
    if task.finished_at is None or task.started_at is None:
        return ""
    return took(local, round((task.finished_at - task.started_at).total_seconds() * 1000))


def due(local: Local, turn: TurnView, now: datetime) -> str:
    """When it runs next, in words; "" if it is late: then nobody serves, or it hangs."""
    next_at = turn.began_at + timedelta(seconds=turn.every_s, milliseconds=turn.took_ms)
    if next_at < now - timedelta(seconds=LATE_S + turn.every_s):
        return ""
    if next_at <= now + timedelta(seconds=2):
        return local.gettext("now")
    return format_timedelta(
        next_at - now, add_direction=True, threshold=1.5, locale=local.language
    )  # fmt: skip
