"""A condition is one file: schema, readings and examples (style, rule 4)."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct, inspect

from tessera.rules import conditions
from tessera.rules.core.basket import Goods
from tidy.source import HOUSE, Source, bites, complaints, sources
from tidy.test_mechanics import bases, imported

FOLDER = f"{HOUSE}rules/conditions/"
PACKAGE = "tessera.rules.conditions"
COLLECTIONS = (
    inspect.VarTupleType, inspect.ListType, inspect.SetType, inspect.FrozenSetType,
    inspect.DictType,
)  # fmt: skip
WANTED = {"Condition": {"reading", "sentence"}, "Personal": {"trait", "sentence"}}


def incomplete(file: Source) -> Iterator[str]:
    """What a file of the conditions folder lacks of being a condition."""
    stem = PurePosixPath(file.path).stem
    if stem == "__init__":
        return
    if not ast.get_docstring(file.tree):
        yield f"{file.path} says in its first line what it asks"
    yield from (f"{file.path} {lack}" for lack in shows(examples(file.tree), stem))
    classes = [node for node in file.tree.body if isinstance(node, ast.ClassDef)]
    public = [c for c in classes if not c.name.startswith("_") and WANTED.keys() & bases(c)]
    if len(public) != 1:
        yield f"{file.path} has {len(public)} public classes of Condition, it needs exactly one"
    for condition in public:
        yield from (f"{file.at(condition)} {lack}" for lack in lacks(condition, stem))


def lacks(condition: ast.ClassDef, stem: str) -> Iterator[str]:
    """What the class of a condition misses."""
    tags = [word.value for word in condition.keywords if word.arg == "tag"]
    if not (tags and isinstance(tags[0], ast.Constant) and tags[0].value == stem):
        yield f'{condition.name} is tagged with its file\'s name: tag="{stem}"'
    if not ast.get_docstring(condition):
        yield f"{condition.name} says when it holds: the reference shows it"
    methods = {node.name for node in condition.body if isinstance(node, ast.FunctionDef)}
    (base,) = WANTED.keys() & bases(condition)
    for method in sorted(WANTED[base] - methods):
        yield f"{condition.name} has no {method}()"


def shows(text: str, stem: str) -> Iterator[str]:
    """What the examples do not show."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
    if any(not block.startswith(f"{stem}:") for block in blocks):
        yield f"shows something else than `{stem}: ...`"
    ends = [block.splitlines()[-1] for block in blocks]
    if not any(re.fullmatch(r"-> met( \d+)?", end) for end in ends):
        yield "shows no hit: -> met"
    if not any(re.fullmatch(r"-> [a-z_]+ \d+: .+", end) for end in ends):
        yield "shows no miss: -> code lacking: why"


def examples(tree: ast.Module) -> str:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="EXAMPLES")], value=ast.Constant(value=str(text))):
                return text
    return ""


def glued(file: Source) -> Iterator[str]:
    """Texts put together where they are said, so that no catalogue could hold them: f-strings

    as the `why` of a Missing or the template of a sentence.
    """
    for node in ast.walk(file.tree):
        texts: list[ast.expr] = []
        match node:
            case ast.Call(func=ast.Name(id="Missing"), args=[_, _, why, *_]):
                texts = [why]
            case ast.FunctionDef(name="sentence"):
                returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
                texts = [each.elts[0] for each in returned if isinstance(each, ast.Tuple)]
        for text in texts:
            if any(isinstance(part, ast.JoinedStr) for part in ast.walk(text)):
                yield f"{file.at(node)} glues a text: write a template with {{numbers}}"


def knows_a_condition(file: Source) -> Iterator[str]:
    """An import of one particular condition from outside the rules: they are discovered."""
    if file.room == "rules":
        return  # a mechanic may imply one; among themselves: an import contract
    for node in ast.walk(file.tree):
        names = [name for name in imported(node) if name.startswith(f"{PACKAGE}.")]
        if any(name.removeprefix(f"{PACKAGE}.") not in ("shelf", "condition_of") for name in names):
            yield f"{file.at(node)} imports one condition by name: they are discovered"


def unbounded(kind: inspect.Type, where: str) -> Iterator[str]:
    """Fields that do not say what may be entered: no bounds, no pattern, no length."""
    match kind:
        case inspect.IntType(ge=None) | inspect.IntType(le=None):
            yield f"{where} is any number: Meta(ge=..., le=...)"
        case inspect.StrType(max_length=None, pattern=None):
            yield f"{where} is any text: Meta(max_length=...) or a pattern"
        case inspect.FloatType() | inspect.AnyType():
            yield f"{where} is no whole, bounded thing"
        case inspect.VarTupleType() | inspect.DictType():
            few = [isinstance(each, inspect.LiteralType) for _, each in inside(kind, "")]
            if kind.max_length is None and not all(few):
                yield f"{where} is of any length: Meta(max_length=...)"
    yield from freed_early(kind, where)
    for at, each in inside(kind, where):
        yield from unbounded(each, at)


def freed_early(kind: inspect.Type, where: str) -> Iterator[str]:
    """A pattern beside a collection: msgspec 0.22 frees the pattern while it is still used.

    `Annotated[str, Meta(pattern=...)] | tuple[int, ...]`, converted some hundred times or merely
    looked at, ends in "object has no attribute 'search'" or a segmentation fault. Text with a
    maximal length and no pattern may stand there.
    """
    if isinstance(kind, inspect.UnionType):
        bare = [e.type if isinstance(e, inspect.Metadata) else e for e in kind.types]
        several = [isinstance(each, COLLECTIONS) for each in bare]
        if any(several) and any(isinstance(e, inspect.StrType) and e.pattern for e in bare):
            yield f"{where} is a pattern or a collection: msgspec crashes on that"


