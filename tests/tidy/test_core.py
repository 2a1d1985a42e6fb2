"""Cores and mechanics take everything as arguments, and money is whole units."""

import ast
from collections.abc import Iterator

import pytest

from tidy.source import HOUSE, Source, bites, called, complaints, sources

HIDDEN = {
    "getenv", "getrandbits", "monotonic", "monotonic_ns", "now", "perf_counter", "perf_counter_ns",
    "randbytes", "randint", "random", "randrange", "time_ns", "today", "token_bytes", "token_hex",
    "token_urlsafe", "urandom", "utcnow", "uuid1", "uuid4", "uuid6", "uuid7",
}  # fmt: skip
WHOLE_ROOMS = {"ledger", "checkout"}  # no float on any floor


def hidden_inputs(file: Source) -> Iterator[str]:
    """Time and chance that a core helps itself to."""
    if not file.pure:
        return
    for node in ast.walk(file.tree):
        name = called(node)
        # These two ask the clock; `time(9, 30)` and `at.time()` are times of day.
        if name in HIDDEN or ast.unparse(node) in ("time()", "time.time()"):
            yield f"{file.at(node)} calls {name}(): take its answer as an argument"


def is_money(name: str) -> bool:
    return name.endswith(("_minor", "points")) or name == "minor"


def makes_float(node: ast.AST | None) -> bool:
    """A float by literal, by name, or by dividing whole units with /."""
    if node is None:
        return False
    return any(
        (isinstance(part, ast.Constant) and isinstance(part.value, float))
        or (isinstance(part, ast.Name) and part.id == "float")
        or (isinstance(part, ast.BinOp | ast.AugAssign) and isinstance(part.op, ast.Div))
        for part in ast.walk(node)
    )


def named_values(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """Each (name, what it is declared as or becomes) that this node says."""
    match node:
        case ast.arg(arg=name, annotation=kind):
            yield name, kind
        case ast.keyword(arg=str(name), value=value):
            yield name, value
        case ast.AnnAssign(target=target, annotation=kind, value=value):
            yield last_word(target), kind
            yield last_word(target), value
        case ast.Assign(targets=targets, value=value):
            yield from ((last_word(target), value) for target in targets)
        case ast.AugAssign(target=target):
            yield last_word(target), node
        case (
            ast.FunctionDef(name=name, returns=kind) | ast.AsyncFunctionDef(name=name, returns=kind)
        ):
            yield name, kind


def last_word(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def floats(file: Source) -> Iterator[str]:
    """Floats where money or points are counted."""
    cure = "count whole units (split, //, Fraction)"
    if file.pure or file.room in WHOLE_ROOMS:
        for node in ast.walk(file.tree):
            # `/` joins paths too, so outside the cores only what it makes is looked at.
            if makes_float(node) and not any(map(makes_float, ast.iter_child_nodes(node))):
                divides = isinstance(node, ast.BinOp | ast.AugAssign)
                if file.pure or not divides:
                    yield f"{file.at(node)} has a float: {cure}"
    for node in ast.walk(file.tree):
        for name, value in named_values(node):
            if is_money(name) and makes_float(value):
                yield f"{file.at(node)} makes `{name}` a float: {cure}"


def test_cores_take_time_and_chance_as_arguments():
    assert complaints(hidden_inputs, sources(HOUSE)) == []


def test_money_and_points_are_whole():
    assert complaints(floats, sources(HOUSE)) == []


@pytest.mark.parametrize(
    "line",
    [
        "at = datetime.now(UTC)",
        "on = date.today()",
        "id = uuid4()",
        "chance = random.random()",
        "chance = Random(4).randint(1, 6)",
        "at_s = time.time()",
        "at_s = time()",
        "key = os.urandom(16)",
        "zone = os.getenv('TZ')",
    ],
)
def test_a_hidden_input_is_found(line):
    assert bites(hidden_inputs, f"{HOUSE}ledger/core.py", line)
    assert bites(hidden_inputs, f"{HOUSE}ledger/core/lots.py", line)
    assert bites(hidden_inputs, f"{HOUSE}rules/mechanics/birthday.py", line)
    assert not bites(hidden_inputs, f"{HOUSE}doors/till/routes.py", line)


def test_a_time_of_day_and_an_argument_are_no_hidden_inputs():
    fine = "def due(now: datetime) -> bool:\n    return now.time() > time(9, 30)\n"
    assert not bites(hidden_inputs, f"{HOUSE}ledger/core.py", fine)


@pytest.mark.parametrize(
    "line",
    [
        "rate = 0.02",
        "def f(x: float): ...",
        "x = float(3)",
        "x = a / b",
        "x /= 2",
        "x: list[float]",
    ],
)
def test_a_float_in_a_core_is_found(line):
    assert bites(floats, f"{HOUSE}rules/core.py", line)
    assert bites(floats, f"{HOUSE}rules/mechanics/base_rate.py", line)


@pytest.mark.parametrize(
    "line",
    [
        "total_minor: float = 0",
        "def f(total_minor: float): ...",
        "def open_points() -> float: ...",
        "points = total * 0.02",
        "self.total_minor = total / 2",
        "f(spent_minor=1.5)",
        "points /= 2",
    ],
)
def test_a_float_by_the_name_of_money_is_found_anywhere(line):
    assert bites(floats, f"{HOUSE}doors/till/routes.py", line)


def test_floats_that_are_not_money_are_left_alone():
    assert not bites(
        floats, f"{HOUSE}doors/writer.py", "wait_s: float = 0.5\nhere = root / 'db.sql'"
    )
    assert not bites(floats, f"{HOUSE}ledger/db.py", "here = root / 'db.sql'")
    assert bites(floats, f"{HOUSE}ledger/db.py", "rate = 0.5")
    assert not bites(floats, f"{HOUSE}ledger/core.py", "points = total_minor * 2 // 100")
