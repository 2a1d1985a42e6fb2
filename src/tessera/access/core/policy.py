"""Who may do what: one table. Guards, reference and the crawler of the tests are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Role = Literal[
    "owner", "manager", "analyst", "finance", "security", "operator", "executive", "contractor",
    "till", "partner", "integrator", "member", "anybody",
]  # fmt: skip
# all: wherever; own_store: the object's store is one of the caller's; self: what is the caller's.
Scope = Literal["all", "own_store", "self"]
# How a person's data looks: masked as "Anna R.", or a pseudonym: no name, no way to reach her.
Sight = Literal["masked", "pseudonym"]

ROLES: dict[Role, str] = {
    "owner": "administers: all of it, keys and roles too",
    "manager": "runs the program: rules, cards, members, points",
    "analyst": "asks about behaviour; sees pseudonyms",
    "finance": "ties points to money; sees pseudonyms",
    "security": "watches keys, incidents and misuse; ends keys, blocks cards",
    "operator": "answers the phone: one member at a time",
    "executive": "reads totals",
    "contractor": "helps for a term with rules and figures; sees pseudonyms; always expires",
    "till": "a till of one store or several: one card at a time, no lists",
    "partner": "a coalition shop: what a till may, in its own stores",
    "integrator": "connects tills and shops: what a till may, in every store",
    "member": "who buys: what is his own",
    "anybody": "nobody in particular: signing in, joining",
}
PSEUDONYM: frozenset[Role] = frozenset({"analyst", "finance", "executive", "contractor"})
# What shows persons as they are, or rows as they came in: not for who sees pseudonyms.
BARE = frozenset({
    "member.reveal", "member.export", "audit.reveal", "import.preview", "quarantine.open",
    "quarantine.export",
})  # fmt: skip
PEOPLE: frozenset[Role] = frozenset({"member", "anybody"})  # no key is issued for these
EXPIRES: frozenset[Role] = frozenset({"contractor"})  # nobody has one of these without an end


STAFF: tuple[Role, ...] = (
    "manager", "analyst", "finance", "security", "operator", "executive", "contractor",
    "integrator",
)  # fmt: skip
# What anybody knocks with, and what whoever is signed in may about his own signing in.
SIGN_IN = (
    "sign_in.invitation", "sign_in.enrol", "sign_in.staff", "sign_in.code", "sign_in.prove",
    "sign_in.passkey", "sign_in.signed", "sign_in.provider", "sign_in.back",
)  # fmt: skip
OWN_SIGN_IN = (
    "session.list", "session.end", "session.renew", "passkey.list", "passkey.begin",
    "passkey.add", "passkey.remove", "recovery.read", "recovery.make",
)  # fmt: skip
OF_STAFF = ("session.renew", "recovery.read", "recovery.make")  # of these a member has none

# Whoever has one of these can make himself, or a puppet, all that an owner is as far as he goes.
LIKE_OWNER = frozenset({
    "key.issue", "key.rotate", "role.make", "role.change", "staff.invite", "staff.change",
    "staff.reset",
})  # fmt: skip


def _all(*roles: Role) -> dict[Role, Scope]:
    """The owner and these, everywhere."""
    return dict.fromkeys(("owner", *roles), "all")


def _counter(*roles: Role, scope: Scope = "own_store") -> dict[Role, Scope]:
    """Whoever rings up, tills and partners only so far; these office roles everywhere."""
    return _all("integrator", *roles) | {"till": scope, "partner": scope}


_SELF: dict[Role, Scope] = {"member": "self"}

# operation -> role -> how far. What has no row is denied, and fails the build.
POLICY: dict[str, Mapping[Role, Scope]] = {
    # At the counter
    "identify": _counter("operator", "manager", scope="all"),
    "quote": _counter(),
    "quote.cancel": _counter(),
    "receipt.confirm": _counter(),
    "receipt.checkout": _counter(),
    "receipt.bulk": _counter(),
    "receipt.return": _counter(),
    "receipt.read": _counter("manager", "operator", "analyst", "finance", "security", "contractor"),
    "event.post": _counter(),
    "member.register": _counter("manager", "operator", scope="all"),
    "transfer.send": _counter("manager", "operator"),  # a till: with the sender's card
    "store.list": _counter(
        "manager", "operator", "analyst", "finance", "security", "executive", "contractor"
    ),
    "allowance.issue": _all("integrator") | {"till": "own_store"},
    "allowance.key": _all("integrator") | {"till": "all"},
    # One account's points
    "receipt.history": _all("manager", "operator", "analyst", "finance", "security"),
    "points.read": _all("manager", "operator", "analyst", "finance", "security"),
    "points.history": _all("manager", "operator", "analyst", "finance", "security"),
    "event.history": _all("manager", "operator", "analyst", "security"),
    "donation.make": _all("manager", "operator"),
    "exchange.make": _all("manager", "operator"),
    "adjustment.make": _all("manager", "operator"),
    "extension.make": _all("manager", "operator"),
    "budget.list": _all("manager", "analyst", "finance", "executive", "contractor"),
    "budget.read": _all("manager", "analyst", "finance", "executive", "contractor"),
    "points.outstanding": _all("manager", "analyst", "finance", "executive", "contractor"),
    # Partners: a key of the role `partner` sees the one that has all of its stores
    "partner.list": _all("manager", "analyst", "finance", "executive", "contractor"),
    "partner.statement": _all("manager", "finance", "executive") | {"partner": "own_store"},
    "partner.statements": _all("manager", "finance", "executive") | {"partner": "own_store"},
    "partner.postings": _all("manager", "finance") | {"partner": "own_store"},
    "partner.close": _all("finance"),
    "partner.adjust": _all("finance"),
    # Members and their cards
    "member.read": _all("manager", "operator", "analyst", "security"),
    "member.change": _all("manager", "operator"),
    "member.list": _all("manager", "operator", "analyst"),
    "member.search": _all("manager", "operator", "security"),
    "member.timeline": _all("manager", "operator", "security"),
    "member.household": _all("manager", "operator", "analyst", "security"),
    "member.identifier": _all("manager", "operator"),
    "identifier.remove": _all("manager", "operator"),
    "duplicate.near": _all("integrator", "manager", "operator") | {"till": "all"},
    "duplicate.list": _all("manager", "operator"),
    "duplicate.different": _all("manager", "operator"),
    "duplicate.same": _all("manager", "operator"),
    "member.reveal": _all("manager", "operator", "security"),
    "member.sights": _all("security"),
    "member.export": _all("operator", "security"),
    "member.erase": _all("operator", "security"),
    "erasure.list": _all("security", "integrator"),
    **dict.fromkeys(("me.referral", "me.referral.make"), _SELF),
    "referral.list": _all("manager", "operator", "analyst", "security"),
    "me.points": _SELF,
    "me.receipts": _SELF,
    "me.receipt": _SELF,
    "member.merge": _all("manager", "operator"),
    "member.merges": _all("manager", "operator", "analyst", "security"),
    "merge.read": _all("manager", "operator", "analyst", "security"),
    "merge.undo": _all("manager", "operator"),
    "household.found": _all("manager", "operator"),
    "household.read": _all("manager", "operator", "analyst", "security"),
    "household.invite": _all("manager", "operator"),
    "household.answer": _all("manager", "operator"),
    "household.change": _all("manager", "operator"),
    "household.leave": _all("manager", "operator"),
    "me.household": _SELF,
    "me.household.found": _SELF,
    "me.household.invite": _SELF,
    "me.household.answer": _SELF,
    "me.household.leave": _SELF,
    "me.export": _SELF,
    "me.erase": _SELF,
    "contact.send": _all("manager", "operator"),
    "contact.prove": _all("manager", "operator"),
    "consent.read": _all("manager", "operator", "security"),
    "consent.say": _all("manager", "operator"),
    "consent.link": _all("manager", "integrator"),
    "consent.unsubscribe": {"anybody": "all"},  # the token names what it ends
    "choice.read": _all("manager", "operator", "analyst"),
    "choice.make": _all("manager", "operator"),
    "tier.read": _all("manager", "operator", "analyst", "security"),
    "tier.history": _all("manager", "operator", "analyst", "security"),
    "tier.set": _all("manager", "operator"),
    "tier.use": _all("integrator", "manager", "operator"),
    "tier.ladders": _all("manager", "operator", "analyst", "finance", "executive", "contractor"),
    "tier.near": _all("manager", "operator", "analyst"),
    "me.tiers": _SELF,
    "board.list": _all("manager", "operator", "analyst", "finance", "executive", "contractor"),
    "board.read": _all("manager", "operator", "analyst", "security"),
    "board.close": _all("manager"),
    "me.boards": _SELF,
    "me.nickname": _SELF,
    "join.terms": {"anybody": "all"},
    "join.begin": {"anybody": "all"},
    "join.finish": {"anybody": "all"},
    "join.provider": {"anybody": "all"},
    "join.back": {"anybody": "all"},
    "joining.report": _all("manager", "analyst", "finance", "executive", "contractor"),
    "me.read": _SELF,
    "me.change": _SELF,
    "me.identifier.remove": _SELF,
    "me.contact.send": _SELF,
    "me.contact.prove": _SELF,
    "me.consents": _SELF,
    "me.consent": _SELF,
    "me.choices": _SELF,
    "me.choose": _SELF,
    "me.card": _SELF,
    **dict.fromkeys(("me.home", "me.code", "me.number", "me.rules"), _SELF),
    **dict.fromkeys(("me.inbox", "me.inbox.read", "me.ways", "me.transfer", "me.donate"), _SELF),
    **dict.fromkeys(("me.proof", "me.prove"), _SELF),
    # Rewards and what members have claimed
    "reward.list": _all("manager", "operator", "analyst", "finance"),
    "reward.read": _all("manager", "operator", "analyst", "finance"),
    "reward.make": _all("manager"),
    "reward.change": _all("manager"),
    "reward.place": _all("manager"),
    "reward.stock": _all("manager"),
    "reward.picture": _all("manager"),
    "picture.read": {"anybody": "all"},  # by the digest of its bytes
    "pool.list": _all("manager", "finance"),
    "pool.make": _all("manager"),
    "pool.add": _all("manager", "integrator"),
    "claim.list": _all("manager", "operator", "finance"),
    "claim.make": _all("manager", "operator"),
    "claim.check": _counter("manager", "operator", scope="all"),
    "claim.hand": _counter("manager", "operator"),
    "claim.read": _all("manager", "operator", "finance"),
    "claim.mark": _all("manager", "operator"),
    "claim.cancel": _all("manager", "operator"),
    **dict.fromkeys(("me.rewards", "me.claim.make", "me.claims", "me.claim"), _SELF),
    **dict.fromkeys(("me.claim.reveal", "me.claim.cancel", "me.wish"), _SELF),
    # Draws
    "draw.list": _all("manager", "operator", "analyst", "finance", "executive", "contractor"),
    "draw.read": _all("manager", "operator", "finance", "security"),
    "draw.entries": _all("manager", "operator", "analyst", "finance", "security", "executive"),
    "draw.run": _all("manager"),
    "draw.hand_over": _all("manager", "operator"),
    **dict.fromkeys(("me.luck", "me.draws"), _SELF),
    "coupon.kinds": _all("manager", "analyst", "finance", "executive", "operator", "contractor"),
    "coupon.order": _all("manager"),
    "coupon.batches": _all("manager", "finance", "security"),
    "coupon.batch": _all("manager", "finance", "security"),
    "coupon.revoke": _all("manager", "security"),
    "coupon.export": _all("manager"),
    "coupon.find": _all("manager", "operator", "security"),
    "coupon.void": _all("manager", "operator", "security"),
    "coupon.member": _all("manager", "operator", "security"),
    "me.coupons": _SELF,
    "card.issue": _all("manager"),
    "card.batches": _all("manager", "security"),
    "card.batch": _all("manager", "security"),
    "card.numbers": _all("manager"),
    "card.sheet": _all("manager"),
    "card.block": _all("manager", "operator", "security"),
    "card.unblock": _all("manager", "operator", "security"),
    "card.replace": _all("manager", "operator"),
    # The program
    "program.publish": _all("manager"),
    "program.check": _all("manager", "analyst", "contractor"),
    "program.announce": _all("manager"),
    "program.rollback": _all("manager"),
    "program.versions": _all("manager", "analyst", "finance", "executive", "contractor"),
    "program.version": _all("manager", "analyst"),  # it tells its hidden rules, so does read
    "program.read": _all("manager", "analyst", "operator", "security"),
    "program.kinds": _all("manager", "analyst", "contractor"),
    "draft.list": _all("manager", "analyst"),
    "draft.make": _all("manager"),
    "draft.read": _all("manager", "analyst"),
    "draft.change": _all("manager"),
    "draft.rebase": _all("manager"),
    "draft.drop": _all("manager"),
    "draft.check": _all("manager", "analyst"),
    "draft.try": _all("manager", "analyst"),
    # The house
    "store.put": _all("manager", "integrator"),
    "key.issue": _all(),
    "key.list": _all("security"),
    "key.read": _all("security"),
    "key.rotate": _all(),
    "key.revoke": _all("security"),
    "role.make": _all(),
    "role.list": _all("security"),
    "role.read": _all("security"),
    "role.change": _all(),
    "role.end": _all("security"),
    "incident.list": _all("security", "operator", "integrator"),
    "incident.read": _all("security", "operator", "integrator"),
    "incident.open": _all("security", "operator", "integrator", "manager"),
    "incident.note": _all("security", "operator", "integrator"),
    "incident.close": _all("security"),
    # Long work, and files that come in
    "task.ask": _all("manager"),
    "task.list": _all("manager", "security", "integrator"),
    "task.read": _all("manager", "security", "integrator"),
    "task.start": _all("manager"),
    "task.stop": _all("manager"),
    "turn.list": _all("manager", "security", "integrator"),
    "import.begin": _all("manager"),
    "import.send": _all("manager"),
    "import.preview": _all("manager"),
    "import.layouts": _all("manager"),
    "quarantine.sums": _all("manager"),
    "quarantine.list": _all("manager"),
    "quarantine.open": _all("manager"),
    "quarantine.mend": _all("manager"),
    "quarantine.drop": _all("manager"),
    "quarantine.export": _all("manager"),
    # Who did what, and what waits for a second person
    "audit.list": _all("security"),
    "audit.export": _all("security"),
    "audit.read": _all("security"),
    "audit.chains": _all("security"),
    "audit.reveal": _all("security"),
    "approval.list": _all("manager", "operator", "security"),
    "approval.read": _all("manager", "operator", "security"),
    "approval.approve": _all("manager", "security"),
    "approval.reject": _all("manager", "security"),
    "approval.withdraw": _all("manager", "operator", "security"),
    # Who is signed in
    **{operation: {"anybody": "all"} for operation in SIGN_IN},
    **dict.fromkeys(OWN_SIGN_IN, _all(*STAFF)),
    **dict.fromkeys((f"me.{name}" for name in OWN_SIGN_IN if name not in OF_STAFF), _SELF),
    "staff.invite": _all(),  # nobody gives, or takes over, what he does not have
    "staff.list": _all("security"),
    "staff.read": _all("security"),
    "staff.change": _all(),
    "staff.reset": _all(),
    "staff.sign_out": _all("security"),
    "staff.end": _all("security"),
    "setup.read": {"anybody": "all"},
    "setup.owner": {"anybody": "all"},  # with the code of whoever starts it
    "today.read": _all(*STAFF),
}


def _turned(policy: Mapping[str, Mapping[Role, Scope]]) -> dict[str, dict[str, Scope]]:
    """The same table by role."""
    found: dict[str, dict[str, Scope]] = {role: {} for role in ROLES}
    for operation, row in policy.items():
        for role, scope in row.items():
            found[role][operation] = scope
    return found


GRANTS: Mapping[str, Mapping[str, Scope]] = _turned(POLICY)  # role -> operation -> how far


def sight_of(role: str) -> Sight:
    """How persons look to a built-in role."""
    return "pseudonym" if role in PSEUDONYM else "masked"