def inside(kind: inspect.Type, where: str) -> list[tuple[str, inspect.Type]]:
    """The types that one is made of, and where they stand."""
    match kind:
        case inspect.Metadata(type=described):
            return [(where, described)]
        case inspect.VarTupleType(item_type=item):
            return [(f"{where}[]", item)]
        case inspect.DictType(key_type=key, value_type=value):
            return [(f"{where} key", key), (f"{where}[]", value)]
        case inspect.UnionType(types=types):
            return [(where, each) for each in types]
        case inspect.StructType(fields=fields):
            return [(f"{where}.{field.name}", field.type) for field in fields]
    return []


GOOD = '''"""The store's local day of the week."""
class Weekday(Condition, frozen=True, tag="weekday"):
    """It is one of these days."""
    days: Annotated[tuple[Day, ...], Meta(max_length=7)]
    def reading(self): ...
    def sentence(self):
        return "it is {days}", {"days": f"{self.days}"}
EXAMPLES = """
weekday: mon
-> met

weekday: tue
-> weekday 0: only on Tuesday
"""
'''
PERSONAL = GOOD.replace("(Condition", "(Personal").replace("def reading", "def trait")
AT = f"{FOLDER}weekday.py"


def test_every_condition_is_complete():
    assert complaints(incomplete, sources(FOLDER)) == []


def test_texts_are_templates():
    assert complaints(glued, sources(FOLDER)) == []


def test_nobody_knows_a_condition_by_name():
    assert complaints(knows_a_condition, sources(HOUSE)) == []


@pytest.mark.parametrize("code", conditions.shelf())
def test_every_field_states_its_bounds(code):
    kind = conditions.condition_of(conditions.shelf()[code])
    assert list(unbounded(inspect.type_info(kind), code)) == []


@pytest.mark.parametrize("code", conditions.shelf())
def test_every_condition_has_a_field_to_ask_for(code):
    """The first one is the short form."""
    assert conditions.condition_of(conditions.shelf()[code]).__struct_fields__


def test_the_goods_state_their_bounds():
    assert list(unbounded(inspect.type_info(Goods), "goods")) == []


def test_a_complete_condition_passes():
    for text in (GOOD, PERSONAL):
        assert complaints(incomplete, [Source(AT, text)]) == []
        assert complaints(glued, [Source(AT, text)]) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('"""The store\'s local day of the week."""', ""),
        ('"""It is one of these days."""', "..."),
        ("(Condition, ", "(Struct, "),
        ("(Condition, ", "(Personal, "),
        ("class Weekday", "class _Weekday"),
        ('tag="weekday"', 'tag="day"'),
        (', tag="weekday"', ""),
        ("def reading", "def look"),
        ("def sentence", "def said"),
        ("EXAMPLES", "SCENARIOS"),
        ("-> met", "-> weekday 0: no"),
        ("-> weekday 0: only on Tuesday", "-> met"),
        ("weekday: tue", "hours: 10:00-12:00"),
    ],
)
def test_an_incomplete_condition_is_found(good, bad):
    assert good in GOOD
    assert bites(incomplete, AT, GOOD.replace(good, bad))


def test_a_twin_is_found():
    assert bites(incomplete, AT, f'{GOOD}class Second(Condition, tag="weekday"): ...\n')


@pytest.mark.parametrize(
    "line",
    [
        'x = Missing("weekday", 0, f"only on {days}")',
        'def sentence(self):\n    return f"it is {self.days}", {}',
    ],
)
def test_a_glued_text_is_found(line):
    assert bites(glued, AT, line)


def test_an_import_of_one_condition_is_found():
    for line in (f"from {PACKAGE} import weekday", f"import {PACKAGE}.weekday"):
        assert bites(knows_a_condition, f"{HOUSE}program/core/reader.py", line)
        assert not bites(knows_a_condition, f"{HOUSE}rules/mechanics/birthday_gift.py", line)
    line = f"from {PACKAGE} import condition_of"
    assert not bites(knows_a_condition, f"{HOUSE}program/core/reader.py", line)


@pytest.mark.parametrize(
    "kind",
    [
        int,
        str,
        float,
        int | None,
        Annotated[int, Meta(ge=1)],
        Annotated[int, Meta(description="days")],
        tuple[Annotated[int, Meta(ge=1, le=2)], ...],
        Annotated[tuple[str, ...], Meta(max_length=3)],
        Annotated[dict[str, bool], Meta(max_length=3)],
    ],
)
def test_a_field_without_bounds_is_found(kind):
    assert list(unbounded(inspect.type_info(kind), "field"))
    deep = type("Deep", (Struct,), {"__annotations__": {"field": kind}})
    assert list(unbounded(inspect.type_info(deep), "deep"))


def test_a_pattern_beside_a_collection_is_found():
    """Described by hand: to hand the type to msgspec, even for looking at it, corrupts memory."""
    pattern, several = inspect.StrType(pattern="^a*$"), inspect.VarTupleType(inspect.BoolType())
    assert list(freed_early(inspect.UnionType((pattern, several)), "field"))
    assert list(freed_early(inspect.UnionType((several, inspect.Metadata(pattern))), "field"))
    assert not list(freed_early(inspect.UnionType((pattern, inspect.NoneType())), "field"))
    assert not list(freed_early(inspect.UnionType((inspect.StrType(), several)), "field"))


@pytest.mark.parametrize(
    "kind",
    [
        bool,
        Literal["a", "b"],
        tuple[Literal["a", "b"], ...],
        Annotated[int, Meta(ge=1, le=9)] | None,
        Annotated[str, Meta(pattern="^a*$")],
    ],
)
def test_bounded_fields_pass(kind):
    assert not list(unbounded(inspect.type_info(kind), "field"))
