"""Words for files and for what is wrong in them: the same in the list, the check and the row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.findings import Findings
from tessera.doors.language.local import Local
from tessera.doors.language.refusals import refused
from tessera.doors.language.words import N_
from tessera.doors.till.tasks import TaskView

KINDS: Mapping[str, tuple[str, str]] = {
    "receipts": (N_("Receipts"), N_("what was sold and brought back; points come as at a till")),
    "members": (N_("Members"), N_("who they are, their cards, phones and addresses")),
    "balances": (N_("Points"), N_("what members had elsewhere, with its dates")),
    "consents": (N_("Consents"), N_("what members had agreed to, and when")),
    "duplicates": (N_("Search for duplicates"), N_("members who may be one person")),
}
STATES: Mapping[str, tuple[str, str]] = {
    "receiving": (N_("coming in"), "warn"), "queued": (N_("waiting"), "plain"),
    "running": (N_("at work"), "soft"), "ready": (N_("checked, you decide"), "warn"),
    "done": (N_("done"), "good"), "failed": (N_("failed"), "bad"),
    "cancelled": (N_("stopped"), "plain"),
}  # fmt: skip
PHASES: Mapping[str, str] = {
    "looking through": N_("Looking through the file"), "checking": N_("Checking each row"),
    "rehearsing": N_("Checking each row"), "receipts": N_("Posting receipts"),
    "returns": N_("Posting returns"), "reading": N_("Reading members"),
}  # fmt: skip
HEADS: Mapping[str, str] = {
    "number": N_("Number"), "time": N_("Time"), "store": N_("Store"), "till": N_("Till"),
    "member": N_("Member"), "lines": N_("Lines"), "total": N_("Total"), "name": N_("Name"),
    "born_on": N_("Born"), "joined_on": N_("Joined"), "names": N_("Cards, phones, addresses"),
    "points": N_("Points"), "earned_on": N_("Earned"), "expires_on": N_("Last day"),
    "purpose": N_("Purpose"), "channel": N_("Channel"), "said": N_("Said"),
}  # fmt: skip
OUTCOMES: Mapping[str, str] = {
    "sales": N_("sales"), "returns": N_("returns"), "known": N_("known before"),
    "repeated": N_("rows said twice"), "new": N_("new members"),
    "extended": N_("members with something new"), "carried": N_("carried over"),
    "said": N_("written down"), "overtaken": N_("overtaken by what was said later"),
    "empty": N_("rows that say nothing"), "loaded_before": N_("this file was loaded before"),
    "people": N_("people compared"), "pairs": N_("pairs that wait for a verdict"),
    "groups": N_("groups"), "dropped": N_("old pairs dropped"),
}  # fmt: skip
CODES: Mapping[str, str] = {
    "negative_quantity": N_("A sale of less than nothing"),
    "zero_quantity": N_("A sale of nothing"),
    "positive_quantity": N_("A return with more than nothing"),
    "not_a_quantity": N_("No quantity that can be read"),
    "not_an_amount": N_("No amount that can be read"),
    "not_a_time": N_("No time that can be read"),
    "negative_price": N_("A price below zero"),
    "price_too_large": N_("The price is too large"),
    "quantity_too_large": N_("The quantity is too large"),
    "total_too_large": N_("The receipt's total is too large"),
    "too_many_lines": N_("Too many lines for one receipt"),
    "value_missing": N_("Something is empty that must not be"),
    "word_unfit": N_("A word that is too long, or cannot be read"),
    "rows_disagree": N_("Rows of one receipt say different things"),
    "no_earlier_sale": N_("This was not sold to this member before"),
    "more_than_sold": N_("More comes back than was sold"),
    "posted_in_part": N_("A part of it was posted already"),
    "card_unknown": N_("Nobody issued this card"),
    "card_blocked": N_("The card is blocked"),
    "key_reused": N_("Another receipt has this number"),
    "receipt_known": N_("This receipt is here already"),
    "identifier_taken": N_("Another member has this card, phone or address"),
    "merge_needed": N_("Two members here are one in the file: merge them first"),
    "household_needed": N_("Another member of the file has this account"),
    "member_erased": N_("Somebody in it was erased"),
    "member_differs": N_("The member is here with other data"),
    "member_unknown": N_("No member has this number: import the members first"),
    "lot_differs": N_("These points are here with another story"),
    "expired_already": N_("These points would have expired before"),
    "days_disagree": N_("It ends before it begins"),
    "day_impossible": N_("A day that cannot be"),
    "not_a_day": N_("No day that can be read"),
    "born_on_impossible": N_("Nobody alive was born then"),
    "not_points": N_("No points that can be read"),
    "not_whole_points": N_("A fraction of a point"),
    "points_too_many": N_("Too many points"),
    "currency_unknown": N_("The program has no such currency"),
    "attribute_unfit": N_("The program's attribute does not take this"),
    "consent_unknown": N_("The program has no such purpose or channel"),
    "consent_unfit": N_("This is no consent that can be read"),
    "wording_unknown": N_("The program has no such wording"),
    "state_unknown": N_("Neither a yes nor a no"),
    "identifier_invalid": N_("This names nobody"),
    "phone_invalid": N_("No phone number that can be read"),
    "email_invalid": N_("No e-mail address that can be read"),
}  # fmt: skip


_AT = re.compile(r"^row [0-9]+: ")  # the row stands beside it


def phase(local: Local, said: str) -> str:
    """What is being done, in the reader's words."""
    word = PHASES.get(said) or PHASES.get(said.partition(" ")[0])
    if said.startswith("checking ") and "/" in said:
        word = N_("Holding every row against what is here")
    return local.gettext(word or N_("Loading")) if said else ""


