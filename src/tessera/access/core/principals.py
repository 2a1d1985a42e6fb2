"""Who calls, and whether the policy lets them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tessera.access.core.policy import POLICY, Role
from tessera.base.refusal import Refusal


class Principal(Struct, frozen=True):
    """Whoever holds an API key. A till's key belongs to one store."""

    id: UUID
    name: str
    role: Role
    store: str | None
    rate_per_s: int
    expires_at: datetime | None = None


def allowed(principal: Principal, operation: str, store: str | None) -> Refusal | None:
    """None if the policy's row lets this principal do it there, else the refusal.

    store  the store the call is about; None where the operation is about none
    """
    scope = POLICY.get(operation, {}).get(principal.role)
    if scope is None:
        return Refusal(
            "not_allowed", "", f"a key of role {principal.role} may not {operation}",
            "use a key whose role has this operation",
        )  # fmt: skip
    if scope == "own_store" and store is not None and store != principal.store:
        return Refusal(
            "other_store", "store", f"this key belongs to store {principal.store}, not {store}",
            "use the key of that store's tills",
        )  # fmt: skip
    return None
