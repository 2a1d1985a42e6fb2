"""The catalogue of rewards and the pools of codes, over HTTP, for the office."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from tessera.base.refusal import Refusal
from tessera.base.text import Code, Key, Name
from tessera.doors.call import Call, Operation
from tessera.doors.problems import Reply
from tessera.doors.till.suiting import condition_of, misfit
from tessera.rewards.catalogue import core, db, flows
from tessera.rewards.catalogue.core import Reward, RewardState, Terms
from tessera.rewards.pools import db as pools_db
from tessera.rewards.pools import flows as pools
from tessera.rules.core.conditions import Condition, sentence
from tessera.rules.core.words import Program

Stock = Annotated[int, Meta(ge=0, le=10**9)]
POOL_CODES = 5_000


class MakeReward(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A reward begins as a draft. `stock`: so many there are; left out: no end is known."""

    code: Code
    terms: Terms
    stock: Stock | None = None


class ChangeReward(Struct, frozen=True, forbid_unknown_fields=True):
    """New terms; claims that were made keep theirs."""

    terms: Terms


class PlaceReward(Struct, frozen=True, forbid_unknown_fields=True):
    """Offer it, end it, or take it back to be a draft."""

    state: RewardState


class StockReward(Struct, frozen=True, forbid_unknown_fields=True):
    """So many there are in all, claimed ones too; null: no end is known."""

    stock: Stock | None


class PictureReward(Struct, frozen=True, forbid_unknown_fields=True):
    """A PNG, JPEG or WebP picture, as base64."""

    body: Annotated[bytes, Meta(max_length=700_000)]


class RewardView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A reward of the catalogue, as the office sees it.

    stock    in all; left out: no end is known. taken: claimed and not over
    left     what can be had, of the stock or the pool; left out: no end is known
    picture  its address under /v1/pictures/
    who      the condition as a sentence
    """

    code: str
    state: RewardState
    terms: Terms
    taken: int
    made_at: datetime
    changed_at: datetime
    stock: int | None = None
    left: int | None = None
    picture: str = ""
    who: str = ""


class RewardList(Struct, frozen=True):
    """The catalogue, by code."""

    items: list[RewardView]


class MakePool(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A pool for codes of somebody else's. `warn_at`: fewer free ones are too few."""

    code: Code
    name: Name = ""
    warn_at: Annotated[int, Meta(ge=0, le=10**6)] = 0


