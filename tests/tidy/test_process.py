"""The till's process stays small: what analytics needs is not loaded into it."""

import subprocess
import sys

import pytest

from tidy.source import HOUSE, ROOT

HEAVY = {"altair", "duckdb", "ibis", "numpy", "pandas", "pyarrow", "vl_convert"}
TILL = {"tessera.app": f"{HOUSE}app.py", "tessera.doors.till": f"{HOUSE}doors/till/__init__.py"}


def loaded(*modules: str) -> set[str]:
    """The top-level names in sys.modules after these imports, in a process of their own."""
    program = f"import sys, {', '.join(modules)}\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_till_loads_nothing_heavy():
    built = [module for module, path in TILL.items() if (ROOT / path).is_file()]
    if not built:
        pytest.skip("neither tessera.app nor tessera.doors.till is built yet")
    assert loaded(*built) & HEAVY == set()


def test_the_tills_library_stands_alone():
    """What it loads is Python's own: a till copies its folder, or installs it beside anything."""
    rooms = "print(*(m for m in sys.modules if m.startswith('tessera.')))"
    program = f"import sys, tessera.till\n{rooms}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert [m for m in done.stdout.split() if not m.startswith("tessera.till")] == []
    assert not foreign(loaded("tessera.till"), loaded("sys"))


def foreign(found: set[str], before: set[str]) -> set[str]:
    """Modules that are neither Python's own, nor ours, nor in every process of this machine."""
    return {m for m in found - before - set(sys.stdlib_module_names) if m != "tessera"}


def test_a_heavy_import_is_seen():
    assert "pyarrow" in loaded("json", "pyarrow") & HEAVY
    assert "msgspec" in foreign(loaded("json", "msgspec"), loaded("sys"))
