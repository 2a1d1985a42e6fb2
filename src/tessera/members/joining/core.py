"""How people join: the program's settings, what is asked, what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.clock import local
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name, OptionalCode, Price
from tessera.members.consents.core import Consents, Saying
from tessera.members.core import Language, Member, NewMember, Profile, Value
from tessera.warehouse.core import Identifier

Way = Literal["till", "office", "web", "sign_in", "import"]
Weight = Annotated[int, Meta(ge=0, le=1000)]
Own = Literal["given_name", "family_name", "born_on"]

# Tries a day at proving whose card it is: of one network at all cards, of its block at all cards,
# of its block at one card, of all at one card.
NETWORK_TRIES, BLOCK_TRIES, PAIR_TRIES, CARD_TRIES = 20, 80, 5, 30
# Cards never used that are had for the asking: of one network in a day, of its block, of one member
# in a year.
NETWORK_UNUSED, BLOCK_UNUSED, MEMBER_UNUSED = 3, 12, 1
TOLD_MOST = 5  # contacts that are told of a new one
RECENT_DAYS = 180  # of the receipt that proves whose card it is


class Source(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A joining campaign.

    each_minor   what one joiner costs: the gift, the commission
    fixed_minor  what the campaign costs, however many join
    """

    name: Name = ""
    each_minor: Price = 0
    fixed_minor: Price = 0


class Enrolment(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How people join.

    minimum_age  in years on the day of joining; who joins on the web must say the birthday then
    country      whose phones may be written without a country code, as ISO 3166 (IT)
    time_zone    where a day begins (IANA name)
    welcome      the event that joining posts, for rules to reward; `completed` likewise, once, when
                 the profile is complete
    profile      what counts for a complete profile besides attributes, with its weight
    sources      joining campaigns; with none declared any code will do
    open         people may join on the web by themselves; closed unless it says so
    """

    minimum_age: Annotated[int, Meta(ge=1, le=120)] | None = None
    country: Annotated[str, Meta(pattern=r"^([A-Z]{2})?\Z")] = ""
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"
    welcome: OptionalCode = ""
    completed: OptionalCode = ""
    profile: Annotated[dict[Own, Weight], Meta(max_length=3)] = {}
    sources: Annotated[dict[Code, Source], Meta(max_length=1000)] = {}
    open: bool = False


class Posting(Struct, frozen=True):
    """An event that the house itself has to post; `number` is unique for ever."""

    number: str
    member_id: UUID
    type: str
    data: dict[str, Value]
    happened_at: datetime


class Origin(Struct, frozen=True):
    """How somebody came, as it is kept for ever.

    on          the local day
    cost_minor  of this one joiner, by the campaign's terms of that day
    """

    way: Way
    on: date
    source: str = ""
    store_id: str | None = None
    cost_minor: int = 0
    principal_id: UUID | None = None


class Terms(Struct, frozen=True):
    """What of a program decides how people join.

    weights  {what counts for a complete profile: its weight}
    told     {event that may be told the campaign: which campaigns; None: any}
    """

    enrolment: Enrolment = Enrolment()
    consents: Consents = Consents()
    weights: Mapping[str, int] = {}
    told: Mapping[str, frozenset[str] | None] = {}

    def day(self, now: datetime) -> date:
        """The day that it is where members join."""
        return local(now, self.enrolment.time_zone).date()

    def posting(
        self, kind: Literal["joined", "profile_completed"], member_id: UUID, source: str,
        at: datetime,
    ) -> Posting | None:  # fmt: skip
        """The event that this is worth, if the program wants one."""
        type_ = self.enrolment.welcome if kind == "joined" else self.enrolment.completed
        if not type_:
            return None
        known = self.told.get(type_, frozenset())
        data: dict[str, Value] = {}
        if source and (known is None or source in known):
            data["source"] = source
        return Posting(f"{kind}:{member_id}", member_id, type_, data, at)


class Application(Struct, frozen=True):
    """What somebody said on the web, kept sealed until the code comes back.

    contact  the phone or address that the code goes to; in normal form, as `new` has it too
    unused   a card to bring along that had no history then, and needed no proof; not in `new`
    referral the code of the friend who brings one
    """

    contact: Identifier
    new: NewMember
    consents: tuple[Saying, ...] = ()
    source: str = ""
    unused: str = ""
    referral: str = ""


class Person(Struct, frozen=True):
    """What is put right of a person; None leaves it as it is."""

    given_name: str | None = None
    family_name: str | None = None
    born_on: date | None = None
    language: Language | None = None


class Admitted(Struct, frozen=True):
    """Somebody has proved a contact. `joined`: as a new member; else as one known before.

    contact   by which they are let in

    card      one that was never used is theirs
    referral  the code of the friend whom they named
    """

    member_id: UUID
    account_id: UUID
    contact: Identifier
    joined: bool
    history: bool = False
    card: bool = False
    referral: str = ""


class Joiners(Struct, frozen=True):
    """Who came on a day from a campaign. Money in minor units."""

    on: date
    source: str
    joiners: int
    cost_minor: int


class Campaign(Struct, frozen=True):
    """What a joining campaign has brought and cost; minor units.

    cost_minor        of all joiners, and the fixed cost where there is one
    per_joiner_minor  rounded down; 0 without joiners
    over              the program no longer has it: what it cost once is not known any more
    """

    source: str
    name: str
    joiners: int
    cost_minor: int
    per_joiner_minor: int
    over: bool = False


def age_on(born_on: date, on: date) -> int:
    """Full years. Who was born on 29 February has the birthday on 1 March in other years."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def age_fault(
    enrolment: Enrolment, born_on: date | None, on: date, *, needed: bool
) -> Refusal | None:
    """Why somebody is too young, or may be.

    needed  the birthday must be said where there is a minimum age
    errors  born_on_missing, too_young; the field is `born_on`
    """
    least = enrolment.minimum_age
    if least is None or (born_on is None and not needed):
        return None
    if born_on is None:
        return Refusal(
            "born_on_missing", "born_on", f"members are at least {least} years old",
            "send the birthday",
        )  # fmt: skip
    if age_on(born_on, on) < least:
        return Refusal(
            "too_young", "born_on", f"members are at least {least} years old", "come back then",
        )  # fmt: skip
    return None


