"""What programs ask of persons, answered as numbers: the persons themselves are not kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tessera.base.clock import local
from tessera.base.wire import Rows
from tessera.checkout import db
from tessera.checkout.core.case import Case
from tessera.checkout.core.event import local_at
from tessera.checkout.core.words import Event
from tessera.checkout.flows.items import Batch, Item
from tessera.members import db as members_db
from tessera.members.core import Profile
from tessera.members.joining.core import known_of, share_known
from tessera.rules.core.facts import Person, Trait
from tessera.rules.core.words import Program
from tessera.warehouse.core import Receipt


async def ask_people(conn: db.Conn, batch: Batch) -> Rows | None:
    """Ask for the persons that a program of this batch asks about, in one statement."""
    asking = {
        item.case.owner.member_id
        for item in batch.open()
        if item.case is not None and item.case.owner is not None and _told(item) is not None
        and item.case.program.plan.traits
    }  # fmt: skip
    return await members_db.ask_people(conn, sorted(asking)) if asking else None


async def know_people(batch: Batch, asked: Rows | None) -> None:
    """Put what was found among the known facts, as numbers under keys that tell nothing."""
    if asked is None:
        return
    people = await members_db.people(asked)
    for item in batch.open():
        told = _told(item)
        if item.case is None or item.case.owner is None or told is None:
            continue
        know(item.case, told, people.get(item.case.owner.member_id))


def know(case: Case, told: Receipt | Event, profile: Profile | None) -> None:
    """The traits that the case's program needs, as of the purchase's local day."""
    traits = case.program.plan.traits
    if not traits:
        return
    at = local_at(case, told) if isinstance(told, Event) else local(
        told.happened_at, case.store.time_zone
    )  # fmt: skip
    person = person_of(profile, case.store.time_zone, case.program.weights)
    case.known = {**case.known, **_values(traits, person, at.date())}


def traits_of(
    program: Program, profile: Profile | None, time_zone: str, on: date
) -> dict[str, int]:  # fmt: skip
    """{key of a trait: its value} of a member, as of a day."""
    return _values(program.plan.traits, person_of(profile, time_zone, program.weights), on)


def _told(item: Item) -> Receipt | Event | None:
    ask = item.job.ask
    return ask if isinstance(ask, Event) else item.receipt


def person_of(
    profile: Profile | None, time_zone: str, weights: Mapping[str, int]
) -> Person:  # fmt: skip
    """The member as conditions see them. Of the shadow of a card nothing is known."""
    if profile is None or profile.registered_at is None:
        return Person()
    return Person(
        True, local(profile.registered_at, time_zone).date(), profile.born_on, profile.given_name,
        profile.language, profile.attributes, profile.chosen, profile.agreed,
        share_known(weights, known_of(profile))[0] if weights else None,
    )  # fmt: skip


def _values(traits: tuple[Trait, ...], person: Person, on: date) -> dict[str, int]:
    found = {}
    for need in traits:
        value = need.of.trait(person, on)
        if value is not None:
            found[need.key] = value
    return found
