"""Kinds of coupons of a draft: each in plain words, and the form that adds and changes one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.coupons.sentences import plainly
from tessera.doors.console.areas.coupons.sheet import (
    CODES,
    DATES,
    FIELDS,
    HINTS,
    LABELS,
    MOST,
    coupon_of,
)
from tessera.doors.console.areas.rules.bench import Bench
from tessera.doors.console.areas.rules.declaring import (
    Declared,
    Entry,
    Words,
    named_by,
    nothing_moves,
    shown_as,
)
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.doors.till.rewards import RewardList
from tessera.doors.web.visit import Visit
from tessera.rules.core.coupons import Coupon

_NAME = N_("Give it a name, and what it is stands here in plain words.")
_BESIDE = N_("Codes that were handed out still count, beside the word.")
_GONE = N_("The word %(word)s counts no more.")
_KEPT = N_("Codes that were made keep the uses they have.")
_COUNTED = N_("What was used so far counts too.")
_NOBODYS = N_("Codes that were ordered are nobody's own: they count no more.")


async def _more(visit: Visit, bench: Bench, entry: Entry) -> dict[str, Any]:
    """The panels of its form, and what becomes of the coupons that people have."""
    now = visit.house.shop().program.coupons.get(entry.code)
    nothing = visit.local.gettext(_NAME) if not entry.data.get("name") else ""
    return {
        "nothing": nothing,
        "codes": [entry.boxes[name] for name in CODES],
        "dates": [entry.boxes[name] for name in DATES],
        "most": [entry.boxes[name] for name in MOST],
        "outlook": [*_outlook(now, entry.made, visit.local)] if now and entry.made else [],
    }


def _outlook(now: Coupon, would: Coupon, local: Local) -> Iterator[tuple[str, str]]:
    """(warn or info, a sentence) of what a change does to coupons that people have."""
    told = local.gettext
    if now.code and now.code != would.code:
        yield "warn", told(_GONE) % {"word": now.code}
    if would.code and not now.code:
        yield "info", told(_BESIDE)
    if would.personal and not now.personal:
        yield "warn", told(_NOBODYS)
    if not would.code and now.uses != would.uses:
        yield "info", told(_KEPT)
    if would.most is not None and would.most != now.most:
        yield "info", told(_COUNTED)


async def _named(visit: Visit, bench: Bench, code: str) -> list[str]:
    """Rules and prizes of the draft, and rewards that are claimed as a coupon of it."""
    found = named_by(bench, "coupons", code, _names)
    listed = await visit.ask("reward.list") if visit.may("reward.list") else None
    if isinstance(listed, RewardList):
        found += [
            each.code for each in listed.items
            if each.terms.coupon == code and each.state != "ended"
        ]  # fmt: skip
    return list(dict.fromkeys(found))


def _names(data: Mapping[str, Any]) -> object:
    """The kind that a mapping of the text names: a rule's own, a prize's, a draw's."""
    return data.get("item") if data.get("kind") == "coupon" else data.get("coupon")


COUPONS = Declared(
    table="coupons", one="coupon", kind=Coupon, code="COUPON", first=lambda local: {},
    boxes=lambda bench, data: shown_as(data, FIELDS),
    read=lambda bench, sent: coupon_of(sent),
    words=lambda visit, bench: Words(visit.local, LABELS, HINTS, {}, {}),
    tell=plainly, more=_more, named=_named, moved=nothing_moves,
    unknown=Refusal("coupon_unknown", "code", "the program has no such kind of coupons",
                    "look it up in the list of coupons"),
    taken=N_("Another kind of coupons has this code."),
    removed=N_("The kind of coupons is taken out of the draft."),
)  # fmt: skip
