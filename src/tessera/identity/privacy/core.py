"""What is held about people and what an erasure does to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from tessera.ledger.core import Life
from tessera.members.households.core import Households
from tessera.rules.core.tiers import Ladder

By = Literal["member", "staff", "retention", "replay"]
Fate = Literal[
    "deleted",  # with the person
    "blanked",  # what speaks of the person; the row stays
    "sealed",  # its key is destroyed
    "pseudonym",  # numbers only: stays, and tells nothing without the person
    "nothing",  # of no person
]


class Asking(Struct, frozen=True):
    """Who wants somebody erased, why, under which id, and what the program says.

    id     the call's; the moves of a household that is left carry it
    ladders  the program's: who stays in it has the level that is left
    stays  in a household, without a name: where nobody can be asked to leave it first
    customers  {mapping of receipts: the column of its files that names the customer}, where known
    """

    by: By
    reason: str
    households: Households | None
    lives: Mapping[str, Life]
    principal_id: UUID | None = None
    id: UUID | None = None
    stays: bool = False
    ladders: Mapping[str, Ladder] = {}
    customers: Mapping[str, str] = {}


class Erasure(Struct, frozen=True):
    """A line of the list of erasures."""

    id: UUID
    member_id: UUID
    asked_by: By
    principal_id: UUID | None
    reason: str
    erased_at: datetime


class Erased(Struct, frozen=True):
    """Nobody is behind these numbers any more. `again`: that was so before."""

    member_id: UUID
    numbers: tuple[UUID, ...]
    erased_at: datetime
    again: bool = False


class Sight(Struct, frozen=True):
    """Somebody saw personal data: which fields, whose, when, why."""

    id: UUID
    seen_at: datetime
    member_id: UUID
    principal_kind: str
    principal_id: UUID
    principal_name: str
    fields: list[str]
    reason: str


class Export(Struct, frozen=True):
    """Everything held about a person, by heading.

    held  {heading: rows}; receipts and points are told as to the member, without hidden rules
    """

    member_id: UUID
    made_at: datetime
    held: dict[str, Any]


def before_months(today: date, months: int) -> date:
    """The day so many months ago; the month's last day where there is none."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    for day in range(today.day, 0, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")


# What becomes of what a table holds when a member is erased, and why that is enough.
_FATES: tuple[tuple[Fate, str, tuple[str, ...]], ...] = (
    (
        "nothing",
        "settings of the installation",
        (
            "access.api_key",
            "access.role",
            "access.session",
            "access.minted",
            "members.mac_key",
            "members.card_batch",
            "members.phone_card",
            "tasks.task",
            "tasks.turn",
            "program.version",
            "program.draft",
            "warehouse.store",
            "warehouse.load",
            "checkout.allowance_key",
            "rewards.coupon_batch",
            "rewards.reward",
            "rewards.picture",
            "rewards.draw",
            "rewards.draw_prize",
            "checkout.board",
            "checkout.board_rung",
            "rewards.pool",
        ),
    ),
    (
        "nothing",
        "keyed marks and counts of an earlier release, which nobody reads",
        ("access.code_budget",),
    ),
    (
        "nothing",
        "keyed marks and counts that end by themselves",
        (
            "access.code_bucket",
            "access.sign_in_limit",
            "members.claim_try",
            "rewards.coupon_miss",
        ),
    ),
    (
        "nothing",
        "of staff, not of members",
        (
            "access.staff",
            "access.recovery_code",
        ),
    ),
    (
        "nothing",
        "what was begun and not finished: sealed, ends within minutes",
        (
            "access.ceremony",
            "members.application",
            "access.code_outbox",
        ),
    ),
    (
        "nothing",
        "the register of what went wrong",
        (
            "incidents.incident",
            "incidents.note",
        ),
    ),
    ("nothing", "sums over everybody", ("checkout.day", "budgets.day")),
    ("pseudonym", "what budgets gave: numbers only", ("budgets.counter", "budgets.kept")),
    (
        "nothing",
        "heads of chains and runs",
        (
            "access.audit_head",
            "ledger.run",
        ),
    ),
    (
        "deleted",
        "with the person",
        (
            "members.person",
            "members.identifier",
            "members.likeness",
            "members.likely",
            "members.verdict",
            "access.passkey",
            "access.person_session",
            "access.code_challenge",
            "access.code_home",
            "rewards.wish",
        ),
    ),
    (
        "nothing",
        "sums of partners, and statements",
        ("partners.statement", "partners.statement_points", "partners.adjustment"),
    ),
    ("pseudonym", "what operations mean for partners: numbers only", ("partners.posting",)),
    ("deleted", "the word by which somebody brings others", ("referrals.code",)),
    (
        "pseudonym",
        "who was brought by whom, what counted and what was paid: numbers only",
        ("referrals.referral", "referrals.purchase", "referrals.payment"),
    ),
    ("blanked", "choices, language and consents that count", ("members.member",)),
    ("blanked", "what the call said of the person", ("access.request",)),
    ("blanked", "the record, if it names the person", ("warehouse.quarantine",)),
    ("sealed", "values of the person; who did what stays", ("access.audit",)),
    ("sealed", "the code of a claim; what was claimed and paid stays", ("rewards.claim",)),
    ("sealed", "what an unmerge would need", ("identity.merge",)),
    ("sealed", "the key itself is gone, its row stays", ("access.seal_key",)),
    ("sealed", "the payload, with a key of the proposal's own", ("access.approval",)),
    (
        "pseudonym",
        "points: numbers only",
        (
            "ledger.account",
            "ledger.lot",
            "ledger.move",
            "ledger.hold",
            "ledger.pin",
            "ledger.operation",
            "ledger.extension",
            "ledger.joining",
            "ledger.joined_wallet",
            "ledger.carried",
        ),
    ),
    (
        "pseudonym",
        "purchases, without the person",
        (
            "checkout.receipt",
            "checkout.quote",
            "checkout.parked",
            "checkout.history_day",
            "checkout.history_mark",
            "checkout.event",
            "checkout.order_prize",
            "checkout.allowance",
            "checkout.board_standing",
            "checkout.board_winner",
        ),
    ),
    (
        "pseudonym",
        "levels and uses of privileges: days and codes, and why staff set one",
        ("tiers.standing", "tiers.change", "tiers.privilege_use"),
    ),
    ("nothing", "runs of reviews and walks", ("tiers.review", "tiers.walk")),
    ("nothing", "how often kinds of coupons are used", ("rewards.coupon_count",)),
    ("pseudonym", "coupons: veiled codes and numbers", ("rewards.coupon", "rewards.coupon_use")),
    ("pseudonym", "the coupon of a claim: numbers", ("rewards.claim_coupon",)),
    ("pseudonym", "what was drawn for whom: numbers", ("budgets.drawn", "budgets.joined")),
    ("nothing", "pieces that a supplier pays for", ("partners.posting_piece",)),
    (
        "pseudonym",
        "how somebody joined, agreed and chose: codes and times, proof that outlives the person",
        (
            "members.joining",
            "members.consent",
            "members.choice",
            "members.posting",
        ),
    ),
    (
        "pseudonym",
        "who was with whom",
        (
            "members.household",
            "members.household_member",
            "members.household_invitation",
        ),
    ),
    (
        "deleted",
        "what calls about the person answered; of tills, ids only; all goes after 35 days",
        ("access.answer",),
    ),
    (
        "blanked",
        "a line of a file that waits for its load's end: it goes to quarantine, without the person",
        ("warehouse.waiting_return",),
    ),
    (
        "pseudonym",
        "numbers and reasons",
        (
            "identity.erasure",
            "identity.sight",
            "rewards.claim_step",
            "rewards.keepsake",
            "rewards.draw_entry",
            "rewards.win",
            "rewards.pool_code",
        ),
    ),
)
HOLDS: Mapping[str, tuple[Fate, str]] = {
    table: (fate, why) for fate, why, tables in _FATES for table in tables
}

