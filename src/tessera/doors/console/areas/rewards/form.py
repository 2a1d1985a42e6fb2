"""The form of a reward: what is typed becomes terms, and terms what is shown again."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.language.words import LANGUAGES, N_
from tessera.doors.web.amounts import minor_in
from tessera.doors.web.visit import Visit
from tessera.rewards.catalogue.core import Terms

KINDS = {
    "goods": N_("Goods"), "code": N_("Code of another company"), "donation": N_("Donation"),
    "privilege": N_("Privilege"), "coupon": N_("Coupon of our own"),
}  # fmt: skip
FUNDING = {
    "marketing": N_("marketing"), "margin": N_("the margin"), "partner": N_("a partner"),
    "supplier": N_("a supplier"),
}  # fmt: skip
PERIODS = {
    "ever": N_("ever"), "day": N_("a day"), "week": N_("a week"), "month": N_("a month"),
    "year": N_("a year"),
}  # fmt: skip
PRIVILEGES = {
    "early_access": N_("Early access"), "personal_manager": N_("Personal manager"),
    "upgrade": N_("Upgrade"), "extra_help": N_("Extra help"), "other": N_("Another one"),
}  # fmt: skip
_NUMBERS = ("points", "most", "days", "pay_days")
_MONEY = ("money_minor", "cost_minor")
_WORDS = ("kind", "currency", "funding", "partner", "per", "pool", "coupon", "cause", "privilege")


def typed(visit: Visit) -> dict[str, str]:
    """What was typed, to be shown again."""
    return {name: values[0] for name, values in visit.form.fields.items() if values}


def filled(terms: Terms, visit: Visit) -> dict[str, str]:
    """Terms as the form shows them."""
    told: dict[str, Any] = msgspec.to_builtins(terms)
    found = {name: str(told[name]) for name in (*_NUMBERS, *_WORDS) if told.get(name) is not None}
    for name in _MONEY:
        minor = getattr(terms, name)
        found[name] = f"{minor // 100}.{minor % 100:02}" if minor else ""
    for language in LANGUAGES:
        found[f"name_{language}"] = told["names"].get(language, "")
        found[f"words_{language}"] = told.get("words", {}).get(language, "")
    zone = visit.local.zone
    for name, back in (("starts", timedelta(0)), ("ends", timedelta(days=1))):
        at = getattr(terms, name)
        found[name] = (at.astimezone(zone) - back).date().isoformat() if at else ""
    found["who"] = msgspec.json.encode(terms.who).decode() if terms.who else ""
    return found | ({"sent": "1"} if terms.sent else {})


def terms_of(visit: Visit, kind: str = "") -> dict[str, Any] | Refusal:
    """Terms as the API takes them. `kind`: where it is settled already."""
    form = visit.form
    found: dict[str, Any] = {name: form.get(name) for name in _WORDS if form.get(name)}
    found |= {"kind": kind or form.get("kind"), "sent": "sent" in form}
    for name in _NUMBERS:
        number = _number(visit, name)
        if isinstance(number, Refusal):
            return number
        found |= {} if number is None else {name: number}
    for name in _MONEY:
        minor = _minor(visit, name)
        if isinstance(minor, Refusal):
            return minor
        found |= {} if minor is None else {name: minor}
    found["names"] = _told(visit, "name")
    found["words"] = _told(visit, "words")
    return _dates(visit, found) or _who(visit, found) or _fitting(found)


def _fitting(found: dict[str, Any]) -> dict[str, Any]:
    """Without what another kind of reward would have."""
    for name, kind in (
        ("pool", "code"), ("coupon", "coupon"), ("privilege", "privilege"), ("cause", "donation"),
    ):  # fmt: skip
        if found["kind"] != kind:
            found.pop(name, None)
    return found


def _told(visit: Visit, what: str) -> dict[str, str]:
    said = {language: visit.form.get(f"{what}_{language}") for language in LANGUAGES}
    return {language: text.replace("\r\n", "\n") for language, text in said.items() if text}


def _number(visit: Visit, field: str) -> int | Refusal | None:
    text = "".join(visit.form.get(field).split()).replace("\u2019", "")
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 12:
        return int(text)
    return number_fault(visit, field)


def number_fault(visit: Visit, field: str) -> Refusal:
    """It is no number."""
    _ = visit.local.gettext
    return Refusal("number_invalid", field, _("This is no whole number."),
                   _("Type digits only, or leave it empty."))  # fmt: skip


def _minor(visit: Visit, field: str) -> int | Refusal | None:
    return minor_in(visit, field) if visit.form.get(field) else None


def _dates(visit: Visit, found: dict[str, Any]) -> Refusal | None:
    for name, more in (("starts", 0), ("ends", 1)):
        text = visit.form.get(name)
        if not text:
            continue
        try:
            day = date.fromisoformat(text) + timedelta(days=more)
        except (ValueError, OverflowError):
            _ = visit.local.gettext
            return Refusal("date_invalid", name, _("This is no day."),
                           _("Pick it from the calendar."))  # fmt: skip
        found[name] = datetime.combine(day, time(), visit.local.zone).isoformat()
    return None


def _who(visit: Visit, found: dict[str, Any]) -> Refusal | None:
    text = visit.form.get("who")
    if not text:
        return None
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        _ = visit.local.gettext
        return Refusal("condition_invalid", "who", _("This is no condition."),
                       _("Write it as in the example."))  # fmt: skip
    found["who"] = said
    return None
