"""How people join: at a counter, or by themselves with a code; and what is owed for it.

`apply`, `finish`, `send_code` and `prove_contact` send or try a code: commit also what they refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from tessera.access.codes import flows as codes
from tessera.access.codes.core import Asks, Challenge, Notice, Proved, not_proved
from tessera.access.codes.flows import begin as send
from tessera.access.core import block_of, network_of
from tessera.base import installation
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.members import db as members_db
from tessera.members import flows as members
from tessera.members.consents import core as consents_core
from tessera.members.consents import flows as consents
from tessera.members.consents.core import By, Saying
from tessera.members.core import Change, Member, NewMember, Registered, born_fault
from tessera.members.joining import core, db
from tessera.members.joining.core import Admitted, Application, Origin, Person, Terms
from tessera.warehouse.core import Identifier

JOIN, CONTACT = "join", "contact"  # what a code is for
_SEALED = "application"
_applications = msgspec.json.Decoder(Application)


async def join(
    conn: db.Conn, new: NewMember, origin: Origin, terms: Terms, now: datetime,
    ids: tuple[UUID, UUID],
) -> Registered | Refusal:  # fmt: skip
    """A person becomes a member, and it is written down how; what it is worth is owed.

    ids     of a member and an account, used for one who is new; a shadow keeps its own
    errors  born_on_missing, too_young, and those of `members.flows.register`
    """
    needed = origin.way in ("web", "sign_in")
    refusal = core.age_fault(terms.enrolment, new.born_on, origin.on, needed=needed)
    if refusal is not None:
        return refusal
    done = await members.register(conn, new, now, *ids)
    if isinstance(done, Refusal):
        return done
    await db.arrived(conn, done.member_id, origin, now)
    welcome = terms.posting("joined", done.member_id, origin.source, now)
    if welcome is not None:
        await db.owe(conn, welcome)
    await note_completion(conn, done.member_id, terms, now)
    return done


async def note_completion(conn: db.Conn, member_id: UUID, terms: Terms, now: datetime) -> None:
    """A profile that has become complete is owed its event, once for ever."""
    posting = terms.posting("profile_completed", member_id, "", now)
    if posting is None or not terms.weights:
        return
    member = await members_db.read_member(conn, member_id)
    if member is None or member.registered_at is None:
        return
    percent, _ = core.share_known(terms.weights, core.known_of(member))
    if percent == 100:
        await db.owe(conn, posting)


async def change(
    conn: db.Conn, member_id: UUID, person: Person, known: Change, terms: Terms, now: datetime
) -> Member | Refusal:
    """Something of a member is put right or becomes known; a profile may become complete by it.

    shape   the member as it was before
    errors  member_unknown, member_not_registered, too_young, born_on_impossible
    """
    refusal = born_fault(person.born_on, now.date())
    refusal = refusal or core.age_fault(
        terms.enrolment, person.born_on, terms.day(now), needed=False
    )
    if refusal is not None:
        return refusal
    was = await members.change_member(conn, member_id, known)
    if isinstance(was, Refusal):
        return was
    fields = {name: getattr(person, name) for name in Person.__struct_fields__}
    said = any(value is not None for value in fields.values())
    if said and not await db.set_person(conn, was.id, fields):
        return members.not_registered("given_name")
    await note_completion(conn, was.id, terms, now)
    return was


# By themselves -----------------------------------------------------------------------------------


async def apply(
    conn: db.Conn, said: Application, terms: Terms, now: datetime, address: str
) -> Challenge | Refusal:
    """Somebody wants to join: the code goes out. The same is done whether we know them or not.

    errors  born_on_missing, too_young, born_on_impossible, consent_unknown, wording_unknown,
            source_unknown, too_many_codes
    """
    refusal = application_fault(said, terms, now)
    if refusal is not None:
        return refusal
    to, language = said.contact, said.new.language
    assert to.kind in ("email", "phone"), "the door asks for one of them"
    challenge = await send(
        conn, JOIN, to.kind, to.value, None, now, language=language, address=address
    )
    if isinstance(challenge, Refusal):
        return challenge
    sealed = installation.here().seal(_SEALED, msgspec.json.encode(said))
    await db.apply(conn, challenge.id, sealed, challenge.expires_at)
    return challenge


def application_fault(said: Application, terms: Terms, now: datetime) -> Refusal | None:
    """What is wrong with an application, whoever sends it: nothing is looked up."""
    born = said.new.born_on
    refusal = born_fault(born, now.date())
    refusal = refusal or core.age_fault(terms.enrolment, born, terms.day(now), needed=True)
    if refusal is not None:
        return refusal
    came = core.origin(terms.enrolment, "web", said.source, terms.day(now))
    if isinstance(came, Refusal):
        return came
    return sayings_fault(said.consents, terms)


def sayings_fault(sayings: tuple[Saying, ...], terms: Terms) -> Refusal | None:
    """The first that the program does not ask for. Errors: consent_unknown, wording_unknown."""
    for i, saying in enumerate(sayings):
        line = consents_core.line(terms.consents, saying, "unsaid", (), "en")
        if isinstance(line, Refusal):
            return Refusal(line.code, f"consents[{i}].{line.field}", line.why, line.cure)
    return None


async def finish(
    conn: db.Conn, challenge_id: UUID, code: str, terms: Terms, now: datetime, address: str = ""
) -> Admitted | Refusal:
    """The code came back: a new member joins, or one we know is let in.

    errors  code_wrong; and of a joining what `join` refuses: the code is used up then
    """
    proved = await codes.prove(conn, challenge_id, code, now, address)
    if isinstance(proved, Refusal):
        return proved
    sealed = await db.take(conn, challenge_id)
    plain = None if sealed is None else installation.here().unseal(_SEALED, sealed)
    if proved.purpose != JOIN or plain is None:
        return not_proved()
    said = _applications.decode(plain)
    assert _is_of(proved, said.contact), "the code went to this contact"
    return await admit(conn, said, terms, "web", now, str(challenge_id))


async def admit(
    conn: db.Conn, said: Application, terms: Terms, way: Literal["web", "sign_in"], now: datetime,
    proof: str,
) -> Admitted | Refusal:  # fmt: skip
    """Somebody has proved a contact, by our code or at another's: they join, or are known.

    proof   the challenge's id, or what the other calls the person
    errors  joining_closed, and what `join` refuses

    Whose campaign is over by now, or never was, joins without one.
    """
    known = await _known(conn, said.contact, now)
    if known is not None:
        return known
    if not terms.enrolment.open:
        return closed()
    source = said.source if said.source in terms.enrolment.sources else ""
    came = core.origin(terms.enrolment, way, source, terms.day(now))
    assert not isinstance(came, Refusal), "the program has it"
    done = await join(conn, said.new, came, terms, now, (new_id(), new_id()))
    if isinstance(done, Refusal):
        # Of two who prove one contact at a time the second is known by now.
        return await _known(conn, said.contact, now) or done
    await db.verify(conn, done.member_id, said.contact, now)
    by = By("web", now, proof=proof)
    # Refused only where the program has changed meanwhile: then nothing is agreed.
    await consents.say(conn, done.member_id, said.consents, by, terms.consents)
    card = await _give_unused(conn, said.unused, done.member_id, now)
    return Admitted(
        done.member_id, done.account_id, said.contact, True, done.shadow, card, said.referral
    )


async def _give_unused(conn: db.Conn, number: str, member_id: UUID, now: datetime) -> bool:
    """A card that had no history when they asked, if it has none now: whether it is theirs."""
    if not number:
        return False
    # Of a card that has an account of its own by now it is refused, under the row that says so.
    owner = await members.add_identifier(conn, member_id, Identifier("card", number), now)
    if isinstance(owner, Refusal):
        return False
    await take_unused(conn, member_id, now)
    return True


def closed() -> Refusal:
    """The program lets nobody join by himself."""
    return Refusal("joining_closed", "", "nobody joins by himself here", "ask in one of the shops")


async def _known(conn: db.Conn, contact: Identifier, now: datetime) -> Admitted | None:
    """A registered member whose contact this is; it is proved from now on."""
    card = await members_db.find(conn, contact)
    if card is None or not card.owner.registered:
        return None
    # Taken off him meanwhile, it is nobody's.
    if not await db.verify(conn, card.owner.member_id, contact, now):
        return None
    return Admitted(card.owner.member_id, card.owner.account_id, contact, False)


# Contacts ----------------------------------------------------------------------------------------


async def send_code(
    conn: db.Conn, member_id: UUID, contact: Identifier, now: datetime, address: str, *,
    asks: Asks,
) -> Challenge | Refusal:  # fmt: skip
    """A code goes to a phone or an address that a member has, or wants to have.

    Whether it is somebody else's is not told. Errors: member_unknown, too_many_codes.
    """
    member = await members_db.read_member(conn, member_id)
    if member is None or member.registered_at is None:
        return _nobody(member_id)
    assert contact.kind in ("email", "phone"), "the door asks for one of them"
    return await send(
        conn, CONTACT, contact.kind, contact.value, member_id, now, language=member.language,
        address=address, asks=asks,
    )  # fmt: skip


async def prove_contact(  # noqa: PLR0913 - whose, which, by what, from where
    conn: db.Conn, member_id: UUID, challenge_id: UUID, code: str, contact: Identifier,
    now: datetime, address: str = "",
) -> Identifier | Refusal:  # fmt: skip
    """The code came back: the contact is the member's, and proved. What waited for it counts.

    Of a new one the member's other contacts are told: whoever proved it can sign in by it.

    address  from where the member proves it; "" where staff do
    errors   code_wrong, also for a code that went elsewhere; identifier_taken, merge_needed
    """
    proved = await codes.prove(conn, challenge_id, code, now, address)
    if isinstance(proved, Refusal):
        return proved
    mine = proved.purpose == CONTACT and proved.subject == member_id
    if not mine or not _is_of(proved, contact):
        return not_proved()
    others = [each.identifier for each in await db.contacts(conn, member_id)]
    owner = await members.add_identifier(conn, member_id, contact, now)
    if isinstance(owner, Refusal):
        return owner
    if contact not in others:
        await tell(conn, member_id, others, "added", now)
    await db.verify(conn, member_id, contact, now)
    by = By("code", now, proof=str(challenge_id))
    await consents.confirm(conn, member_id, proved.channel, by)
    return contact


async def tell(
    conn: db.Conn, member_id: UUID, contacts: Sequence[Identifier], what: Notice, now: datetime
) -> None:
    """Tell these phones and addresses, the oldest first, of one more or less of a member's."""
    member = await members_db.read_member(conn, member_id)
    language = "en" if member is None else member.language
    for each in contacts[: core.TOLD_MOST]:
        assert each.kind in ("email", "phone"), "these are a member's contacts"
        await codes.tell(conn, each.kind, each.value, what, language, now)


