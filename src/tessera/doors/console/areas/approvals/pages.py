"""What waits for a second person: the queue, one proposal, and the decision."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.approvals.telling import limit_told, told
from tessera.doors.console.areas.entrance.onward import renewed_first
from tessera.doors.console.areas.roles.naming import called, role_called
from tessera.doors.language.words import N_
from tessera.doors.till.approvals import ApprovalView, Approved
from tessera.doors.web.page import Menu, Page, See, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/approvals"
DONE = N_("Agreed, and done.")
REJECTED = N_("Rejected. Nothing was done.")
WITHDRAWN = N_("Withdrawn. Nothing was done.")
TOLD_TO_NOBODY = N_(
    "Agreed, and done. The secret is told to nobody: whoever proposed it makes a new one."
)
# Their answers hold a secret that the approver must not have.
SECRET = ("key.issue", "staff.invite", "staff.reset")


async def show(visit: Visit) -> Shown:
    """What waits for me, what I have proposed, and what was decided."""
    past = visit.query.get("show") == "all"
    asked = {"cursor": visit.query.get("cursor"), "limit": 50, "state": "" if past else "open"}
    found = await visit.ask("approval.list", query=asked)
    if isinstance(found, Refusal):
        return found
    mine = [each for each in found.items if is_mine(visit, each)]
    others = [each for each in found.items if not is_mine(visit, each)]
    return View("approvals/list.html", {
        "past": past, "mine": mine, "others": others, "all": found.items,
        "called": lambda name: called(visit, name), "limit": lambda name: limit_told(visit, name),
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": visit.here(cursor="") if visit.query.get("cursor") else "",
    })  # fmt: skip


def is_mine(visit: Visit, proposal: ApprovalView) -> bool:
    """Whether the one who looks is who proposed it, as far as the page can tell.

    Who decides is the operation: it counts a key as whoever issued it.
    """
    return visit.who is not None and visit.who.principal.id == proposal.proposed_by.principal_id


async def show_one(visit: Visit) -> Shown:
    """Who, what, why it waits, what is there now and what would be there then."""
    proposal = await visit.ask("approval.read", path=visit.words)
    if isinstance(proposal, Refusal):
        return proposal
    mine, open_ = is_mine(visit, proposal), proposal.state == "open"
    return View("approvals/proposal.html", {
        "proposal": proposal, "mine": mine, "called": called(visit, proposal.operation),
        "role": role_called(visit, proposal.proposed_by.role),
        "limit": limit_told(visit, proposal.limit), "may_decide": open_ and not mine,
        "told": await told(visit, proposal) if open_ else None,
        "reason": visit.form.get("reason"),
    })  # fmt: skip


async def approve(visit: Visit) -> Shown:
    """Yes, to exactly what the page has shown: its fingerprint comes along."""
    body = {"hash": visit.form.get("hash")}
    done = await visit.ask("approval.approve", path=visit.words, body=body)
    first = renewed_first(visit, done, visit.path)
    if first is not None:
        return first
    if isinstance(done, Approved) and done.operation in SECRET:
        return See(visit.path, TOLD_TO_NOBODY)
    return visit.done(done, visit.path, DONE)


async def reject(visit: Visit) -> Shown:
    """No, and why."""
    body = {"reason": visit.form.get("reason")}
    done = await visit.ask("approval.reject", path=visit.words, body=body)
    return visit.done(done, visit.path, REJECTED)


async def withdraw(visit: Visit) -> Shown:
    """Taken back by whoever proposed it."""
    done = await visit.ask("approval.withdraw", path=visit.words)
    return visit.done(done, visit.path, WITHDRAWN)


PAGES: tuple[Page, ...] = (
    Page(
        name="approvals.list", path=PATH, show=show, title=N_("Approvals"),
        purpose=N_("What is too much for one person waits here until another one agrees, "
                   "for a day at most."),
        needs=("approval.list",), menu=Menu("work", 20, N_("Approvals"), "good"),
    ),
    Page(
        name="approvals.proposal", path=f"{PATH}/{{approval_id}}", show=show_one,
        title=N_("Proposal"), needs=("approval.read",),
        purpose=N_("Who asked for what, and why a second person decides about it."),
        acts={"approve": approve, "reject": reject, "withdraw": withdraw},
    ),
)  # fmt: skip
