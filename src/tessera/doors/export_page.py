"""An export as a page that a person reads: headings, tables, nothing from elsewhere."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tessera.identity.privacy.core import Export

_pages = Environment(
    loader=PackageLoader("tessera.doors", "pages_made"), autoescape=True, undefined=StrictUndefined
)
HEADINGS = {
    "member": "Membership", "person": "About you", "identifiers": "Cards, phones, addresses",
    "points": "Points", "moves": "How points came and went", "receipts": "Purchases",
    "events": "What else you did", "seen_by": "Who saw your personal data",
    "coupons": "Coupons you were given", "coupon_uses": "Coupons you used",
    "claims": "Rewards", "wishes": "What you wish for",
    "keepsakes": "Tickets, badges and privileges", "entries": "Draws your tickets were in",
    "wins": "What you have won", "placings": "Races you had a place in",
    "standings": "What you have in races", "allowances": "Points kept ready for tills offline",
    "levels": "Levels", "level_changes": "How your level changed",
    "privileges_used": "Privileges you used",
}  # fmt: skip


def readable(made: Export) -> str:
    """The page: one document, all text escaped, no script, no address outside."""
    shown = [
        {"title": HEADINGS.get(name, name.replace("_", " ").capitalize()), "value": value}
        for name, value in made.held.items()
    ]
    template = _pages.get_template("export.html")
    return template.render(parts=shown, made=made, is_rows=_is_rows, columns=_columns)


def _is_rows(value: Any) -> bool:
    """Whether it is a list of records, to be shown as a table."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    """The names of the records' fields, each once, in the order they come."""
    return list(dict.fromkeys(name for row in rows for name in row))
