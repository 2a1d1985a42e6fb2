"""What a load test found, in one sentence, as JSON and as Markdown."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tessera import __version__
from tessera.doors.cli.loadtest.drive import Load, percentile_ms
from tessera.doors.cli.loadtest.plan import Plan

NEAR = 2.0  # a limit below so many times the peak leaves no room for a bad day


@dataclass(frozen=True, slots=True)
class Found:
    """The peak as it was sent, and how much can be settled at all."""

    plan: Plan
    workers: int
    peak: Load
    limit: Load

    @property
    def served(self) -> bool:
        """Every receipt of the peak was accepted."""
        return self.peak.due == len(self.peak.accepted) > 0

    @property
    def times(self) -> float:
        """The limit, relative to the peak."""
        return self.limit.per_s / self.plan.peak

    def verdict(self) -> str:
        """One sentence for people."""
        p99, peak = percentile_ms(self.peak.accepted, 0.99), f"{self.plan.peak:,.0f} receipts/s"
        limit = f"the machine's limit is about {_round(self.limit.per_s)}/s ({self.times:,.1f} x)"
        if not self.served:
            lost = self.peak.due - len(self.peak.accepted)
            return f"your peak of {peak}: NOT served, {lost:,} of {self.peak.due:,}; {limit}"
        tight = "; that is little room for a bad day" if self.times < NEAR else ""
        return f"your peak of {peak}: served with p99 {p99:,.0f} ms; {limit}{tight}"

    def figures(self) -> dict[str, Any]:
        """All of it, as plain data."""
        plan = self.plan
        return {
            "version": __version__, "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {"cores": os.cpu_count(), "system": platform.platform(terse=True)},
            "members": plan.members, "receipts_per_day": plan.receipts_per_day,
            "peak_hour_share": plan.peak_hour_share, "lines": plan.lines,
            "minutes": plan.minutes, "workers": self.workers, "served": self.served,
            "peak": {"wanted_per_s": round(plan.peak, 2), **_told(self.peak)},
            "limit": {**_told(self.limit), "times_the_peak": round(self.times, 1)},
            "verdict": self.verdict(),
        }  # fmt: skip


def write(found: Found, place: Path) -> list[Path]:
    """`loadtest.json` and `loadtest.md` in that folder; what was there before is replaced."""
    place.mkdir(parents=True, exist_ok=True)
    data, text = place / "loadtest.json", place / "loadtest.md"
    data.write_text(json.dumps(found.figures(), indent=1) + "\n", encoding="utf-8")
    text.write_text(markdown(found), encoding="utf-8")
    return [data, text]


def markdown(found: Found) -> str:
    """The report for people."""
    said, plan = found.figures(), found.plan
    rows = [
        ("members", f"{plan.members:,}"),
        ("receipts a day", f"{plan.receipts_per_day:,}"),
        ("of them in the busiest hour", f"{plan.peak_hour_share:g} %"),
        ("lines of a receipt", f"{plan.lines}"),
        ("cores, processes", f"{said['machine']['cores']}, {found.workers}"),
    ]
    lines = ["# Load test", "", f"{found.verdict()}.", "", "| asked | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows]
    lines += ["", "| measured | peak | limit |", "|---|---|---|"]
    lines += [f"| {name} | {said['peak'][name]} | {said['limit'][name]} |"
              for name in said["limit"] if name in said["peak"]]  # fmt: skip
    lines += ["", "The peak was sent in an open loop: latencies count from the moment a receipt",
              "was due. The limit is a closed loop of 64 connections. Tills and server shared the",
              f"machine. Tessera {said['version']}, {said['at']}.", ""]  # fmt: skip
    return "\n".join(lines)


def _told(load: Load) -> dict[str, Any]:
    return {
        "receipts": load.due, "accepted": len(load.accepted), "shed": len(load.shed),
        "other answers": sum(load.others.values()), "unsent": load.unsent,
        "unanswered": load.unanswered,
        "per_s": round(load.per_s, 1),
        "p50_ms": round(percentile_ms(load.accepted, 0.5), 1),
        "p99_ms": round(percentile_ms(load.accepted, 0.99), 1),
    }  # fmt: skip


def _round(per_s: float) -> str:
    """Two figures: more would be a promise."""
    return f"{float(f'{per_s:.2g}'):,.0f}"
