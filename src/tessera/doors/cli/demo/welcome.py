"""What is said when the demo is up: where it is, how to enter, what to try."""

from __future__ import annotations

import msgspec

from tessera.doors.cli.demo.build import DemoSummary
from tessera.doors.cli.demo.check import STORE, basket_lines
from tessera.doors.cli.demo.chain import CURRENCY


def welcome(summary: DemoSummary, base_url: str) -> str:
    """Addresses, keys and three commands that work as printed, in sh, again and again.

    base_url  as in http://127.0.0.1:8321, without a slash at the end
    """
    base_url = base_url.rstrip("/")
    plan = summary.plan
    word = f"built in {summary.elapsed_s} s" if summary.built else "as it was built before"
    rows = [
        f"Bottega Tessera is open: {plan.members:,} members, {summary.receipts:,} receipts and "
        f"returns,",
        f"{summary.events:,} events up to {plan.end}, {word}.",
        "",
        f"  API         {base_url}/v1",
        f"  One member  {base_url}/console/cards/{summary.card}",
        "",
        *(f"  {f'till of {store}':<20}{key}" for store, key in summary.till_keys.items()),
        f"  {'administration':<20}{summary.admin_key}",
        "",
        "Three things to try:",
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
    ]
    return "\n".join(rows)


def _curl(base_url: str, path: str, key: str, body: str) -> list[str]:
    return [
        f"curl -s {base_url}/v1/{path} -H 'Authorization: Bearer {key}' "
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
    now = "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'"
    return told.replace("_NUMBER_", "'$(date +%s)'").replace("_NOW_", now)
