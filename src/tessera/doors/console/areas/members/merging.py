"""Two members who are one: merges and their undoing."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import at_field, head, meant
from tessera.doors.language.words import N_
from tessera.doors.till.merges import MergeTold, PointsWent
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

MERGED = N_("The two are one member now. It can be undone here.")
UNDONE = N_("They are two members again.")


async def show(visit: Visit) -> Shown:
    """A member's merges, on either side, and the form for another one."""
    known = await head(visit)
    if not isinstance(known, dict):
        return known
    found = await visit.ask("member.merges", path={"member_id": known["member"].member_id})
    if isinstance(found, Refusal):
        return found
    return View("members/merges.html", known | {
        "merges": found.items, "covered": _covered(found.items),
        "second": "merge" in known["program"].approvals,
        "went": lambda points: _went(visit, points),
    })  # fmt: skip


def _covered(merges: Sequence[MergeTold]) -> set[UUID]:
    """Whose member was merged again since, so that they cannot be undone yet; newest first."""
    last: dict[UUID, UUID] = {}
    return {
        each.merge_id for each in merges
        if not each.undone_at and last.setdefault(each.member_id, each.merge_id) != each.merge_id
    }  # fmt: skip


def _went(visit: Visit, points: Sequence[PointsWent]) -> str:
    """What went over: "120, 3 stamps"."""
    return ", ".join(
        " ".join(filter(None, (visit.local.count(each.points), each.currency)))
        for each in points
    )  # fmt: skip


async def merge(visit: Visit) -> Shown:
    """Another member is the same person as this one, who stays."""
    other = await meant(visit, "merge_other")
    if isinstance(other, Refusal):
        return other
    body = {"other": other, **visit.body(reason="merge_reason", keep="merge_keep")}
    path = {"member_id": visit.words["member_id"]}
    done = await visit.ask("member.merge", path=path, body=body)
    return visit.done(at_field(done, "merge_"), visit.path, MERGED)


async def undo(visit: Visit) -> Shown:
    """They are two after all."""
    body = {"reason": visit.form.get("undo_reason")}
    done = await visit.ask("merge.undo", path={"merge_id": visit.form.get("merge_id")}, body=body)
    return visit.done(at_field(done, "undo_"), visit.path, UNDONE)


ACTS = {"merge": merge, "undo": undo}
