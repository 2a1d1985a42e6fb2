"""Time as values: a store's local date, the end of a day, never a hidden now."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MAX_SKEW = timedelta(minutes=5)  # a till's clock is a claim; beyond this it is flagged


def zone(name: str) -> ZoneInfo | None:
    """The time zone of that IANA name, or None if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@lru_cache(maxsize=64)
def _known(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(at: datetime, zone_name: str) -> datetime:
    """`at` on the clock on the wall of a place. Errors: unknown zone raises."""
    return at.astimezone(_known(zone_name))


@lru_cache(maxsize=4096)
def day_start(day: date, zone_name: str) -> datetime:
    """The instant (UTC) at which the local `day` begins."""
    return datetime(day.year, day.month, day.day, tzinfo=_known(zone_name)).astimezone(UTC)


def day_end(day: date, zone_name: str) -> datetime:
    """The instant (UTC) at which the local `day` is over: midnight that follows it."""
    return day_start(day + timedelta(days=1), zone_name)
