"""The words of members: who they are, what names them, what becomes known of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.warehouse.core import Identifier

Status = Literal["active", "blocked", "replaced"]
Value = bool | int | str  # of an attribute; what it may be, the program says
Language = Literal["en", "it", "pl", "ru", "zh"]

MAX_FAVOURITES = 20


class Owner(Struct, frozen=True):
    """Whose identifier it is. A member who is not `registered` is the shadow of a card.

    favourites  articles and categories chosen in advance
    """

    member_id: UUID
    account_id: UUID
    status: Status
    registered: bool
    favourites: tuple[str, ...] = ()


class Profile(Struct, frozen=True):
    """What a program may ask about the person: read for one decision, kept with none.

    chosen  {choice: its options}; agreed: purpose/channel of consents that count
    """

    registered_at: datetime | None
    language: str
    given_name: str = ""
    born_on: date | None = None
    attributes: dict[str, Value] = {}
    family_name: str = ""
    chosen: dict[str, list[str]] = {}
    agreed: list[str] = []


class NewMember(Struct, frozen=True):
    """Who registers. Identifiers are in normal form."""

    identifiers: tuple[Identifier, ...]
    given_name: str = ""
    family_name: str = ""
    born_on: date | None = None
    language: Language = "en"
    attributes: dict[str, Value] = {}
    favourites: tuple[str, ...] = ()


class Change(Struct, frozen=True):
    """What becomes known of a member.

    attributes  are put beside those that are known; None takes one away
    favourites  take the place of those chosen before; None leaves them
    """

    attributes: dict[str, Value | None] = {}
    favourites: tuple[str, ...] | None = None


class Registered(Struct, frozen=True):
    """A member is registered; `shadow` when an unregistered card's points came along."""

    member_id: UUID
    account_id: UUID
    shadow: bool


class Held(Struct, frozen=True):
    """An identifier that a member holds, in full.

    verified_at  of a phone or an address: since when a code has proved it
    """

    identifier: Identifier
    status: Status
    status_reason: str
    since: datetime
    verified_at: datetime | None = None


class Member(Struct, frozen=True):
    """A member with personal data and identifiers in full: mask before showing.

    erased_at  nobody is behind the number since then, and nobody ever will be again
    """

    id: UUID
    account_id: UUID
    seen_at: datetime
    registered_at: datetime | None
    language: Language
    given_name: str
    family_name: str
    born_on: date | None
    attributes: dict[str, Value]
    favourites: list[str]
    erased_at: datetime | None = None
    identifiers: tuple[Held, ...] = ()


class MemberCard(Struct, frozen=True):
    """What one lookup by any identifier tells."""

    identifier: Identifier
    owner: Owner
    status_reason: str
    given_name: str
    family_name: str
    language: Language
