"""The proof of boards, asked of the database: differences as sentences."""

from __future__ import annotations

from tessera.base.proof import Proof

PROOF = Proof(__file__, "prizes of boards")
