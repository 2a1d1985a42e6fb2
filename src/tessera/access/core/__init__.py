"""Who may do what (one table), how a key looks, and how a writing call happens only once."""

from tessera.access.core.keys import (
    CHANCE_BYTES,
    LETTERS,
    RATES,
    SESSION_IDLE,
    SESSION_LIFE,
    SESSION_SEEN_EVERY,
    SESSIONS_MOST,
    ApiKey,
    is_token,
    key_fault,
    token,
    token_hash,
)
from tessera.access.core.once import (
    WHOLE,
    Claim,
    Known,
    Replay,
    answer_day,
    body_fields,
    body_names,
    fingerprint,
    first_difference,
    judge,
)
from tessera.access.core.policy import (
    ANYBODY,
    POLICY,
    Role,
    Scope,
)
from tessera.access.core.principals import (
    Principal,
    allowed,
)

__all__ = [
    "ANYBODY",
    "CHANCE_BYTES",
    "LETTERS",
    "POLICY",
    "RATES",
    "SESSIONS_MOST",
    "SESSION_IDLE",
    "SESSION_LIFE",
    "SESSION_SEEN_EVERY",
    "WHOLE",
    "ApiKey",
    "Claim",
    "Known",
    "Principal",
    "Replay",
    "Role",
    "Scope",
    "allowed",
    "answer_day",
    "body_fields",
    "body_names",
    "fingerprint",
    "first_difference",
    "is_token",
    "judge",
    "key_fault",
    "token",
    "token_hash",
]