class AddCodes(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of codes; sent again, it adds nothing. `expires_at`: they cannot be used then."""

    codes: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=POOL_CODES)]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class PoolView(Struct, frozen=True):
    """A pool: codes in all, free ones, and those that nobody had in time. low: buy more."""

    code: str
    name: str
    warn_at: int
    codes: int
    free: int
    expired: int
    low: bool


class PoolList(Struct, frozen=True):
    """The pools, by code."""

    items: list[PoolView]


class CodesAdded(Struct, frozen=True):
    """New codes, and those that were there, or in the batch, before."""

    added: int
    again: int


# Rewards -----------------------------------------------------------------------------------------


async def list_rewards(call: Call) -> RewardList:
    """GET /v1/rewards"""
    found = await db.rewards(call.conn, call.now)
    return RewardList([_view(call, each) for each in found])


async def read_reward(call: Call) -> RewardView | Refusal:
    """GET /v1/rewards/{reward}"""
    found = await db.reward(call.conn, call.path["reward"], call.now)
    return flows.unknown(call.path["reward"]) if found is None else _view(call, found)


async def make_reward(call: Call) -> RewardView | Refusal:
    """POST /v1/rewards"""
    body: MakeReward = call.body
    fault = await _fault(call, body.terms, body.stock)
    if fault is not None:
        return fault
    if not await db.add_reward(call.conn, body.code, body.terms, body.stock, call.now):
        return Refusal("reward_exists", "code", f"there is a reward {body.code}",
                       "choose another code")  # fmt: skip
    made = await db.reward(call.conn, body.code, call.now)
    assert made is not None, "it was made just now"
    call.changed("reward", body.code, None, _told(made))
    return _view(call, made)


async def change_reward(call: Call) -> RewardView | Refusal:
    """POST /v1/rewards/{reward}/terms"""
    was = await db.lock_reward(call.conn, call.path["reward"], call.now)
    if was is None:
        return flows.unknown(call.path["reward"])
    terms: Terms = call.body.terms
    fault = await _fault(call, terms, was.stock)
    if fault is None and _what(terms) != _what(was.terms):
        fault = Refusal("reward_kind_stays", "terms.kind", "what it is stays as it is",
                        "end it, and make another one")  # fmt: skip
    return fault or await _saved(call, was, replace(was, terms=terms))


def _what(terms: Terms) -> tuple[str, str, str]:
    return terms.kind, terms.pool, terms.coupon


async def place_reward(call: Call) -> RewardView | Refusal:
    """POST /v1/rewards/{reward}/state"""
    was = await db.lock_reward(call.conn, call.path["reward"], call.now)
    if was is None:
        return flows.unknown(call.path["reward"])
    if call.body.state == "offered":
        fault = await _fault(call, was.terms, was.stock)
        if fault is not None:
            return fault
        there = await db.rewards(call.conn, call.now, state="offered")
        if len(there) >= core.MOST_OFFERED and was.state != "offered":
            why = f"{len(there)} rewards are offered, that is the most there can be"
            return Refusal("too_many_rewards", "state", why, "end another one first")
    return await _saved(call, was, replace(was, state=call.body.state))


async def stock_reward(call: Call) -> RewardView | Refusal:
    """POST /v1/rewards/{reward}/stock"""
    was = await db.lock_reward(call.conn, call.path["reward"], call.now)
    if was is None:
        return flows.unknown(call.path["reward"])
    stock = call.body.stock
    if was.terms.pool and stock is not None:
        return _of_pool()
    if not await db.set_stock(call.conn, was.code, stock, call.now):
        why = f"{was.taken} are claimed, {stock} would be fewer"
        return Refusal("stock_taken", "stock", why, f"say {was.taken} or more")
    call.changed("reward", was.code, {"stock": was.stock}, {"stock": stock})
    return _view(call, replace(was, stock=stock, changed_at=call.now))


async def picture_reward(call: Call) -> RewardView | Refusal:
    """POST /v1/rewards/{reward}/picture"""
    was = await db.lock_reward(call.conn, call.path["reward"], call.now)
    if was is None:
        return flows.unknown(call.path["reward"])
    body: bytes = call.body.body
    media = core.media_of(body)
    if media is None or len(body) > core.PICTURE_BYTES:
        return Refusal(
            "picture_refused", "body",
            f"a picture is a PNG, JPEG or WebP of at most {core.PICTURE_BYTES // 1024} KiB",
            "send it smaller, or in one of these forms",
        )  # fmt: skip
    hash = hashlib.sha256(body).digest()
    await db.add_picture(call.conn, hash, media, body, call.now)
    return await _saved(call, was, replace(was, picture=hash))


async def read_picture(call: Call) -> Reply | Refusal:
    """GET /v1/pictures/{hash}"""
    said = call.path["hash"]
    hex_ = len(said) == 64 and all(each in "0123456789abcdef" for each in said)
    found = await db.picture(call.conn, bytes.fromhex(said)) if hex_ else None
    if found is None:
        return Refusal("picture_unknown", "hash", "there is no such picture",
                       "take the address that the reward tells")  # fmt: skip
    return Reply(200, found[1], media=found[0].encode())


async def _saved(call: Call, was: Reward, now: Reward) -> RewardView:
    now = replace(now, changed_at=call.now)
    await db.save_reward(call.conn, now)
    call.changed("reward", was.code, _told(was), _told(now))
    return _view(call, now)


def _told(reward: Reward) -> dict[str, Any]:
    """For the audit log."""
    terms: dict[str, Any] = msgspec.to_builtins(reward.terms)
    picture = reward.picture.hex() if reward.picture else None
    return {"state": reward.state, "stock": reward.stock, "picture": picture} | terms


def _view(call: Call, reward: Reward) -> RewardView:
    who = condition_of(call, reward.terms)
    return RewardView(
        code=reward.code, state=reward.state, terms=reward.terms, taken=reward.taken,
        made_at=reward.made_at, changed_at=reward.changed_at, stock=reward.stock, left=reward.left,
        picture=reward.picture.hex() if reward.picture else "",
        who=sentence(who, _program(call).currency) if isinstance(who, Condition) else "",
    )  # fmt: skip


async def _fault(call: Call, terms: Terms, stock: int | None) -> Refusal | None:
    fault = core.terms_fault(terms, _program(call))
    if fault is None and terms.pool:
        if stock is not None:
            return _of_pool()
        if await pools_db.pool_id(call.conn, terms.pool) is None:
            return _no_pool(terms.pool, "terms.pool")
    if fault is not None:
        return fault
    if terms.coupon:
        fault = _no_kind(call, terms.coupon)
        if fault is not None:
            return fault
    who = condition_of(call, terms)
    return misfit(call, who) if isinstance(who, Condition) else who


def _no_kind(call: Call, kind: str) -> Refusal | None:
    """Why a claim cannot bring coupons of this kind."""
    coupon = _program(call).coupons.get(kind)
    if coupon is None:
        return Refusal("coupon_unknown", "terms.coupon", f"the program has no coupon {kind}",
                       "declare it under `coupons`, or name one that is there")  # fmt: skip
    if coupon.code is not None:
        return Refusal(
            "coupon_word", "terms.coupon", f"{kind} is one word for everybody: {coupon.code}",
            "name a kind whose coupons have codes of their own",
        )  # fmt: skip
    return None


def _of_pool() -> Refusal:
    return Refusal("stock_of_pool", "stock", "its stock is what is free in its pool",
                   "leave the stock out, and add codes to the pool")  # fmt: skip


def _program(call: Call) -> Program:
    assert call.house is not None, "the door is a house's"
    return call.house.shop().program


# Pools -------------------------------------------------------------------------------------------


async def list_pools(call: Call) -> PoolList:
    """GET /v1/pools"""
    return PoolList([_pool(each) for each in await pools_db.pools(call.conn, call.now)])


async def make_pool(call: Call) -> PoolView | Refusal:
    """POST /v1/pools"""
    body: MakePool = call.body
    made = await pools.make(call.conn, body.code, body.name, body.warn_at, call.now)
    if isinstance(made, Refusal):
        return made
    call.changed("pool", made.code, None, {"name": made.name, "warn_at": made.warn_at})
    return _pool(made)


async def add_codes(call: Call) -> CodesAdded | Refusal:
    """POST /v1/pools/{pool}/codes"""
    body: AddCodes = call.body
    done = await pools.add(call.conn, call.path["pool"], body.codes, body.expires_at, call.now)
    if isinstance(done, Refusal):
        return done
    call.changed("pool", call.path["pool"], None, {"codes": done.added})
    return CodesAdded(done.added, done.again)


def _pool(pool: pools_db.Pool) -> PoolView:
    return PoolView(
        pool.code, pool.name, pool.warn_at, pool.codes, pool.free, pool.expired, pool.low
    )


def _no_pool(code: str, field: str) -> Refusal:
    return Refusal("pool_unknown", field, f"there is no pool {code}", "make it first")


_TERMS: dict[str, Any] = {
    "kind": "goods", "names": {"en": "Coffee mug", "it": "Tazza"}, "points": 500,
    "cost_minor": 320, "days": 30,
}  # fmt: skip
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "reward.list", "GET", "/v1/rewards", list_rewards, RewardList, "The catalogue of rewards"
    ),
    Operation(
        "reward.make", "POST", "/v1/rewards", make_reward, RewardView, "Begin a reward as a draft",
        kind="writes", body=MakeReward, status=201,
        example={"code": "mug", "terms": _TERMS, "stock": 100},
    ),
    Operation(
        "reward.read", "GET", "/v1/rewards/{reward}", read_reward, RewardView, "One reward"
    ),
    Operation(
        "reward.change", "POST", "/v1/rewards/{reward}/terms", change_reward, RewardView,
        "Change a reward's terms", kind="writes", body=ChangeReward, example={"terms": _TERMS},
    ),
    Operation(
        "reward.place", "POST", "/v1/rewards/{reward}/state", place_reward, RewardView,
        "Offer or end a reward", kind="writes", body=PlaceReward, example={"state": "offered"},
    ),
    Operation(
        "reward.stock", "POST", "/v1/rewards/{reward}/stock", stock_reward, RewardView,
        "Say how many there are", kind="writes", body=StockReward, example={"stock": 200},
    ),
    Operation(
        "reward.picture", "POST", "/v1/rewards/{reward}/picture", picture_reward, RewardView,
        "Show a reward", kind="writes", body=PictureReward, example={"body": "iVBORw0KGgo="},
    ),
    Operation(
        "picture.read", "GET", "/v1/pictures/{hash}", read_picture, str,
        "A picture of a reward", media=("image/png", "image/jpeg", "image/webp"),
    ),
    Operation("pool.list", "GET", "/v1/pools", list_pools, PoolList, "Pools of codes of others"),
    Operation(
        "pool.make", "POST", "/v1/pools", make_pool, PoolView, "Begin a pool of codes",
        kind="writes", body=MakePool, status=201,
        example={"code": "cinema", "name": "Cinema tickets", "warn_at": 20},
    ),
    Operation(
        "pool.add", "POST", "/v1/pools/{pool}/codes", add_codes, CodesAdded,
        "Add codes to a pool", kind="writes", body=AddCodes,
        example={"codes": ["KINO-4711"], "expires_at": "2098-01-01T00:00:00Z"},
    ),
)  # fmt: skip
