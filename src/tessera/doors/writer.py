"""The writer: every door hands its receipts to it, it settles them in batches.

(interface; the lead is writing the body)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tessera.access.core import Principal
from tessera.checkout.core import Ask


@dataclass(frozen=True, slots=True)
class Job:
    """One writing call of the checkout, and who makes it."""

    principal: Principal
    operation: str
    key: str
    ask: Ask
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """HTTP status and JSON bytes: an Answer, or a problem document."""

    status: int
    body: bytes
