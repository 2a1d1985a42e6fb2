"""Rewards and claims as values, and what may be done with them. Pure."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from tessera.base.clock import local
from tessera.base.refusal import Refusal
from tessera.base.text import MAX_MINOR, Name, OptionalCode, Price
from tessera.members.core import Language
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Node, Personal, all_needs, walk
from tessera.rules.core.facts import Facts, Met, Person, Trait, period_start
from tessera.rules.core.words import Program

Kind = Literal["goods", "code", "donation", "privilege", "coupon"]
RewardState = Literal["draft", "offered", "ended"]
ClaimState = Literal["reserved", "issued", "used", "cancelled", "expired"]
Did = Literal[
    "claimed", "paid", "sent", "revealed", "handed_over", "used", "cancelled", "expired"
]  # fmt: skip
Funding = Literal["margin", "marketing", "partner", "supplier"]
Privilege = Literal["early_access", "personal_manager", "upgrade", "extra_help", "other"]
Media = Literal["image/png", "image/jpeg", "image/webp"]
Words = Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*\Z")]
MOST_OFFERED = 500
PICTURE_BYTES = 512 * 1024
OPEN: tuple[ClaimState, ...] = ("reserved", "issued")


class Terms(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a reward is, and under which terms it can be had.

    names, words  by language, "en" where there is none in the reader's own
    points        the price, in `currency` ("" is the program's own); money_minor: besides
    cost_minor    what one costs the shop, borne by `funding`; of a partner or supplier: its code
    starts, ends  it can be claimed from then on, and until then
    most, per     of one member in a period of the calendar; none: any number
    who           a condition on the person, as in rules; none: every registered member
    sent          goods go by post; else they are fetched
    days          to fetch goods within; how long a privilege lasts
    pay_days      until the money is paid, else the claim is over
    pool          of a code: where codes come from
    coupon        of a coupon: its kind in the program
    privilege     what it is; cause: of a donation
    """

    kind: Kind
    names: Annotated[dict[Language, Name], Meta(min_length=1, max_length=10)]
    words: Annotated[dict[Language, Words], Meta(max_length=10)] = {}
    points: Annotated[int, Meta(ge=0, le=MAX_MINOR)] = 0
    currency: OptionalCode = ""
    money_minor: Price = 0
    cost_minor: Price = 0
    funding: Funding = "marketing"
    partner: OptionalCode = ""
    starts: Annotated[datetime, Meta(tz=True)] | None = None
    ends: Annotated[datetime, Meta(tz=True)] | None = None
    most: Annotated[int, Meta(ge=1, le=10**6)] | None = None
    per: Literal["day", "week", "month", "year", "ever"] = "ever"
    who: dict[str, Any] | None = None
    sent: bool = False
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    pay_days: Annotated[int, Meta(ge=1, le=90)] = 3
    pool: OptionalCode = ""
    coupon: OptionalCode = ""
    privilege: Privilege | None = None
    cause: Name = ""

    def said(self, of: Literal["names", "words"], language: str) -> str:
        """In a language, or English, or the first there is; "" where there is nothing."""
        told: dict[Any, str] = getattr(self, of)
        return told.get(language) or told.get("en") or next(iter(told.values()), "")


class Reward(Struct, frozen=True):
    """One of the catalogue. `stock` of None never ends; `taken` of it are claimed.

    free  codes in its pool that nobody has, counted up to 1,000; None: it has no pool
    """

    code: str
    state: RewardState
    terms: Terms
    stock: int | None
    taken: int
    picture: bytes | None
    made_at: datetime
    changed_at: datetime
    free: int | None = None

    @property
    def left(self) -> int | None:
        """Pieces that can be claimed; None: no end is known."""
        if self.free is not None:
            return self.free
        return None if self.stock is None else self.stock - self.taken

    def open(self, now: datetime) -> bool:
        """Whether it is on offer at that instant."""
        began = self.terms.starts is None or self.terms.starts <= now
        return self.state == "offered" and began and not self.over(now)

    def over(self, now: datetime) -> bool:
        """Whether its last day has passed."""
        return self.terms.ends is not None and self.terms.ends <= now


class Claim(Struct, frozen=True, kw_only=True):
    """What a member has claimed, with the terms as they were then.

    sealed   its code, for the member's eyes; mark: the digest that finds it
    ends_at  reserved: until when it must be paid; issued: until when it is good
    receivable_minor  what the shop has given away although the claim was cancelled
    back_id  the operation that gave the points back
    """

    id: UUID
    reward: str
    kind: Kind
    member_id: UUID
    account_id: UUID
    state: ClaimState
    currency: str
    points: int
    money_minor: int
    cost_minor: int
    funding: str
    partner: str
    sent: bool
    mark: bytes
    sealed: bytes
    claimed_at: datetime
    changed_at: datetime
    ends_at: datetime | None = None
    paid_at: datetime | None = None
    revealed_at: datetime | None = None
    uses: int = 0
    receivable_minor: int = 0
    back_id: UUID | None = None

    @property
    def owed_minor(self) -> int:
        """Money that is still to be paid before it is had."""
        return 0 if self.paid_at is not None else self.money_minor


