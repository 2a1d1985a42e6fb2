"""A mechanic is one file: schema, condition, reward and scenarios (style, rule 3)."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tidy.source import HOUSE, Source, bites, complaints, sources

FOLDER = f"{HOUSE}rules/mechanics/"
PACKAGE = "tessera.rules.mechanics"


BASES = {"Mechanic", "PrizeMechanic"}


def incomplete(file: Source) -> Iterator[str]:
    """What a file of the mechanics folder lacks of being a mechanic."""
    stem = PurePosixPath(file.path).stem
    if stem == "__init__":
        return
    if not ast.get_docstring(file.tree):
        yield f"{file.path} says in its first line what the customer gets"
    if not scenarios(file.tree).strip():
        yield f"{file.path} shows itself at the till: SCENARIOS = a receipt as text"
    classes = [node for node in file.tree.body if isinstance(node, ast.ClassDef)]
    mechanics = [c for c in classes if not c.name.startswith("_") and BASES & bases(c)]
    if len(mechanics) != 1:
        yield f"{file.path} has {len(mechanics)} public classes of Mechanic, it needs exactly one"
    for mechanic in mechanics:
        yield from (f"{file.at(mechanic)} {lack}" for lack in lacks(mechanic, stem))


def lacks(mechanic: ast.ClassDef, stem: str) -> Iterator[str]:
    """What the class of a mechanic misses."""
    tags = [word.value for word in mechanic.keywords if word.arg == "tag"]
    if not (tags and isinstance(tags[0], ast.Constant) and tags[0].value == stem):
        yield f'{mechanic.name} is tagged with its file\'s name: tag="{stem}"'
    methods = {node.name for node in mechanic.body if isinstance(node, ast.FunctionDef)}
    wanted = {"check", "reward"}
    if "PrizeMechanic" in bases(mechanic):  # the prize rewards; what holds may be a condition
        wanted = set() if methods & {"check", "implied"} else {"check"}
    for method in sorted(wanted - methods):
        yield f"{mechanic.name} has no {method}()"
    fields = [node for node in mechanic.body if isinstance(node, ast.AnnAssign)]
    fields = [field for field in fields if "ClassVar" not in ast.unparse(field.annotation)]
    if not fields and "PrizeMechanic" not in bases(mechanic):
        yield f"{mechanic.name} has no field: the console has nothing to ask"
    for field in fields:
        if not bounded(field.annotation):
            name = ast.unparse(field.target)
            yield f"{mechanic.name}.{name} states its bounds: Annotated[..., Meta(...)] or Literal"


def bases(node: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).split("[")[0].rsplit(".", 1)[-1] for base in node.bases}


def bounded(annotation: ast.expr) -> bool:
    """Whether the type says what may be entered: an Annotated with a Meta, a Literal, or a bool.

    `Annotated[...] | None` counts; a bare int or str does not.
    """
    if ast.unparse(annotation) == "bool":
        return True
    for part in ast.walk(annotation):
        if isinstance(part, ast.Subscript):
            outer = ast.unparse(part.value).rsplit(".", 1)[-1]
            if outer == "Literal" or (outer == "Annotated" and "Meta(" in ast.unparse(part.slice)):
                return True
    return False


def scenarios(tree: ast.Module) -> str:
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id="SCENARIOS")], value=ast.Constant(value=str(text))
            ):
                return text
            case ast.AnnAssign(
                target=ast.Name(id="SCENARIOS"), value=ast.Constant(value=str(text))
            ):
                return text
    return ""


SHELF = {"shelf", "mechanic_of"}  # how the folder looks through itself


def knows_a_mechanic(file: Source) -> Iterator[str]:
    """An import of one particular mechanic: adding one would then edit something else."""
    if file.path.startswith(FOLDER) and not file.path.endswith("__init__.py"):
        return  # mechanics among themselves: an import contract
    for node in ast.walk(file.tree):
        names = [name for name in imported(node) if name.startswith(f"{PACKAGE}.")]
        if any(name.removeprefix(f"{PACKAGE}.") not in SHELF for name in names):
            yield f"{file.at(node)} imports one mechanic by name: they are discovered"


def imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names):
            return [f"{module}.{alias.name}" for alias in names if alias.name[0].islower()]
    return []


GOOD = '''"""Every n-th unit of one product is free."""
class EveryNthFree(Mechanic, tag="every_nth_free"):
    product: Annotated[str, Meta(min_length=1)]
    n: Annotated[int, Meta(ge=2)] = 3
    store: Annotated[str, Meta(min_length=1)] | None = None
    rounding: Literal["down", "half_up"] = "down"
    weighed: bool = False
    times: ClassVar[int] = 1
    def check(self, receipt, facts): ...
    def reward(self, receipt, met): ...
SCENARIOS = """buy LATTE 3 x 2.50"""
'''
AT = f"{FOLDER}every_nth_free.py"


def test_every_mechanic_is_complete():
    assert complaints(incomplete, sources(FOLDER)) == []


def test_nobody_knows_a_mechanic_by_name():
    assert complaints(knows_a_mechanic, sources(HOUSE)) == []


def test_a_complete_mechanic_passes():
    assert complaints(incomplete, [Source(AT, GOOD)]) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('"""Every n-th unit of one product is free."""', ""),
        ("(Mechanic, ", "(Struct, "),
        ("class EveryNthFree", "class _EveryNthFree"),
        ('tag="every_nth_free"', 'tag="nth"'),
        (', tag="every_nth_free"', ""),
        ("Annotated[int, Meta(ge=2)]", "int"),
        ("Annotated[int, Meta(ge=2)]", "Annotated[int, 2]"),
        ("def check", "def look"),
        ("def reward", "def give"),
        ("SCENARIOS", "EXAMPLES"),
        ("buy LATTE 3 x 2.50", " "),
    ],
)
def test_an_incomplete_mechanic_is_found(good, bad):
    assert good in GOOD
    assert bites(incomplete, AT, GOOD.replace(good, bad))


def test_a_mechanic_without_fields_or_with_a_twin_is_found():
    fields = ("Annotated", "Literal", "bool")
    no_fields = "\n".join(
        line for line in GOOD.splitlines() if not any(kind in line for kind in fields)
    )
    twin = GOOD + 'class Second(Mechanic, tag="every_nth_free"): ...\n'
    assert bites(incomplete, AT, no_fields)
    assert bites(incomplete, AT, twin)


def test_an_import_of_one_mechanic_is_found():
    for line in (f"from {PACKAGE} import every_nth_free", f"import {PACKAGE}.every_nth_free"):
        assert bites(knows_a_mechanic, f"{HOUSE}rules/core.py", line)
        assert bites(knows_a_mechanic, f"{FOLDER}__init__.py", line)
    for line in (f"import {PACKAGE}", f"from {PACKAGE} import shelf"):
        assert not bites(knows_a_mechanic, f"{HOUSE}rules/flows.py", line)
