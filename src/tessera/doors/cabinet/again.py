"""The way over a fresh proof, where an operation asks members for one."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.entrance.onward import STALE
from tessera.doors.web.page import See, Shown


def proved_first(answer: object, path: str, said: str) -> Shown | None:
    """By the sign-in to `path`, with this notice, where the proof is too old; else None."""
    if isinstance(answer, Refusal) and answer.code == STALE:
        return See(f"/m/sign-in?again=1&next={path}", said)
    return None
