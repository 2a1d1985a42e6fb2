"""From when a version is to decide, as a form says it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.web.visit import Visit


def start_of(visit: Visit) -> dict[str, Any] | Refusal:
    """{} for now; else `starts_at`, in the zone of the stores, or `from_beginning`."""
    how = visit.form.get("from", "now")
    if how == "beginning":
        return {"from_beginning": True}
    if how != "day":
        return {}
    try:
        at = datetime.fromisoformat(visit.form.get("day"))
    except ValueError:
        _ = visit.local.gettext
        return Refusal("day_invalid", "day", _("This is no day."),
                       _("Choose the day from which it is to decide."))  # fmt: skip
    return {"starts_at": at.replace(tzinfo=visit.local.zone).isoformat()}
