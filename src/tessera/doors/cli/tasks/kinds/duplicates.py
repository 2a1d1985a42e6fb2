"""Members who may be one person: everybody compared with everybody, pairs queued for people."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.cli.tasks.work import Job, Kind

_MEMORY = "1GB"


async def run(job: Job) -> dict[str, Any] | Refusal:
    """In a thread with a loop of its own: the comparing waits for nobody."""
    if find_spec("splink") is None or find_spec("duckdb") is None:
        return Refusal(
            "extra_missing", "kind", "the search needs the extra `dedup`",
            "install tessera-loyalty[dedup] where the worker runs",
        )  # fmt: skip
    from tessera.doors.cli.duplicates import search

    place = job.base.settings.data_dir / "duplicates"

    def searched() -> search.Searched | None:
        now = datetime.now(UTC)
        return asyncio.run(search.search(job.base.dsn, place, _MEMORY, now, job.steps.reach))

    done = await asyncio.to_thread(searched)
    if done is None:
        return Refusal("search_running", "kind", "another search is going on",
                       "start it again when that is over")  # fmt: skip
    return {"people": done.people, "pairs": done.pairs, "groups": done.groups,
            "dropped": done.dropped}  # fmt: skip


KINDS = {"duplicates": Kind(run)}
