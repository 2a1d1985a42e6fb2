"""What was caught, as a table: by room, with the interval of a sample, and what survived."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import sqrt

from support.mutation.trial import Trial


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share; source: Wilson 1927."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = share + z * z / (2 * of)
    spread = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - spread) / (1 + z * z / of), (middle + spread) / (1 + z * z / of)


def table(trials: Sequence[Trial]) -> str:
    """Markdown: a row per folder and one for all, then what survived."""
    rooms: dict[str, Counter[str]] = defaultdict(Counter)
    for trial in trials:
        folder = trial.change.path.removeprefix("src/tessera/").rpartition("/")[0]
        for name in (folder, "all"):
            rooms[name][trial.verdict] += 1
    rows = [
        "| where | tried | caught | survived | never run | score | 95 % interval |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in sorted(rooms, key=lambda room: (room == "all", room)):
        of, caught = rooms[name].total(), rooms[name]["caught"] + rooms[name]["endless"]
        low, high = wilson(caught, of)
        rows.append(
            f"| {name} | {of} | {caught} | {rooms[name]['survived']} | {rooms[name]['unreached']} |"
            f" {caught / of:.1%} | {low:.1%} - {high:.1%} |"
        )
    return "\n".join([*rows, "", *_survivors(trials), ""])


def _survivors(trials: Sequence[Trial]) -> list[str]:
    return [
        f"- `{c.path.removeprefix('src/tessera/')}:{c.line}` {c.kind}:"
        f" `{_short(c.old)}` -> `{_short(c.new)}`"
        for c, verdict, *_ in trials
        if verdict in ("survived", "unreached")
    ]


def _short(text: str) -> str:
    return " ".join(text.split())[:80]
