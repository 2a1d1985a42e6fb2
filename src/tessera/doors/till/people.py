"""What operations on people ask: what may be said of them, by the program, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name
from tessera.doors.call import Call
from tessera.members import core
from tessera.members.consents.core import By, Saying
from tessera.members.joining.core import Terms

# A name is what people are called, not a template or a tag.
PersonName = Annotated[
    str,
    Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f<>{}\u202a-\u202e\u2066-\u2069]*\Z"),
]
# What the program declares decides; here only its size.
AttributeValue = bool | Annotated[int, Meta(ge=-(10**15), le=10**15)] | Name
Favourites = Annotated[tuple[Code, ...], Meta(max_length=core.MAX_FAVOURITES)]


# The number of a paper, of a call: nobody's name.
Reference = Annotated[str, Meta(max_length=64, pattern=r"^[!-~]*\Z")]


def terms_of(call: Call) -> Terms:
    """How people join by the program of now; without a house, in no particular way."""
    return Terms() if call.house is None else call.house.shop().program.terms


def country_of(call: Call) -> str:
    """Whose phones need no country code."""
    return terms_of(call).enrolment.country


def said_by(call: Call, proof: str = "") -> By:
    """How this call says yes or no: who, when, and by which paper or else by which call."""
    by = call.principal
    way: Literal["member", "till", "staff"] = "staff" if by.stores is None else "till"
    if by.kind == "member":
        way = "member"
    return By(way, call.now, by.id, proof or str(call.outcome_id or ""))


def paper_fault(call: Call, sayings: Iterable[Saying], proof: str) -> Refusal | None:
    """Whoever says yes for somebody else names what proves it. Errors: proof_missing."""
    if call.principal.kind == "member" or proof or not any(each.given for each in sayings):
        return None
    return Refusal(
        "proof_missing", "proof", "a yes in somebody's name needs something that proves it",
        "send the number of the paper that was signed",
    )  # fmt: skip


def favourites_fault(call: Call, chosen: Sequence[str] | None) -> Refusal | None:
    """Where a choice of the program is the favourites, they are answered there."""
    if not chosen or call.house is None:
        return None
    choices = call.house.shop().program.choices
    code = next((code for code, each in choices.items() if each.favourites), None)
    if code is None:
        return None
    return Refusal(
        "favourites_chosen", "favourites", f"favourites are what members answer to {code}",
        f"send it to the member's choices: {code}",
    )  # fmt: skip


def attributes_fault(call: Call, said: Mapping[str, core.Value | None]) -> Refusal | None:
    """The first that the program does not declare, or not so, or that others may set.

    To forget one is always fine for staff.
    """
    fault = _not_to_set(call, said)
    if fault is not None:
        return fault
    known = {name: value for name, value in said.items() if value is not None}
    if not known:
        return None
    assert call.house is not None
    declared = call.house.shop().program.attributes
    for name, value in known.items():
        attribute = declared.get(name)
        if attribute is None:
            return Refusal(
                "attribute_unknown", f"attributes.{name}",
                f"the program declares no attribute {name}",
                "declare it in the program's `attributes`, or leave it out",
            )  # fmt: skip
        masked = isinstance(value, str) and core.MASK in value
        why = "this is how it is shown, not what it is" if masked else attribute.fault(value)
        if why:
            return Refusal(
                "attribute_invalid", f"attributes.{name}", why[:500],
                "send what the program declares under this name",
            )  # fmt: skip
    return None


def _not_to_set(call: Call, said: Mapping[str, core.Value | None]) -> Refusal | None:
    """Errors: attribute_not_yours. What is hidden from a member is not even there."""
    declared = {} if call.house is None else call.house.shop().program.attributes
    mine = call.principal.kind == "member"
    for name in said:
        attribute = declared.get(name)
        if attribute is None:
            continue
        if (attribute.member == "sees") if mine else (attribute.staff == "sees"):
            who = "staff" if mine else "the member"
            return Refusal(
                "attribute_not_yours", f"attributes.{name}", f"only {who} may say this",
                "leave it out",
            )  # fmt: skip
    return None


def no_member(call: Call) -> Refusal:
    """Nobody has this id."""
    why = f"there is no member {call.path['member_id'][:40]}"
    return Refusal("member_unknown", "member_id", why, "look the member up")