# Under which heading an export tells what a table holds; or why it does not.
_TOLD: Mapping[str, tuple[str, ...]] = {
    "member": ("members.member",),
    "person": ("members.person",),
    "identifiers": ("members.identifier",),
    "joining": ("members.joining",),
    "consents": ("members.consent",),
    "choices": ("members.choice",),
    "household": ("members.household", "members.household_member"),
    "invitations": ("members.household_invitation",),
    "posted_for_you": ("members.posting",),
    "receipts": ("checkout.receipt", "checkout.parked"),
    "events": ("checkout.event",),
    "standings": ("checkout.board_standing",),
    "placings": ("checkout.board_winner",),
    "allowances": ("checkout.allowance",),
    "points": ("ledger.account", "ledger.lot", "ledger.hold", "ledger.pin", "ledger.extension"),
    "moves": (
        "ledger.move",
        "ledger.operation",
        "ledger.joining",
        "ledger.joined_wallet",
        "ledger.carried",
    ),
    "claims": ("rewards.claim", "rewards.claim_step", "rewards.claim_coupon", "rewards.pool_code"),
    "wishes": ("rewards.wish",),
    "coupons": ("rewards.coupon",),
    "coupon_uses": ("rewards.coupon_use",),
    "keepsakes": ("rewards.keepsake",),
    "entries": ("rewards.draw_entry",),
    "wins": ("rewards.win",),
    "levels": ("tiers.standing",),
    "level_changes": ("tiers.change",),
    "privileges_used": ("tiers.privilege_use",),
    "referral_codes": ("referrals.code",),
    "referrals": ("referrals.referral", "referrals.purchase", "referrals.payment"),
    "passkeys": ("access.passkey",),
    "signed_in": ("access.person_session",),
    "merges": ("identity.merge",),
    "done_with_your_data": ("access.audit", "access.request", "access.answer"),
    "seen_by": ("identity.sight",),
}
_UNTOLD: Mapping[str, tuple[str, ...]] = {
    "it tells of others as well": ("members.likeness", "members.likely", "members.verdict"),
    "sums of what receipts tell": ("checkout.history_day", "checkout.history_mark"),
    "what receipts and claims mean for budgets and partners": (
        "budgets.counter",
        "budgets.kept",
        "budgets.drawn",
        "budgets.joined",
        "partners.posting",
        "checkout.order_prize",
    ),
    "a promise of minutes": ("checkout.quote", "access.code_challenge"),
    "a keyed mark of a phone or address and a network, which nobody can read": (
        "access.code_home",
    ),
    "keys": ("access.seal_key",),
    "it waits for a second person, at most a day": ("access.approval",),
    "a file on its way, or what could not be read of it": (
        "warehouse.quarantine",
        "warehouse.waiting_return",
    ),
    "there is nobody to tell": ("identity.erasure",),
}
TOLD: Mapping[str, str] = {table: name for name, tables in _TOLD.items() for table in tables}
UNTOLD: Mapping[str, str] = {table: why for why, tables in _UNTOLD.items() for table in tables}
