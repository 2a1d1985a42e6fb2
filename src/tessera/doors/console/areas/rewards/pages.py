"""Rewards with stock and price; claims to be handed over or sent; pools of codes."""

from __future__ import annotations

import base64
from collections import defaultdict
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import end_of
from tessera.doors.console.areas.rewards.form import (
    FUNDING,
    KINDS,
    PERIODS,
    PRIVILEGES,
    filled,
    number_fault,
    terms_of,
    typed,
)
from tessera.doors.language.words import LANGUAGES, N_
from tessera.doors.till.rewards import POOL_CODES
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Upload, Visit

PATH, CLAIMS, POOLS = "/console/rewards", "/console/claims", "/console/pools"
PICTURE_BYTES = 512 * 1024
SAVED = N_("Saved.")
MADE = N_("The reward is a draft. Offer it when it is ready.")
NOW = {
    "offered": N_("Members can have it from now on."), "ended": N_("Nobody can have it any more."),
    "draft": N_("It is a draft again: members do not see it."),
}  # fmt: skip
STATES = {
    "draft": N_("draft"), "offered": N_("on offer"), "ended": N_("ended"),
    "reserved": N_("reserved"), "issued": N_("ready"), "used": N_("used"),
    "cancelled": N_("cancelled"), "expired": N_("expired"),
}  # fmt: skip
DID = {
    "claimed": N_("claimed"), "paid": N_("paid"), "sent": N_("sent"), "revealed": N_("code seen"),
    "handed_over": N_("handed over"), "used": N_("used"), "cancelled": N_("cancelled"),
    "expired": N_("expired"),
}  # fmt: skip
LOADED = N_("The codes are in the pool.")


def _told(visit: Visit) -> dict[str, Any]:
    """What every page of this area says."""
    units = visit.house.shop().program.currencies if visit.house.has_program else {}
    return {
        "kinds": KINDS, "states": STATES, "did": DID, "funding": FUNDING, "periods": PERIODS,
        "privileges": PRIVILEGES, "languages_told": LANGUAGES,
        "units": [(code, each.name or code) for code, each in units.items()],
    }  # fmt: skip


# The catalogue -----------------------------------------------------------------------------------


async def show(visit: Visit) -> Shown:
    """The catalogue."""
    found = await visit.ask("reward.list")
    if isinstance(found, Refusal):
        return found
    items = [each for each in found.items if each.state != "ended"]
    ended = [each for each in found.items if each.state == "ended"]
    return View("rewards/list.html", _told(visit) | {"items": items, "ended": ended})


async def show_new(visit: Visit) -> Shown:
    """What a new reward is."""
    return await _form(visit, typed(visit), None)


async def _form(visit: Visit, said: dict[str, str], reward: Any) -> Shown:
    asked = await visit.ask("pool.list") if visit.may("pool.list") else None
    pools = [] if asked is None or isinstance(asked, Refusal) else asked.items
    kinds = visit.house.shop().program.coupons if visit.house.has_program else {}
    coupons = [(kind, each.name) for kind, each in kinds.items() if each.code is None]
    values = {
        "said": defaultdict(str, said), "reward": reward, "pools": pools, "coupons": coupons,
        "currency": visit.house.currency,
    }  # fmt: skip
    return View("rewards/form.html", _told(visit) | values)


async def make(visit: Visit) -> Shown:
    """It begins as a draft."""
    terms = terms_of(visit)
    if isinstance(terms, Refusal):
        return terms
    stock = _stock(visit)
    if isinstance(stock, Refusal):
        return stock
    body = {"code": visit.form.get("code"), "terms": terms, "stock": stock}
    done = await visit.ask("reward.make", body=body)
    return visit.done(_plain(done), f"{PATH}/{visit.form.get('code')}", MADE)


def _plain(answer: Any) -> Any:
    """A fault of `terms.points` belongs to the field `points`; of a name, to the first."""
    if not isinstance(answer, Refusal):
        return answer
    field = answer.field.rpartition(".")[2]
    return Refusal(answer.code, {"names": "name_en"}.get(field, field), answer.why, answer.cure)


def _stock(visit: Visit) -> int | Refusal | None:
    text = "".join(visit.form.get("stock").split())
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 9:
        return int(text)
    return number_fault(visit, "stock")


