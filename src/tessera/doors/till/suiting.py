"""For whom a reward is: its condition read, and asked of one member."""

from __future__ import annotations

import msgspec

from tessera.base.clock import local
from tessera.base.refusal import Refusal
from tessera.checkout.flows import people
from tessera.checkout.levels import flows as levels
from tessera.doors.call import Call
from tessera.members import db as members_db
from tessera.members.core import Member
from tessera.rewards.catalogue import core
from tessera.rewards.catalogue.core import Reward, Terms
from tessera.rules.core.conditions import Condition, walk
from tessera.rules.core.facts import Person
from tessera.rules.core.filling import Filler
from tessera.rules.core.words import Program

KNOWN = frozenset({"tier"})  # conditions whose facts the catalogue looks up
MOST_CONDITION = 8 * 1024


def misfit(call: Call, who: Condition) -> Refusal | None:
    """What it names that the program does not declare."""
    for each in walk(who):
        for _, why, cure in each.misfits(_program(call)):
            return unreadable("terms.who", why, cure)
    return None


def condition_of(call: Call, terms: Terms) -> Condition | Refusal | None:
    """Who may have it, as a condition; None: everybody. Errors: condition_invalid."""
    if terms.who is None:
        return None
    raw = msgspec.json.encode(terms.who)
    if len(raw) > MOST_CONDITION or b"\\u0000" in raw:
        return unreadable("terms.who", "this is too long, or holds what no text may", "shorten it")
    assert call.house is not None, "the door is a house's"
    filler = Filler(call.house.reader.conditions)
    found = filler.tree(terms.who, "terms.who")
    if found is None or filler.faults:
        first = filler.faults[0]
        return unreadable(first.path, first.why, first.cure)
    alien = core.unfit(found, KNOWN)
    if alien:
        why = f"{alien} is not about the member alone"
        return unreadable("terms.who", why, "ask for attributes, consents, dates of the member")
    return found


def unreadable(field: str, why: str, cure: str) -> Refusal:
    """It is no condition that a catalogue can ask. Errors: condition_invalid."""
    return Refusal("condition_invalid", field, why[:500], cure[:500])


class Fits:
    """Whether rewards are for one member."""

    def __init__(self, call: Call, person: Person, known: dict[str, int]) -> None:
        self._call, self._person, self._known = call, person, known
        program = _program(call)
        self._now = local(call.now, program.enrolment.time_zone)

    def __call__(self, reward: Reward) -> bool:
        """What cannot be read any more holds for nobody."""
        who = condition_of(self._call, reward.terms)
        if who is None:
            return True
        if not isinstance(who, Condition):
            return False
        return core.holds(who, self._person, self._known, self._now, _program(self._call))


async def fitting(call: Call, member: Member) -> Fits:
    """Looks at a member once, for many rewards."""
    program = _program(call)
    asked = await members_db.ask_people(call.conn, [member.id])
    profile = (await members_db.people(asked)).get(member.id)
    zone = program.enrolment.time_zone
    today = local(call.now, zone).date()
    known = await levels.known(call.conn, program.tiers, member.account_id, None, today)
    return Fits(call, people.person_of(profile, zone, program.weights), known)


def _program(call: Call) -> Program:
    """What the program says now."""
    assert call.house is not None, "the door is a house's"
    return call.house.shop().program
