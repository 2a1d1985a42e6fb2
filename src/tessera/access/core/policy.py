"""Who may do what: one table. Guards, reference and the crawler of the tests are made from it."""

from __future__ import annotations

from typing import Literal

Role = Literal["till", "admin"]
Scope = Literal["own_store", "all"]
ANYBODY = "anybody"

# operation -> role -> how far. What has no row is denied, and fails the build.
POLICY: dict[str, dict[Role, Scope]] = {
    "identify": {"till": "all", "admin": "all"},
    "quote": {"till": "own_store", "admin": "all"},
    "quote.cancel": {"till": "own_store", "admin": "all"},
    "receipt.confirm": {"till": "own_store", "admin": "all"},
    "receipt.checkout": {"till": "own_store", "admin": "all"},
    "receipt.bulk": {"till": "own_store", "admin": "all"},
    "allowance.issue": {"till": "own_store", "admin": "all"},
    "allowance.key": {"till": "all", "admin": "all"},
    "receipt.return": {"till": "own_store", "admin": "all"},
    "receipt.read": {"till": "own_store", "admin": "all"},
    "receipt.history": {"admin": "all"},
    "transfer.send": {"till": "own_store", "admin": "all"},  # a till: with the sender's card
    "donation.make": {"admin": "all"},
    "exchange.make": {"admin": "all"},
    "adjustment.make": {"admin": "all"},
    "extension.make": {"admin": "all"},
    "points.read": {"admin": "all"},
    "points.history": {"admin": "all"},
    "event.post": {"till": "own_store", "admin": "all"},
    "event.history": {"admin": "all"},
    "member.register": {"till": "all", "admin": "all"},
    "member.read": {"admin": "all"},
    "member.change": {"admin": "all"},
    "member.list": {"admin": "all"},
    "member.identifier": {"admin": "all"},
    "card.issue": {"admin": "all"},
    "card.batches": {"admin": "all"},
    "card.numbers": {"admin": "all"},
    "card.block": {"admin": "all"},
    "card.unblock": {"admin": "all"},
    "card.replace": {"admin": "all"},
    "store.put": {"admin": "all"},
    "store.list": {"till": "own_store", "admin": "all"},
    "key.issue": {"admin": "all"},
    "key.list": {"admin": "all"},
    "key.revoke": {"admin": "all"},
    "program.publish": {"admin": "all"},
    "program.check": {"admin": "all"},
    "program.announce": {"admin": "all"},
    "program.rollback": {"admin": "all"},
    "program.versions": {"admin": "all"},
    "program.version": {"admin": "all"},
    "program.read": {"admin": "all"},  # it tells its hidden rules
    "incident.list": {"admin": "all"},
    "incident.open": {"admin": "all"},
    "incident.note": {"admin": "all"},
    "incident.close": {"admin": "all"},
    "points.outstanding": {"admin": "all"},
    "console.card": {"admin": "all"},
}