def origin(
    enrolment: Enrolment, way: Way, source: str, on: date, principal_id: UUID | None = None,
    store_id: str | None = None,
) -> Origin | Refusal:  # fmt: skip
    """How somebody comes. Errors: source_unknown."""
    campaign = enrolment.sources.get(source)
    if source and enrolment.sources and campaign is None:
        return Refusal(
            "source_unknown", "source", f"the program has no joining campaign {source}",
            "declare it in `enrolment.sources`, or leave it out",
        )  # fmt: skip
    cost = campaign.each_minor if campaign is not None else 0
    return Origin(way, on, source, store_id, cost, principal_id)


def campaigns(enrolment: Enrolment, days: Iterable[Joiners], *, whole: bool) -> list[Campaign]:
    """What each campaign has brought, dearest joiner first.

    whole  all days are looked at: then the fixed cost belongs to it
    """
    joiners: dict[str, int] = {}
    cost: dict[str, int] = {}
    for day in days:
        joiners[day.source] = joiners.get(day.source, 0) + day.joiners
        cost[day.source] = cost.get(day.source, 0) + day.cost_minor
    found = []
    for source in sorted({*joiners, *enrolment.sources}):
        terms = enrolment.sources.get(source, Source())
        count = joiners.get(source, 0)
        minor = cost.get(source, 0) + (terms.fixed_minor if whole else 0)
        over = bool(source) and source not in enrolment.sources
        each = minor // count if count else 0
        found.append(Campaign(source, terms.name, count, minor, each, over))
    return sorted(
        found, key=lambda each: (-(each.per_joiner_minor or each.cost_minor), each.source)
    )


def known_of(member: Member | Profile) -> list[str]:
    """What is known of a member, by the names that `weights` uses."""
    own = {
        "given_name": bool(member.given_name),
        "family_name": bool(member.family_name),
        "born_on": member.born_on is not None,
    }
    return [*(name for name, known in own.items() if known), *member.attributes]


def share_known(weights: Mapping[str, int], known: Iterable[str]) -> tuple[int, list[str]]:
    """(per cent of the profile that is known, what is missing, heaviest first).

    weights  of what counts, by name; with nothing that counts a profile is complete
    """
    total, have = sum(weights.values()), set(known)
    missing = sorted(
        (name for name, weight in weights.items() if weight and name not in have),
        key=lambda name: (-weights[name], name),
    )
    if not total:
        return 100, []
    got = sum(weight for name, weight in weights.items() if name in have)
    return got * 100 // total, missing