async def show_one(visit: Visit) -> Shown:
    """One reward: what it is, how many there are, what was claimed of it."""
    reward = await visit.ask("reward.read", path=visit.words)
    if isinstance(reward, Refusal):
        return reward
    asked = {"reward": reward.code, "limit": 20}
    claims = await visit.ask("claim.list", query=asked) if visit.may("claim.list") else None
    items = [] if claims is None or isinstance(claims, Refusal) else claims.items
    return View("rewards/reward.html", _told(visit) | {
        "reward": reward, "terms": reward.terms, "claims": items,
        "currency": visit.house.currency, "unasked": _unasked(visit, reward.terms.coupon),
    })  # fmt: skip


def _unasked(visit: Visit, kind: str) -> bool:
    """Whether it sells a coupon for which nobody gets anything."""
    asked = visit.house.shop().program.coupon_rules.values()
    return bool(kind) and kind not in asked


async def place(visit: Visit) -> Shown:
    """On offer, ended, or a draft again."""
    state = visit.form.get("state")
    done = await visit.ask("reward.place", path=visit.words, body={"state": state})
    return visit.done(done, visit.path, NOW.get(state, SAVED))


async def stock(visit: Visit) -> Shown:
    """How many there are in all."""
    many = _stock(visit)
    if isinstance(many, Refusal):
        return many
    done = await visit.ask("reward.stock", path=visit.words, body={"stock": many})
    return visit.done(done, visit.path, SAVED)


async def picture(visit: Visit) -> Shown:
    """How it looks."""
    came = visit.form.files.get("picture")
    _ = visit.local.gettext
    raw = b"" if came is None else _read(came)
    if not raw or len(raw) > PICTURE_BYTES:
        return Refusal("picture_refused", "picture",
                       _("A picture is a PNG, JPEG or WebP of at most 512 KiB."),
                       _("Choose a smaller one."))  # fmt: skip
    body = {"body": base64.b64encode(raw).decode()}
    return visit.done(await visit.ask("reward.picture", path=visit.words, body=body), visit.path,
                      SAVED)  # fmt: skip


def _read(came: Upload) -> bytes:
    """A file, whole; its page bounds it."""
    with came.file:
        return came.file.read()


async def show_change(visit: Visit) -> Shown:
    """The terms, to be changed."""
    reward = await visit.ask("reward.read", path=visit.words)
    if isinstance(reward, Refusal):
        return reward
    said = typed(visit) if visit.posted else filled(reward.terms, visit)
    return await _form(visit, said, reward)


async def change(visit: Visit) -> Shown:
    """Other terms; claims that were made keep theirs."""
    reward = await visit.ask("reward.read", path=visit.words)
    if isinstance(reward, Refusal):
        return reward
    terms = terms_of(visit, reward.terms.kind)
    if isinstance(terms, Refusal):
        return terms
    terms |= {name: kept for name in ("pool", "coupon") if (kept := getattr(reward.terms, name))}
    done = await visit.ask("reward.change", path=visit.words, body={"terms": terms})
    return visit.done(_plain(done), f"{PATH}/{visit.words['reward']}", SAVED)


# Claims ------------------------------------------------------------------------------------------


async def show_claims(visit: Visit) -> Shown:
    """What is to be sent or paid first, then all."""
    state = visit.query.get("state", "reserved")
    asked = {"state": "" if state == "all" else state, "cursor": visit.query.get("cursor"),
             "limit": 50}  # fmt: skip
    found = await visit.ask("claim.list", query=asked)
    if isinstance(found, Refusal):
        return found
    return View("rewards/claims.html", _told(visit) | {
        "items": found.items, "state": state, "currency": visit.house.currency,
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": f"{CLAIMS}?state={state}" if visit.query.get("cursor") else "",
    })  # fmt: skip


async def show_claim(visit: Visit) -> Shown:
    """One claim, and what happened to it."""
    claim = await visit.ask("claim.read", path=visit.words)
    if isinstance(claim, Refusal):
        return claim
    return View("rewards/claim.html", _told(visit) | {
        "claim": claim, "currency": visit.house.currency,
        "steps": [_step(visit, each) for each in reversed(claim.steps)],
    })  # fmt: skip


def _step(visit: Visit, step: Any) -> dict[str, Any]:
    kind = {"cancelled": "bad", "expired": "bad", "handed_over": "good"}.get(step.did, "")
    return {
        "when": visit.local.moment(step.at), "at": step.at.isoformat(), "kind": kind,
        "title": visit.local.gettext(DID[step.did]),
        "text": " · ".join(filter(None, (step.store, step.reason))),
    }  # fmt: skip


