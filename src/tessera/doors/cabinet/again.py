"""The way over a fresh proof, where an operation asks members for one: a code to one's contact.

It is asked for as who is signed in, so strangers beside him use up nothing that he needs.
"""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.entrance.onward import STALE
from tessera.doors.web.page import See, Shown
from tessera.doors.web.visit import Visit


def proved_first(answer: object, path: str, said: str) -> Shown | None:
    """By the sign-in to `path`, with this notice, where the proof is too old; else None."""
    if isinstance(answer, Refusal) and answer.code == STALE:
        return See(f"/m/sign-in?again=1&next={path}", said)
    return None


async def sent(visit: Visit) -> Any:
    """A code is on its way; its field is `entrance/proof.html`. Errors: those of `me.proof`."""
    return await visit.ask("me.proof", body={})


async def refused(visit: Visit) -> Refusal | None:
    """Why what was typed there proves nothing; None: it does, for ten minutes."""
    code = {"code": visit.form.get("code").replace(" ", "")}
    path = {"challenge_id": visit.form.get("challenge") or "-"}
    done = await visit.ask("me.prove", path=path, body=code)
    return Refusal(done.code, "code", done.why, done.cure) if isinstance(done, Refusal) else None


def kept(visit: Visit) -> dict[str, str] | None:
    """The code that was asked for before, for its field once more; None: none was."""
    said = {"challenge_id": visit.form.get("challenge"), "to": visit.form.get("sent_to")}
    return said if said["challenge_id"] else None
