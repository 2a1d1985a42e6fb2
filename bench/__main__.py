"""`python -m bench [names] [--quick]`: measure, write bench/results.json and the README's table."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sys
from dataclasses import asdict
from pathlib import Path

import bench
from bench.result import Result

HERE = Path(__file__).parent
SKIP = {"result", "load", "place", "__main__"}


def main(words: list[str]) -> int:
    """Run what is asked, or all."""
    quick = "--quick" in words
    names = [word for word in words if not word.startswith("--")]
    known = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in SKIP)
    if set(names) - set(known):
        print(f"known benchmarks: {', '.join(known)}")
        return 2
    results: list[Result] = []
    for name in names or known:
        print(f"== {name}", flush=True)
        results += importlib.import_module(f"bench.{name}").run(quick)
    for each in results:
        ratio = f"  = {each.ratio:.2f} x {each.baseline}" if each.ratio is not None else ""
        print(f"{each.name:<38}{each.value:>14,.2f} {each.unit}{ratio}")
    if not quick:
        keep(results)
    return 0


def keep(results: list[Result]) -> None:
    """Write the figures; those of benchmarks that were not run stay as they were."""
    path = HERE / "results.json"
    old = json.loads(path.read_text()) if path.is_file() else []
    new = {each.name: asdict(each) for each in results}
    kept = [new.pop(row["name"], row) for row in old] + list(new.values())
    path.write_text(json.dumps(kept, indent=1) + "\n")
    readme = HERE.parent / "README.md"
    if readme.is_file():
        text = readme.read_text()
        block = f"<!-- bench -->\n{table(kept)}<!-- /bench -->"
        readme.write_text(re.sub(r"<!-- bench -->.*?<!-- /bench -->", block, text, flags=re.S))


def table(rows: list[dict[str, object]]) -> str:
    """The figures as a table for people."""
    lines = ["| figure | value | against |", "|---|---|---|"]
    for row in rows:
        value = f"{row['value']:,.2f}".rstrip("0").rstrip(".")
        against = f"{row['ratio']:.2f} x {row['baseline']}" if row["ratio"] is not None else ""
        lines.append(f"| {row['name']} | {value} {row['unit']} | {against} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
