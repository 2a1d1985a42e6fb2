"""Consents, one's own data to take away, and erasing oneself."""

from __future__ import annotations

from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import File, Page, See, Shown, View
from tessera.doors.web.visit import Visit

HOLDS = N_("What you said holds from now on.")
ERASED = N_("You are erased: nothing leads from your number to you any more.")


async def show(visit: Visit) -> Shown:
    """Every purpose in its words, with what was said; then the data and the way out."""
    told = await visit.ask("me.consents")
    if isinstance(told, Refusal):
        return told
    asked = await visit.ask("join.terms", query={"language": visit.local.language})
    purposes = [] if isinstance(asked, Refusal) else asked.consents
    now = {(each.purpose, each.channel): each for each in told.now}
    shown = {"purposes": purposes, "now": now, "past": told.history[:30], "fresh": _fresh(visit)}
    return View("privacy/privacy.html", shown)


async def say(visit: Visit) -> Shown:
    """Yes or no, for each channel whose answer changed."""
    told = await visit.ask("me.consents")
    if isinstance(told, Refusal):
        return told
    asked = await visit.ask("join.terms", query={"language": visit.local.language})
    if isinstance(asked, Refusal):
        return asked
    now = {(each.purpose, each.channel): each.state in ("given", "pending") for each in told.now}
    said: list[dict[str, Any]] = []
    for purpose in asked.consents:
        for channel in purpose.channels:
            yes = f"{purpose.purpose}/{channel}" in visit.form
            if yes != now.get((purpose.purpose, channel), False):
                said.append({
                    "purpose": purpose.purpose, "channel": channel, "given": yes,
                    "wording": purpose.wording, "language": visit.local.language,
                })  # fmt: skip
    if not said:
        return See("/m/privacy")
    return visit.done(await visit.ask("me.consent", body={"consents": said}), "/m/privacy", HOLDS)


async def take(visit: Visit) -> Shown:
    """All that is held: as data for a machine, or as a page for a person."""
    form = "page" if visit.form.get("form") == "page" else "data"
    told = await visit.ask("me.export", body={"form": form})
    if isinstance(told, Refusal):
        return told
    if form == "page":
        return File(told.page.encode(), "text/html; charset=utf-8", name="my-data.html")
    return File(msgspec.json.encode(told.held), "application/json", name="my-data.json")


async def last_word(visit: Visit) -> Shown:
    """What erasing means, before it is done."""
    there = await visit.ask("me.home")
    points = 0 if isinstance(there, Refusal) else there.balance.balance
    return View("privacy/erase.html", {"points": points, "fresh": _fresh(visit)})


async def erase(visit: Visit) -> Shown:
    """The end: asked twice, done once."""
    if visit.form.get("sure") != "yes":
        told = visit.local.gettext
        return Refusal("not_sure", "sure", told("Tick the box: it cannot be undone."), "")
    done = await visit.ask("me.erase")
    if isinstance(done, Refusal):
        return done
    visit.sign_out()
    return See("/m/sign-in?out=1", ERASED)


def _fresh(visit: Visit) -> bool:
    assert visit.who is not None, "the page is for members"
    return visit.who.principal.fresh(visit.now)


PAGES = (
    Page(
        name="privacy.privacy", path="/m/privacy", show=show, title=N_("Consents and privacy"),
        purpose=N_("Say what your data may be used for; take it with you, or have it erased."),
        needs=("me.consents",), acts={"say": say, "take": take},
    ),
    Page(
        name="privacy.erase", path="/m/privacy/erase", show=last_word, title=N_("Erase me"),
        purpose=N_("Read what goes and what stays before you leave for ever."),
        needs=("me.erase",), acts={"erase": erase},
    ),
)  # fmt: skip