async def mark(visit: Visit) -> Shown:
    """It was paid, sent, or handed over."""
    body = {"to": visit.form.get("to"), "reason": visit.form.get("reason")}
    return visit.done(await visit.ask("claim.mark", path=visit.words, body=body), visit.path, SAVED)


async def cancel(visit: Visit) -> Shown:
    """It is given back."""
    body = {"reason": visit.form.get("reason")}
    done = await visit.ask("claim.cancel", path=visit.words, body=body)
    return visit.done(done, visit.path, N_("Cancelled: the points are back."))


# Pools -------------------------------------------------------------------------------------------


async def show_pools(visit: Visit) -> Shown:
    """Pools, with how many codes are left."""
    found = await visit.ask("pool.list")
    if isinstance(found, Refusal):
        return found
    return View("rewards/pools.html", _told(visit) | {"items": found.items})


async def make_pool(visit: Visit) -> Shown:
    """A pool begins, empty."""
    warn = visit.form.get("warn_at") or "0"
    if not (warn.isascii() and warn.isdecimal() and len(warn) <= 6):
        return number_fault(visit, "warn_at")
    body = {"code": visit.form.get("code"), "name": visit.form.get("name"), "warn_at": int(warn)}
    return visit.done(await visit.ask("pool.make", body=body), POOLS, SAVED)


async def load(visit: Visit) -> Shown:
    """A file or a text of codes, one a line; sent again, it adds nothing twice."""
    came, _ = visit.form.files.get("file"), visit.local.gettext
    try:
        text = _read(came).decode("utf-8-sig") if came else visit.form.get("codes")
    except UnicodeDecodeError:
        return Refusal("codes_invalid", "file", _("This is no text file."),
                       _("Save it as UTF-8, one code a line."))  # fmt: skip
    codes = [word for line in text.splitlines() if (word := line.partition(",")[0].strip())]
    if not codes:
        return Refusal("codes_invalid", "codes", _("There is no code."),
                       _("Type one code a line, or choose a file."))  # fmt: skip
    ends = end_of(visit, "expires")
    if isinstance(ends, Refusal):
        return ends
    path, key = {"pool": visit.form.get("pool")}, visit.form.key
    for n, at in enumerate(range(0, len(codes), POOL_CODES)):
        body = {"codes": codes[at : at + POOL_CODES], "expires_at": ends}
        done = await visit.ask("pool.add", path=path, body=body, key=f"{key}-{n}" if n else key)
        if isinstance(done, Refusal):
            return done
    return visit.done(None, POOLS, LOADED)


PAGES: tuple[Page, ...] = (
    Page(
        name="rewards.list", path=PATH, show=show, title=N_("Rewards"),
        purpose=N_("What points are good for: what is on offer, what it costs, how many are left."),
        needs=("reward.list",), menu=Menu("program", 30, N_("Rewards"), "rewards"),
    ),
    Page(
        name="rewards.new", path=f"{PATH}/new", show=show_new, title=N_("New reward"),
        purpose=N_("It begins as a draft: members see it once you offer it."),
        needs=("reward.make",), acts={"make": make},
    ),
    Page(
        name="rewards.reward", path=f"{PATH}/{{reward}}", show=show_one, title=N_("Reward"),
        purpose=N_("What this reward is, whether members see it, and how many are left."),
        needs=("reward.read",), acts={"place": place, "stock": stock, "picture": picture},
        uploads=PICTURE_BYTES + 4096,
    ),
    Page(
        name="rewards.change", path=f"{PATH}/{{reward}}/terms", show=show_change,
        title=N_("Change a reward"), needs=("reward.change",), acts={"change": change},
        purpose=N_("It holds for whoever takes it from now on; what was taken keeps its price."),
    ),
    Page(
        name="rewards.claims", path=CLAIMS, show=show_claims, title=N_("Claims"),
        purpose=N_("What members have taken: to be sent, paid for or handed over."),
        needs=("claim.list",),
    ),
    Page(
        name="rewards.claim", path=f"{CLAIMS}/{{claim_id}}", show=show_claim, title=N_("Claim"),
        purpose=N_("What a member took for points, and how far it is."),
        needs=("claim.read",), acts={"mark": mark, "cancel": cancel},
    ),
    Page(
        name="rewards.pools", path=POOLS, show=show_pools, title=N_("Pools of codes"),
        purpose=N_("Codes of others: tickets, top-ups, miles. Each goes to one member."),
        needs=("pool.list",), acts={"make": make_pool, "load": load}, uploads=16 * 1024 * 1024,
    ),
)  # fmt: skip
