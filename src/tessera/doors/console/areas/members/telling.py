"""What happened to a member, as a line of the timeline in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tessera.base.past import Happened
from tessera.doors.language.words import N_
from tessera.doors.web.visit import Visit

_PLAIN: Mapping[str, str] = {
    "transfer": N_("Points transferred"), "gift": N_("Points given as a gift"),
    "exchange": N_("Points exchanged"), "adjustment": N_("Points put right by hand"),
    "referral": N_("Points for a friend who was brought"),
    "prize": N_("Points for a place on a board"),
    "expired": N_("Points expired"), "kept": N_("Expired points came back"),
    "carried": N_("Points carried over"), "household": N_("Entered a household"),
    "left": N_("Left a household"), "merged": N_("Merged with another member"),
    "unmerged": N_("A merge was undone"),
    "claim": N_("Reward taken"), "claim_back": N_("Reward given back"),
}  # fmt: skip
WAYS: Mapping[str, str] = {
    "till": N_("Joined at a till"), "office": N_("Joined through the office"),
    "web": N_("Joined on the web"), "sign_in": N_("Joined by signing in elsewhere"),
    "import": N_("Brought along from another program"),
}  # fmt: skip
SAID_BY: Mapping[str, str] = {
    "member": N_("said by the member"), "till": N_("said at a till"), "staff": N_("noted by staff"),
    "code": N_("proved by a code"), "link": N_("by the link of a message"),
    "merge": N_("by a merge"), "import": N_("brought along"), "web": N_("said on the web"),
    "unmerge": N_("by an undone merge"), "erasure": N_("by an erasure"),
}  # fmt: skip
STATES: Mapping[str, tuple[str, str]] = {
    "given": (N_("agreed"), "good"), "pending": (N_("waits for proof"), "warn"),
    "withdrawn": (N_("withdrawn"), "bad"), "unsaid": (N_("taken back by an undone merge"), "plain"),
}  # fmt: skip
CHANNELS: Mapping[str, str] = {
    "email": N_("e-mail"), "sms": N_("SMS"), "call": N_("phone calls"), "post": N_("post"),
    "push": N_("push messages"), "use": N_("use of data"),
}  # fmt: skip
_IDENTIFIERS: Mapping[str, str] = {
    "card": N_("Card added"), "phone": N_("Phone added"), "email": N_("E-mail added"),
    "external": N_("External id added"),
}  # fmt: skip
# What staff and members did, as the policy calls it, and how it is told.
DONE: Mapping[str, str] = {
    "member.change": N_("Profile changed"), "me.change": N_("Profile changed"),
    "card.block": N_("Card blocked"), "card.unblock": N_("Card works again"),
    "card.replace": N_("Card replaced"), "me.card": N_("Card brought along"),
    "identifier.remove": N_("A contact was taken off"),
    "me.identifier.remove": N_("A contact was taken off"),
    "contact.send": N_("A code was sent"), "me.contact.send": N_("A code was sent"),
    "member.reveal": N_("Personal data was shown"), "member.export": N_("Data was exported"),
    "me.export": N_("Data was exported"), "member.erase": N_("Erased"), "me.erase": N_("Erased"),
    "audit.reveal": N_("A log entry was shown"),
}  # fmt: skip


def line(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    """For `ui.timeline`. `at`: the member's address."""
    say = _TOLD.get(told.kind, _plain)
    found = {
        "when": visit.local.moment(told.at), "at": told.at.isoformat(), "kind": "", "text": "",
        "given": _points(visit, told), "href": "",
    }  # fmt: skip
    return found | say(visit, told, at)


def _points(visit: Visit, told: Happened) -> str:
    """What came or went; in another currency with its code."""
    if not told.points:
        return ""
    number = visit.local.count if told.kind == "extension" else visit.local.signed
    return " ".join(filter(None, (number(told.points), told.currency)))


