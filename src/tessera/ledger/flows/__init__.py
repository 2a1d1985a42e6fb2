"""What happens to points without a receipt: holds whose time is over, runs of time."""

from __future__ import annotations

from tessera.ledger.flows.holds import release_overdue
from tessera.ledger.flows.runs import begin_run, post_page

__all__ = ["begin_run", "post_page", "release_overdue"]
