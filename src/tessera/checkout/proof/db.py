"""The proof of the checkout, asked of the database: differences as sentences."""

from __future__ import annotations

from tessera.base.proof import Proof

PROOF = Proof(__file__, "operations", "receipts", "events")
