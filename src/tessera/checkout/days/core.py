"""Which days are to be counted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct

KEPT_DAYS = 62  # today, and twice thirty before it, and one for shops east of here
AT_ONCE = 31
LATEST_S, OLDER_S = 60, 3600


class Day(Struct, frozen=True):
    """What was sold on a day.

    receipts         sales; with_card: those of a card, known or not
    turnover_minor   paid and to be paid, less what came back on that day; card_minor: with a card
    earned, spent    points of receipts, less what returns took and gave back
    """

    day: date
    receipts: int = 0
    with_card: int = 0
    turnover_minor: int = 0
    card_minor: int = 0
    earned: int = 0
    spent: int = 0


def stale(counted: Mapping[date, datetime], today: date, now: datetime) -> list[date]:
    """The days to count now, the newest first, at most 31.

    counted  when each day was counted last
    """
    found = []
    for back in range(-1, KEPT_DAYS - 1):
        day = today - timedelta(days=back)
        patience = timedelta(seconds=LATEST_S if back < 2 else OLDER_S)
        at = counted.get(day)
        if at is None or now - at >= patience:
            found.append(day)
    return found[:AT_ONCE]
