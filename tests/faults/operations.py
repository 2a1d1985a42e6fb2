"""Every writing operation as a call that can be made again and again, each time with fresh things.

`OPERATIONS[name](door, fresh)` prepares what the call stands on and returns the call itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from faults.calls import (
    DAY,
    PROGRAM,
    Door,
    Fresh,
    Op,
    confirm,
    do,
    goods_back,
    member,
    register,
    rich,
    sale,
)


async def _confirm(door: Door, fresh: Fresh) -> Op:
    return confirm(sale(fresh.number(), await rich(door, fresh)))


async def _stranger(door: Door, fresh: Fresh) -> Op:
    return confirm(sale(fresh.number(), fresh.card()))


async def _nobody(door: Door, fresh: Fresh) -> Op:
    return confirm(sale(fresh.number(), None))


async def _spend(door: Door, fresh: Fresh) -> Op:
    return confirm(sale(fresh.number(), await rich(door, fresh), spend={"points": 50}))


async def _hold(door: Door, fresh: Fresh) -> Op:
    basket = sale(fresh.number(), await rich(door, fresh), spend={"points": 50})
    return Op("POST", "/v1/quotes", {"basket": basket, "hold": True}, 200)


async def _quoted(door: Door, fresh: Fresh) -> Op:
    asked = await _hold(door, fresh)
    told = await do(door, fresh, asked)
    return confirm(asked.body["basket"] | {"quote": told["id"]})


async def _cancel(door: Door, fresh: Fresh) -> Op:
    told = await do(door, fresh, await _hold(door, fresh))
    return Op("POST", f"/v1/quotes/{told['id']}/cancel", None, 200)


async def _return(door: Door, fresh: Fresh) -> Op:
    number = fresh.number()
    await do(door, fresh, confirm(sale(number, await rich(door, fresh), spend={"points": 50})))
    return Op("POST", "/v1/returns", goods_back(number, fresh.number(), (2, 1)), 201)


async def _early_return(door: Door, fresh: Fresh) -> Op:
    return Op("POST", "/v1/returns", goods_back(fresh.number(), fresh.number(), (2, 1)), 202)


async def _late_sale(door: Door, fresh: Fresh) -> Op:
    number, card = fresh.number(), await member(door, fresh)
    early = Op("POST", "/v1/returns", goods_back(number, fresh.number(), (1, 1)), 202)
    await do(door, fresh, early)
    return confirm(sale(number, card), settles=True)


async def _checkout(door: Door, fresh: Fresh) -> Op:
    card = await member(door, fresh)
    return Op("POST", "/v1/checkout", sale(fresh.number(), card), 201, keyless=True)


async def _event(door: Door, fresh: Fresh) -> Op:
    card = await rich(door, fresh)
    await do(door, fresh, survey(fresh, card))
    return survey(fresh, card)


def survey(fresh: Fresh, card: str) -> Op:
    body = {
        "type": "survey", "id": fresh.number(), "happened_at": f"{DAY}T13:00:00+01:00",
        "card": card, "store": "S1", "data": {"score": 9},
    }  # fmt: skip
    return Op("POST", "/v1/events", body, 201)


async def _transfer(door: Door, fresh: Fresh) -> Op:
    body = {"sender": {"card": await rich(door, fresh)}, "points": 50}
    return Op("POST", "/v1/transfers", body | {"receiver": {"card": await rich(door, fresh)}}, 201)


async def _gift(door: Door, fresh: Fresh) -> Op:
    body = {"sender": {"card": await rich(door, fresh)}, "points": 50, "kind": "gift"}
    body["receiver"] = {"card": await member(door, fresh)}
    return Op("POST", "/v1/transfers", body, 201)


async def _donate(door: Door, fresh: Fresh) -> Op:
    body = {"member": {"card": await rich(door, fresh)}, "points": 50, "cause": "forest"}
    return Op("POST", "/v1/donations", body, 201)


async def _exchange(door: Door, fresh: Fresh) -> Op:
    body = {"member": {"card": await rich(door, fresh)}, "points": 55, "into": "miles"}
    await do(door, fresh, Op("POST", "/v1/exchanges", body, 201))  # the wallet of miles is there
    return Op("POST", "/v1/exchanges", body, 201)


async def _adjust(door: Door, fresh: Fresh) -> Op:
    body = {"member": {"card": await rich(door, fresh)}, "points": 50, "reason": "goodwill",
            "expires_at": "2098-01-01T00:00:00Z"}  # fmt: skip
    return Op("POST", "/v1/adjustments", body, 201)


async def _extend(door: Door, fresh: Fresh) -> Op:
    adjusted = await _adjust(door, fresh)
    await do(door, fresh, adjusted)
    body = {"member": adjusted.body["member"], "before": "2098-12-31T00:00:00Z",
            "until": "2099-12-31T00:00:00Z", "reason": "goodwill"}  # fmt: skip
    return Op("POST", "/v1/extensions", body, 201)


async def _register(_: Door, fresh: Fresh) -> Op:
    return register(fresh.card())


async def _register_shadow(door: Door, fresh: Fresh) -> Op:
    card = fresh.card()
    await do(door, fresh, confirm(sale(fresh.number(), card)))
    return register(card)


async def _identifier(door: Door, fresh: Fresh) -> Op:
    made = await do(door, fresh, register(fresh.card()))
    body = {"kind": "external", "value": fresh.number()}
    return Op("POST", f"/v1/members/{made['member_id']}/identifiers", body, 200)


async def _take_off(door: Door, fresh: Fresh) -> Op:
    added = await _identifier(door, fresh)
    await do(door, fresh, added)
    member = added.path.removesuffix("/identifiers")
    known = await do(door, fresh, Op("GET", member, None, 200))
    which = next(each for each in known["identifiers"] if each["kind"] == "external")
    body = {"reason": "mistyped at the till"}
    return Op("POST", f"{added.path}/{which['identifier_id']}/remove", body, 200)


async def _change(door: Door, fresh: Fresh) -> Op:
    made = await do(door, fresh, register(fresh.card()))
    body = {"attributes": {"pets": 3}, "favourites": ["SOUP"]}
    return Op("PATCH", f"/v1/members/{made['member_id']}", body, 200)


async def _cards(_: Door, __: Fresh) -> Op:
    return Op("POST", "/v1/card-batches", {"prefix": "2877", "count": 10}, 201)


async def _block(door: Door, fresh: Fresh) -> Op:
    return Op("POST", f"/v1/cards/{await member(door, fresh)}/block", {"reason": "lost"}, 200)


async def _replace(door: Door, fresh: Fresh) -> Op:
    card = await member(door, fresh)
    return Op("POST", f"/v1/cards/{card}/replace", {"new": fresh.card()}, 200)


async def _key(_: Door, fresh: Fresh) -> Op:
    return Op("POST", "/v1/keys", {"name": fresh.number(), "role": "till", "store": "S1"}, 201)


async def _revoke(door: Door, fresh: Fresh) -> Op:
    made = await do(door, fresh, await _key(door, fresh))
    return Op("POST", f"/v1/keys/{made['key_id']}/revoke", None, 200)


async def _store(_: Door, fresh: Fresh) -> Op:
    body = {"name": "Via Roma", "time_zone": "Europe/Rome"}
    return Op("PUT", f"/v1/stores/{fresh.number()}", body, 200)


async def _incident(_: Door, fresh: Fresh) -> Op:
    body = {"kind": f"till_{fresh.number().lower()}", "detail": "no network"}
    return Op("POST", "/v1/incidents", body, 201)


async def _close_incident(door: Door, fresh: Fresh) -> Op:
    made = await do(door, fresh, await _incident(door, fresh))
    return Op("POST", f"/v1/incidents/{made['incident_id']}/close", {"text": "mended"}, 200)


async def _publish(_: Door, __: Fresh) -> Op:
    return Op("POST", "/v1/program", PROGRAM, 201)


async def _announce(_: Door, __: Fresh) -> Op:
    body = {"program": PROGRAM, "starts_at": "2099-01-01T00:00:00+01:00", "note": "later"}
    return Op("POST", "/v1/program/versions", body, 201)


async def _roll_back(door: Door, fresh: Fresh) -> Op:
    made = await do(door, fresh, await _publish(door, fresh))
    return Op("POST", "/v1/program/rollback", {"version": made["version"]}, 201)


async def offer(door: Door, fresh: Fresh, **terms: Any) -> str:
    """A reward of which there is one."""
    code = fresh.number().lower()
    told = {"kind": "goods", "names": {"en": code}, "points": 10, "cost_minor": 250} | terms
    stock = {} if "pool" in terms else {"stock": 1}
    await do(door, fresh, Op("POST", "/v1/rewards", {"code": code, "terms": told} | stock, 201))
    await do(door, fresh, Op("POST", f"/v1/rewards/{code}/state", {"state": "offered"}, 200))
    return code


async def claim(door: Door, fresh: Fresh, reward: str) -> Op:
    """Somebody takes it who has points for it."""
    card = fresh.card()
    made = await do(door, fresh, register(card))
    await do(door, fresh, confirm(sale(fresh.number(), card)))
    return Op("POST", "/v1/claims", {"member_id": made["member_id"], "reward": reward}, 201)


async def _claim(door: Door, fresh: Fresh) -> Op:
    return await claim(door, fresh, await offer(door, fresh))


async def _claim_code(door: Door, fresh: Fresh) -> Op:
    pool = fresh.number().lower()
    await do(door, fresh, Op("POST", "/v1/pools", {"code": pool}, 201))
    await do(door, fresh, Op("POST", f"/v1/pools/{pool}/codes", {"codes": [pool]}, 200))
    return await claim(door, fresh, await offer(door, fresh, kind="code", pool=pool))


async def _claim_coupon(door: Door, fresh: Fresh) -> Op:
    return await claim(door, fresh, await offer(door, fresh, kind="coupon", coupon="THANKS"))


async def _cancel_claim(door: Door, fresh: Fresh) -> Op:
    made = await do(door, fresh, await _claim_coupon(door, fresh))
    return Op("POST", f"/v1/claims/{made['claim_id']}/cancel", {"reason": "not wanted"}, 200)


async def _hand_over(door: Door, fresh: Fresh) -> Op:
    made = await do(door, fresh, await _claim(door, fresh))
    return Op("POST", f"/v1/claims/{made['claim_id']}/state", {"to": "handed_over"}, 200)


async def person(door: Door, fresh: Fresh) -> str:
    """The number of a member who has just registered and bought."""
    card = fresh.card()
    told = await do(door, fresh, register(card))
    await do(door, fresh, confirm(sale(fresh.number(), card)))
    return str(told["member_id"])


async def _merge(door: Door, fresh: Fresh) -> Op:
    body = {"other": await person(door, fresh), "reason": "one person"}
    return Op("POST", f"/v1/members/{await person(door, fresh)}/merge", body, 201)


async def _undo_merge(door: Door, fresh: Fresh) -> Op:
    told = await do(door, fresh, await _merge(door, fresh))
    return Op("POST", f"/v1/merges/{told['merge_id']}/undo", {"reason": "two after all"}, 200)


async def _household(door: Door, fresh: Fresh) -> Op:
    return Op("POST", "/v1/households", {"member_id": await person(door, fresh)}, 201)


async def _erase(door: Door, fresh: Fresh) -> Op:
    return Op("POST", f"/v1/members/{await person(door, fresh)}/erase", {"reason": "asked"}, 200)


async def _win(door: Door, fresh: Fresh) -> Op:
    card = await rich(door, fresh)
    await do(door, fresh, confirm(sale(fresh.number(), card, 20_000_000)))  # the first is counted
    return confirm(sale(fresh.number(), card, 20_000_000))


OPERATIONS: dict[str, Callable[[Door, Fresh], Awaitable[Op]]] = {
    "confirm": _confirm, "confirm of a stranger": _stranger, "confirm of nobody": _nobody,
    "confirm with spend": _spend, "quote with hold": _hold, "confirm of a quote": _quoted,
    "cancel": _cancel, "return": _return, "return before its sale": _early_return,
    "sale after its return": _late_sale, "checkout": _checkout, "event": _event,
    "transfer": _transfer, "gift": _gift, "donate": _donate, "exchange": _exchange,
    "adjust": _adjust, "extend": _extend,
    "register": _register, "register a shadow": _register_shadow,
    "add an identifier": _identifier, "take one off": _take_off, "change a member": _change,
    "issue cards": _cards, "block a card": _block, "replace a card": _replace,
    "issue a key": _key, "revoke a key": _revoke, "put a store": _store, "publish": _publish,
    "announce a program": _announce, "roll back": _roll_back,
    "open an incident": _incident, "close an incident": _close_incident,
    "claim": _claim, "claim of a code": _claim_code, "claim of a coupon": _claim_coupon,
    "merge": _merge, "undo a merge": _undo_merge, "found a household": _household,
    "erase": _erase,
    "cancel a claim": _cancel_claim, "hand over a claim": _hand_over, "win a prize": _win,
}  # fmt: skip
TILL = tuple(OPERATIONS)[:12]
REWARDS = tuple(OPERATIONS)[-6:]
BATCH = ("confirm of a quote", "return")
