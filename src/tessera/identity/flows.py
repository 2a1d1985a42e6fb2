"""A person across all rooms: two members that are one, and two again."""

from __future__ import annotations

from tessera.identity.merging.flows import Ask, Merged, merge, undo

__all__ = ["Ask", "Merged", "merge", "undo"]
