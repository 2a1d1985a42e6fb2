"""What is said when the demo is up: where it is, how to enter, what to try."""

from __future__ import annotations

import msgspec

from tessera.doors.cli.demo.build import DemoSummary
from tessera.doors.cli.demo.chain import CURRENCY
from tessera.doors.cli.demo.check import STORE, basket_lines


def welcome(summary: DemoSummary, base_url: str, code: str = "", outbox: str = "outbox") -> str:
    """Addresses, keys and four commands that work as printed, in sh, again and again.

    base_url  as in http://127.0.0.1:8321, without a slash at the end
    code      for the first owner; "" where somebody works here already
    outbox    the folder in which messages to members lie
    """
    base_url = base_url.rstrip("/")
    plan = summary.plan
    word = f"built in {summary.elapsed_s} s" if summary.built else "as it was built before"
    rows = [
        f"Bottega Tessera is open: {plan.members:,} members,",
        f"{summary.receipts:,} receipts and returns, {summary.events:,} events up to {plan.end},",
        f"{word}.",
        "",
        f"  Console     {base_url}/console",
        *([f"              nobody works here yet: begin with the code {code}"] if code else []),
        f"              one member: {base_url}/console/members?q={summary.card}",
        f"  Cabinet     {base_url}/m",
        f"              sign in as {summary.email}; the code lies in {outbox}",
        f"  Cashier     {base_url}/till",
        "              pair it with the key of a till, below",
        f"  API         {base_url}/v1",
        f"  A card that nobody has yet: {summary.spare}",
        "",
        *(f"  {f'till of {store}':<20}{key}" for store, key in summary.till_keys.items()),
        f"  {'administration':<20}{summary.admin_key}",
        "",
        "Four things to try:",
        "",
        "# Who is this?",
        *_curl(base_url, "identify", summary.till_keys[STORE], f'{{"card": "{summary.card}"}}'),
        "",
        "# What would a breakfast for the office bring?",
        *_curl(
            base_url, "quotes", summary.till_keys[STORE], f'{{"basket": {_basket(summary.card)}}}'
        ),
        "",
        "# Sell it.",
        *_curl(base_url, "checkout", summary.till_keys[STORE], _basket(summary.card)),
        "",
        "# They check in at the door.",
        *_curl(base_url, "events", summary.till_keys[STORE], _check_in(summary.card), once="door-"),
    ]
    return "\n".join(rows)


def _curl(base_url: str, path: str, key: str, body: str, once: str = "") -> list[str]:
    said = f"-H 'Idempotency-Key: {once}'$(date +%s) " if once else ""
    return [
        f"curl -s {base_url}/v1/{path} -H 'Authorization: Bearer {key}' {said}"
        f"-H 'Content-Type: application/json' -d '{body}'"
    ]


def _basket(card: str) -> str:
    """A basket whose number and time are filled in by the shell, so that it can be sold again."""
    lines = basket_lines()[:2]
    told = msgspec.json.encode(
        {
            "store": STORE, "till": "9", "number": "_NUMBER_", "happened_at": "_NOW_",
            "currency": CURRENCY, "card": card, "lines": lines,
            "total_minor": sum(line.total() for line in lines),
        }
    ).decode()  # fmt: skip
    return _filled_in(told)


def _check_in(card: str) -> str:
    event = {
        "type": "check_in", "id": "door-_NUMBER_", "happened_at": "_NOW_", "card": card,
    }  # fmt: skip
    return _filled_in(msgspec.json.encode(event).decode())


def _filled_in(told: str) -> str:
    now = "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'"
    return told.replace("_NUMBER_", "'$(date +%s)'").replace("_NOW_", now)