def _receipt(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    amount = visit.local.money(abs(told.minor), visit.house.currency)
    title = N_("Purchase of %(amount)s") if told.kind == "sale" else N_("Return of %(amount)s")
    where = visit.local.gettext("%(store)s, till %(till)s, receipt %(number)s")
    kind = "bad" if told.kind == "return" else "good" if told.points > 0 else ""
    return {
        "title": visit.local.gettext(title) % {"amount": amount}, "kind": kind,
        "text": where % {"store": told.store, "till": told.till, "number": told.number},
        "href": f"{at}/receipts?only={told.id}" if visit.may("receipt.history") else "",
    }  # fmt: skip


def _event(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    declared = visit.house.shop().program.events.get(told.what)
    name = declared.name if declared is not None and declared.name else told.what
    title = visit.local.gettext("Event: %(type)s") % {"type": name}
    return {"title": title, "text": " · ".join(filter(None, (told.store, told.number)))}


def _plain(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    title = visit.local.gettext(_PLAIN[told.kind]) if told.kind in _PLAIN else told.kind
    return {"title": title, "text": told.reason, "kind": "bad" if told.kind == "expired" else ""}


def _donation(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    transfers = visit.house.shop().program.transfers
    causes = transfers.donate.causes if transfers and transfers.donate else {}
    title = visit.local.gettext("Points donated: %(cause)s")
    return {"title": title % {"cause": causes.get(told.what, told.what)}}


def _extension(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    return {"title": visit.local.gettext("Points live longer"), "text": told.reason}


def _came(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    title = visit.local.gettext(WAYS.get(told.by, told.by))
    return {"title": title, "text": " · ".join(filter(None, (told.store, told.what)))}


def _identifier(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    return {
        "title": visit.local.gettext(_IDENTIFIERS.get(told.what, told.what)),
        "text": visit.local.spaced(told.number) if told.what == "card" else told.number,
    }  # fmt: skip


def consent_called(visit: Visit, purpose: str, channel: str) -> str:
    """A purpose on a channel: "News · e-mail"."""
    declared = visit.house.shop().program.consents.purposes.get(purpose)
    name = declared.name if declared is not None and declared.name else purpose
    return f"{name} · {visit.local.gettext(CHANNELS.get(channel, channel))}"


def _consent(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    purpose, _, channel = told.what.rpartition("/")
    state, kind = STATES.get(told.state, (told.state, ""))
    about = consent_called(visit, purpose, channel)
    title = visit.local.gettext("Consent %(state)s") % {"state": visit.local.gettext(state)}
    said = visit.local.gettext(SAID_BY.get(told.by, told.by))
    return {"title": title, "text": f"{about} · {said}", "kind": kind if kind != "plain" else ""}


def _choice(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    declared = visit.house.shop().program.choices.get(told.what)
    name = declared.name if declared is not None and declared.name else told.what
    options = declared.options if declared is not None else {}
    said = [options.get(each, each) for each in told.state.split(", ")]
    title = visit.local.gettext("Chose for %(choice)s") % {"choice": name}
    return {"title": title, "text": " · ".join(filter(None, (", ".join(said), told.reason)))}


def _done(visit: Visit, told: Happened, at: str) -> dict[str, Any]:
    title = visit.local.gettext(DONE.get(told.what, told.what))
    by = visit.local.gettext("the member") if told.by == "member" else told.by
    kind = {"card.block": "bad", "card.unblock": "good"}.get(told.what, "")
    return {"title": title, "text": " · ".join(filter(None, (by, told.reason))), "kind": kind}


_Tell = Callable[[Visit, Happened, str], dict[str, Any]]
_TOLD: Mapping[str, _Tell] = {
    "sale": _receipt, "return": _receipt, "event": _event, "donation": _donation,
    "extension": _extension, "came": _came, "identifier": _identifier, "consent": _consent,
    "choice": _choice, "done": _done,
}  # fmt: skip