def reason(local: Local, code: str, why: str = "") -> str:
    """Why a row cannot be taken: by its code, and in English what is known beyond that."""
    word = CODES.get(code)
    why = _AT.sub("", why)
    if word is None:
        return why or code
    told = local.gettext(word)
    return f"{told}: {why}" if why and local.language == "en" else told


def faulted(local: Local, task: TaskView) -> Refusal:
    """Why a task could not go on, in the reader's words."""
    fault = task.fault
    assert fault is not None, "asked only where there is one"
    return refused(Refusal(fault.code, fault.field, fault.why, fault.cure), local.language)


def left(local: Local, seconds: int | None) -> str:
    """How long it still takes; "" while nobody knows."""
    if seconds is None:
        return ""
    if seconds < 90:
        return local.ngettext("%(num)s second left", "%(num)s seconds left", seconds) % {
            "num": local.count(seconds)
        }  # fmt: skip
    minutes = -(-seconds // 60)
    return local.ngettext("%(num)s minute left", "%(num)s minutes left", minutes) % {
        "num": local.count(minutes)
    }  # fmt: skip


def far(local: Local, task: TaskView) -> dict[str, Any]:
    """How far a task is, for `ui.progress`."""
    count, told = local.count, []
    if task.total is not None:
        told.append(local.gettext("%(done)s of %(total)s") % {
            "done": count(task.done), "total": count(task.total)})  # fmt: skip
    elif task.done:
        told.append(count(task.done))
    if task.per_second:
        told.append(local.gettext("%(rate)s a second") % {"rate": count(task.per_second)})
    told.append(left(local, task.seconds_left))
    return {
        "value": min(task.done, task.total or 0) if task.total else 0,
        "max": task.total or None, "label": phase(local, task.phase),
        "told": " · ".join(part for part in told if part),
    }  # fmt: skip


def outcomes(local: Local, found: Findings | None) -> list[tuple[str, str]]:
    """What became of the good rows: (word, how many)."""
    if found is None:
        return []
    return [
        (local.gettext(OUTCOMES.get(name, name)), local.count(number))
        for name, number in found.outcomes.items() if number and name != "loaded_before"
    ]  # fmt: skip


def size(local: Local, size_: int) -> str:
    """Bytes for people."""
    for unit, scale in (("MB", 1024 * 1024), ("KB", 1024)):
        if size_ >= scale:
            return f"{local.count(size_ // scale)}\N{NO-BREAK SPACE}{unit}"
    return f"{local.count(size_)}\N{NO-BREAK SPACE}B"