class Step(Struct, frozen=True):
    """Something that happened to a claim. principal_id None: time did it."""

    did: Did
    state: ClaimState
    at: datetime
    principal_id: UUID | None
    store: str
    reason: str


# Terms -------------------------------------------------------------------------------------------


def terms_fault(terms: Terms, program: Program) -> Refusal | None:
    """Why these terms are none under a program."""
    if not terms.points:
        return _fault("points", "it costs no points", "ask for points, or points and money")
    if terms.currency and terms.currency not in program.currencies:
        why = f"there is no currency {terms.currency}"
        return Refusal("currency_unknown", "terms.currency", why, "leave it out, or declare it")
    if terms.starts is not None and terms.ends is not None and terms.starts >= terms.ends:
        return _fault("ends", "it ends before it begins", "choose a later end")
    if not any(terms.names.values()):
        return _fault("names", "it has no name", "say what it is")
    return _bearer_fault(terms, program) or _kind_fault(terms)


def _bearer_fault(terms: Terms, program: Program) -> Refusal | None:
    if terms.funding not in ("partner", "supplier") or terms.partner in program.partners:
        return None
    why = f"a {terms.funding} bears the cost, and is not named"
    if terms.partner:
        why = f"the program has no partner {terms.partner}"
    cure = "name one that is under `partners`, or let somebody else bear it"
    return _fault("partner", why, cure)


def _kind_fault(terms: Terms) -> Refusal | None:
    if (terms.kind == "code") != bool(terms.pool):
        return _fault("pool", "a code, and nothing else, comes from a pool", "name its pool")
    if (terms.kind == "coupon") != bool(terms.coupon):
        return _fault("coupon", "a coupon, and nothing else, is of a kind of the program",
                      "name a kind that is under `coupons`")  # fmt: skip
    if (terms.kind == "privilege") != (terms.privilege is not None):
        return _fault("privilege", "a privilege says which one it is", "choose one")
    if terms.kind == "privilege" and terms.days is None:
        return _fault("days", "a privilege has a term", "say for how many days it is")
    if terms.kind == "donation" and terms.money_minor:
        return _fault("money_minor", "a donation is given in points", "take the money away")
    if terms.kind == "coupon" and terms.money_minor:
        return _fault("money_minor", "a coupon is had for points alone", "take the money away")
    return None


def _fault(field: str, why: str, cure: str) -> Refusal:
    return Refusal("reward_invalid", f"terms.{field}", why, cure)


def unfit(condition: Condition, known: frozenset[str]) -> str:
    """The code of a part that cannot be told of a member alone; "" if all can.

    known  codes of conditions on facts that the catalogue looks up
    """
    for each in walk(condition):
        if not isinstance(each, Node | Personal) and each.code not in known:
            return each.code
    return ""


def holds(
    condition: Condition, person: Person, known: dict[str, int], now: datetime, program: Program
) -> bool:
    """Whether the condition holds for a member. What is not known does not hold.

    known  facts under the keys of their needs; now: local to the program
    """
    facts = dict(known)
    for need in all_needs(condition):
        if isinstance(need, Trait):
            value = need.of.trait(person, now.date())
            if value is not None:
                facts[need.key] = value
    asked = Facts(member=True, at=now.replace(tzinfo=None), known=facts)
    return isinstance(condition.reading()(Basket((), None, program), asked), Met)


def again_on(terms: Terms, today: date) -> date | None:
    """The first day of the next period of its limit; None: it has no end."""
    began = period_start(terms.per, today)
    if began is None:
        return None
    longest = {"day": 1, "week": 7, "month": 31, "year": 366}[terms.per]
    return period_start(terms.per, began + timedelta(days=longest))


def limit_fault(terms: Terms, had: int, today: date) -> Refusal | None:
    """Why a member who has had so many in this period has no other one."""
    if terms.most is None or had < terms.most:
        return None
    why, again = f"{had} of {terms.most} are claimed already ({terms.per})", again_on(terms, today)
    cure = f"you may have another one from {again:%Y-%m-%d} on" if again else "choose another one"
    return Refusal("reward_limit", "reward", why, cure)


# Claims ------------------------------------------------------------------------------------------


def begun(claim: Claim, terms: Terms, code_ends: datetime | None) -> Claim:
    """The state in which a claim begins, and until when.

    code_ends  of the code or coupon that it has: nobody pays for it later
    """
    if claim.money_minor:
        pay_by = claim.claimed_at + timedelta(days=terms.pay_days)
        return replace(claim, ends_at=pay_by if code_ends is None else min(pay_by, code_ends))
    return ready(claim, claim.claimed_at, terms, code_ends)


def ready(claim: Claim, now: datetime, terms: Terms, code_ends: datetime | None) -> Claim:
    """Nothing more is to be paid: what is the member's now."""
    if claim.kind == "donation":
        return replace(claim, state="used", ends_at=None)
    if claim.kind == "goods" and claim.sent:
        return replace(claim, state="reserved", ends_at=None)
    if claim.kind in ("code", "coupon"):
        return replace(claim, state="issued", ends_at=code_ends)
    ends = None if terms.days is None else now + timedelta(days=terms.days)
    return replace(claim, state="issued", ends_at=ends)


