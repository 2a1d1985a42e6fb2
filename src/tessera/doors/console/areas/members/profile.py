"""What names a member, what is known of one, what one has chosen."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import at_field, head
from tessera.doors.language.words import LANGUAGES, N_
from tessera.doors.till.choices import ChoiceView
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

REASONS = {
    "lost": N_("Lost"), "stolen": N_("Stolen"), "misused": N_("Misused"), "other": N_("Other"),
}  # fmt: skip
BLOCKED = N_("The card is blocked: no till takes it from now on.")
UNBLOCKED = N_("The card works again.")
REPLACED = N_("The new card is in the place of the old one.")
ADDED = N_("It names this member from now on.")
REMOVED = N_("It names this member no more.")
PROVED = N_("It is proved.")
KEPT = N_("It is written down.")


async def show(visit: Visit) -> Shown:
    """Identifiers, profile, choices. A code that was just sent is asked for (`sent`)."""
    known = await head(visit)
    if not isinstance(known, dict):
        return known
    path = {"member_id": known["member"].member_id}
    choices = await visit.ask("choice.read", path=path) if visit.may("choice.read") else None
    if isinstance(choices, Refusal):
        return choices
    return View("members/profile.html", known | {
        "choices": choices, "reasons": REASONS, "spoken": LANGUAGES, "sent": "",
        "attributes": known["program"].attributes, "typed": _typed,
        "told": lambda value: _told(visit, value), "chosen": _chosen,
        "options": lambda words, plain=False: [
            (value, label if plain else visit.local.gettext(label))
            for value, label in words.items()
        ],
    })  # fmt: skip


def _typed(value: Any) -> str:
    """A value as its field holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _told(visit: Visit, value: Any) -> str:
    """A value as it is read."""
    if isinstance(value, bool):
        return visit.local.gettext("yes") if value else visit.local.gettext("no")
    return "\N{EN DASH}" if value is None else str(value)


def _chosen(choice: ChoiceView) -> str:
    """What was answered, by the names of the options."""
    return ", ".join(choice.options.get(each, each) for each in choice.chosen)


def _me(visit: Visit) -> dict[str, str]:
    return {"member_id": visit.words["member_id"]}


async def block(visit: Visit) -> Shown:
    """A card is lost, stolen, misused."""
    path, body = {"number": visit.form.get("number")}, {"reason": visit.form.get("block_reason")}
    done = await visit.ask("card.block", path=path, body=body)
    return visit.done(at_field(done, "block_"), visit.path, BLOCKED)


async def unblock(visit: Visit) -> Shown:
    """A card was found again."""
    done = await visit.ask("card.unblock", path={"number": visit.form.get("number")})
    return visit.done(done, visit.path, UNBLOCKED)


async def replace(visit: Visit) -> Shown:
    """Another card takes the place of one."""
    body = {"new": "".join(visit.form.get("replace_new").split())}
    done = await visit.ask("card.replace", path={"number": visit.form.get("number")}, body=body)
    return visit.done(at_field(done, "replace_"), visit.path, REPLACED)


async def add(visit: Visit) -> Shown:
    """One more identifier, without proof."""
    kind, value = visit.form.get("add_kind"), visit.form.get("add_value")
    body = {"kind": kind, "value": "".join(value.split()) if kind == "card" else value}
    done = await visit.ask("member.identifier", path=_me(visit), body=body)
    return visit.done(at_field(done, "add_"), visit.path, ADDED)


async def remove(visit: Visit) -> Shown:
    """A phone, an address or an id is taken off: it was mistyped, or is somebody else's now."""
    path = _me(visit) | {"identifier_id": visit.form.get("identifier")}
    body = {"reason": visit.form.get("remove_reason")}
    done = await visit.ask("identifier.remove", path=path, body=body)
    return visit.done(at_field(done, "remove_"), visit.path, REMOVED)


def _contact(visit: Visit) -> dict[str, str]:
    """The phone or address that is to be proved; an address has an @."""
    value = visit.form.get("prove_value")
    return {"kind": "email" if "@" in value else "phone", "value": value}


async def send_code(visit: Visit) -> Shown:
    """A code goes to a phone or address; the page asks for it next."""
    sent = await visit.ask("contact.send", path=_me(visit), body=_contact(visit))
    if isinstance(sent, Refusal):
        return at_field(sent, "prove_")  # type: ignore[no-any-return]
    return await _asking(visit, str(sent.challenge_id))


async def _asking(visit: Visit, challenge: str) -> Shown:
    """The same page, with the field for the code."""
    shown = await show(visit)
    if isinstance(shown, View):
        values: dict[str, Any] = {**shown.values, "sent": challenge}
        return View(shown.template, values, shown.status)
    return shown


async def prove(visit: Visit) -> Shown:
    """The code that came back."""
    challenge = visit.form.get("challenge")
    path = _me(visit) | {"challenge_id": challenge}
    body = _contact(visit) | {"code": visit.form.get("prove_code")}
    done = await visit.ask("contact.prove", path=path, body=body)
    if isinstance(done, Refusal):
        visit.wrong = at_field(done, "prove_")
        return await _asking(visit, challenge)
    return visit.done(done, visit.path, PROVED)


async def change(visit: Visit) -> Shown:
    """Something becomes known; fields left empty stay as they are."""
    body: dict[str, Any] = visit.body(
        given_name="given_name", family_name="family_name", born_on="born_on", language="spoken"
    )  # fmt: skip
    said = _attributes(visit)
    if isinstance(said, Refusal):
        return said
    if said:
        body["attributes"] = said
    if "favourites" in visit.form:
        body["favourites"] = visit.form.get("favourites").replace(",", " ").split()
    done = await visit.ask("member.change", path=_me(visit), body=body)
    return visit.done(done, visit.path, KEPT)


def _attributes(visit: Visit) -> dict[str, Any] | Refusal:
    """What the form says of attributes, as their types want it; emptied ones are forgotten."""
    said: dict[str, Any] = {}
    for name, declared in visit.house.shop().program.attributes.items():
        text = visit.form.get(f"attribute.{name}")
        if f"attribute.{name}" not in visit.form or text == visit.form.get(f"was.{name}"):
            continue
        if text == "":
            said[name] = None
        elif declared.type == "boolean":
            said[name] = text == "yes"
        elif declared.type == "integer":
            try:
                said[name] = int(text)
            except ValueError:
                why = visit.local.gettext("This is no whole number.")
                cure = visit.local.gettext("Type digits only.")
                return Refusal("attribute_invalid", f"attribute.{name}", why, cure)
        else:
            said[name] = text
    return said


async def choose(visit: Visit) -> Shown:
    """A choice is answered for the member; a reason lets it pass the limit on changes."""
    body = {"choice": visit.form.get("choice"), "options": visit.form.all("options"),
            "reason": visit.form.get("choose_reason")}  # fmt: skip
    done = await visit.ask("choice.make", path=_me(visit), body=body)
    return visit.done(at_field(done, "choose_"), visit.path, KEPT)


ACTS = {
    "block": block, "unblock": unblock, "replace": replace, "add": add, "remove": remove,
    "send_code": send_code, "prove": prove, "change": change, "choose": choose,
}  # fmt: skip