def _is_of(proved: Proved, contact: Identifier) -> bool:
    if contact.kind not in ("email", "phone") or proved.channel != contact.kind:
        return False
    return codes.destination(proved.channel, contact.value) == proved.destination_hash


# Cards -------------------------------------------------------------------------------------------


async def take_try(conn: db.Conn, card: str, address: str, now: datetime) -> Refusal | None:
    """Count a try at proving whose card it is, before it is judged. Commit it by itself.

    What a network or its block tries too often is not counted against the card: or it would be
    locked for all.

    errors  too_many_tries; the same for a card and for a network
    """
    mark, network = installation.here().mark, network_of(address)
    block = block_of(network)
    steps = [
        (mark("claim address", network), core.NETWORK_TRIES),
        (mark("claim block", block), core.BLOCK_TRIES),
    ] if network else []  # fmt: skip
    steps += [
        (mark("claim pair", card, block), core.PAIR_TRIES),
        (mark("claim card", card), core.CARD_TRIES),
    ]
    if not await _too_often(conn, steps, now.date()):
        return None
    return Refusal(
        "too_many_tries", "card", "too many cards were tried today",
        "try again tomorrow, or show the card in a shop",
    )  # fmt: skip


async def take_unused_here(conn: db.Conn, address: str, now: datetime) -> Refusal | None:
    """Count a card never used that somebody at this address asks for. Commit it by itself.

    errors  card_not_proved: after so many in a day this one is shown in a shop
    """
    mark, network = installation.here().mark, network_of(address)
    steps = [
        (mark("claim unused", network), core.NETWORK_UNUSED),
        (mark("claim unused block", block_of(network)), core.BLOCK_UNUSED),
    ]
    full = bool(network) and await _too_often(conn, steps, now.date())
    return not_shown() if full else None


async def take_unused(conn: db.Conn, member_id: UUID, now: datetime) -> Refusal | None:
    """Count a card never used that a member is given. Errors: card_not_proved, from the second."""
    what = installation.here().mark("claim unused of", str(member_id))
    until = date(now.year, 12, 31)  # the count ends with the year
    full = await _too_often(conn, [(what, core.MEMBER_UNUSED)], until)
    return not_shown() if full else None


async def _too_often(conn: db.Conn, steps: Sequence[tuple[bytes, int]], day: date) -> bool:
    """Count one more of each keyed hash, up to the first that is beyond what it may.

    steps  the narrowest first: what a network does beyond its own, its neighbours are not told of
    """
    for what, most in steps:
        counted = await db.count_tries(conn, [what], day)
        if counted[what] > most:
            return True
    return False


def not_shown() -> Refusal:
    """One refusal for a card that is unknown, somebody's, blocked, or not proved."""
    return Refusal(
        "card_not_proved", "card", "this does not prove whose card it is",
        "send number, day and total of a recent receipt of this card, or show it in a shop",
    )  # fmt: skip


def _nobody(member_id: UUID) -> Refusal:
    return Refusal(
        "member_unknown", "member_id", f"there is no member {member_id}", "look the member up"
    )