def paid(
    claim: Claim, now: datetime, terms: Terms, code_ends: datetime | None
) -> Claim | Refusal:  # fmt: skip
    """Its money is there. Errors: claim_closed, claim_paid."""
    fault = closed(claim, now)
    if fault is not None:
        return fault
    if not claim.owed_minor:
        return Refusal("claim_paid", "", "nothing is owed for this claim", "hand it over")
    if code_ends is not None and code_ends <= now:
        return Refusal("claim_closed", "", "its code is no longer good",
                       "give the money back and cancel the claim: its points go back")  # fmt: skip
    return ready(replace(claim, paid_at=now), now, terms, code_ends)


def handed_over(claim: Claim, now: datetime, paid: bool) -> Claim | Refusal:
    """It is fetched, or used once. `paid`: the money that was still to come is there now."""
    fault = closed(claim, now)
    if fault is not None:
        return fault
    if claim.kind not in ("goods", "privilege") or (claim.kind == "goods" and claim.sent):
        return Refusal("claim_not_here", "code", "this is not handed over at a counter",
                       "the member finds it in the app")  # fmt: skip
    if claim.owed_minor and not paid:
        why = f"{claim.owed_minor} are still to be paid (minor units)"
        return Refusal("claim_unpaid", "paid", why, "take the money, then say that it is paid")
    if claim.kind == "privilege":
        if claim.owed_minor:
            return Refusal("claim_unpaid", "paid", "it begins once it is paid",
                           "mark it as paid first")  # fmt: skip
        return replace(claim, uses=claim.uses + 1, changed_at=now)
    at = now if claim.owed_minor else claim.paid_at
    return replace(claim, state="used", paid_at=at, uses=1, ends_at=None, changed_at=now)


def closed(claim: Claim, now: datetime) -> Refusal | None:
    """Why nothing more happens to a claim."""
    if claim.state in OPEN and (claim.ends_at is None or claim.ends_at > now):
        return None
    if claim.state in OPEN and claim.owed_minor:
        return Refusal("claim_closed", "", "it was not paid in time, its points go back",
                       "give the money back; it can be claimed anew")  # fmt: skip
    state = "expired" if claim.state in OPEN else claim.state
    return Refusal("claim_closed", "", f"this claim is {state}", "look at what happened to it")


def last_day(claim: Claim, zone: str) -> date | None:
    """The last local day on which it can be paid, fetched or used; None: no end is known."""
    end = claim.ends_at
    return None if end is None else local(end - timedelta(microseconds=1), zone).date()


def gone(claim: Claim) -> bool:
    """Whether its piece is out of the house: seen, sent or used. It does not come back."""
    seen = claim.kind == "code" and claim.revealed_at is not None
    away = claim.kind == "goods" and claim.sent and claim.state == "issued"
    return bool(seen or away or claim.uses)


def lets_go(claim: Claim) -> bool:
    """Whether its member may cancel it alone: nothing of it is used, seen or on its way."""
    if claim.kind == "privilege" or claim.paid_at is not None:
        return claim.state == "reserved" and claim.paid_at is None
    return not (claim.revealed_at or claim.uses or (claim.sent and claim.state == "issued"))


# Codes -------------------------------------------------------------------------------------------

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans("OIL", "011")
CHANCE_BITS = 65
_SIZE, _PRIME = 13, 97


def code_of(chance: int) -> str:
    """A claim's code: R, 13 letters that say 65 random bits, two check digits.

    source  letters of Crockford's base 32; check digits modulo 97 (every single mistake and every
            swap of neighbours is found)
    """
    chance %= 1 << CHANCE_BITS
    letters = "".join(_LETTERS[chance >> 5 * (_SIZE - 1 - i) & 31] for i in range(_SIZE))
    return f"R{letters}{chance % _PRIME:02}"


def normal(text: str) -> str | None:
    """A code as it is kept, from what somebody typed or scanned; None if it cannot be one."""
    plain = text.upper().replace("-", "").replace(" ", "")
    if len(plain) != _SIZE + 3 or plain[0] != "R":
        return None
    letters, check = plain[1:-2].translate(_MEANT), plain[-2:].translate(_MEANT)
    if any(each not in _LETTERS for each in letters) or not (check.isascii() and check.isdigit()):
        return None
    value = 0
    for each in letters:
        value = value << 5 | _LETTERS.index(each)
    return f"R{letters}{check}" if value % _PRIME == int(check) else None


def shown(code: str) -> str:
    """As people read it: in fours."""
    return " ".join(code[i : i + 4] for i in range(0, len(code), 4))


def mark_of(code: str) -> bytes:
    """By which it is found."""
    return hashlib.sha256(b"claim " + code.encode()).digest()


def media_of(body: bytes) -> Media | None:
    """What a picture is, by its first bytes; None: nothing that is taken."""
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if body[:4] == b"RIFF" and body[8:12] == b"WEBP" else None
