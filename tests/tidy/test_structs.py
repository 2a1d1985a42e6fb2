"""No field of any struct of the house is of a type that msgspec corrupts memory with.

msgspec 0.22 frees the pattern of `Annotated[str, Meta(pattern=...)] | tuple[int, ...]` while it is
still used. Read from the annotations alone: to show such a type to msgspec is to be hit by it.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from msgspec import Meta, Struct

import tessera
from tessera.rules import conditions, mechanics

COLLECTIONS = (tuple, list, set, frozenset, dict)
PATTERNED = Annotated[str, Meta(pattern="^a*$")]


def structs() -> dict[str, type[Struct]]:
    """{module.name} of every struct that a module of the house makes."""
    names = [each.name for each in pkgutil.walk_packages(tessera.__path__, "tessera.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    found = [
        (value, f"{value.__module__}.{value.__qualname__}")
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Struct) and value is not Struct
    ]
    return {name: value for value, name in found if name.startswith("tessera.")}


def freed_early(hint: Any, where: str) -> Iterator[str]:
    """Every place where a pattern stands beside a collection."""
    args = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        bare = [get_args(each)[0] if get_origin(each) is Annotated else each for each in args]
        several = [each for each in bare if (get_origin(each) or each) in COLLECTIONS]
        if several and any(patterned(each) for each in args):
            yield f"{where} is a pattern or a collection: msgspec crashes on that"
    if get_origin(hint) is not Literal:
        for inner in args[:1] if get_origin(hint) is Annotated else args:
            yield from freed_early(inner, where)


def patterned(hint: Any) -> bool:
    metas = [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Meta)]
    return any(each.pattern is not None for each in metas)


ALL = structs()


def test_the_structs_of_the_house_are_found():
    shelves = (mechanics.shelf(), conditions.shelf())
    told = {module.__name__ for shelf in shelves for module in shelf.values()}
    rooms = {name.split(".")[1] for name in ALL}
    assert told <= {kind.__module__ for kind in ALL.values()}
    assert {"rules", "program", "doors", "checkout", "ledger", "members"} <= rooms


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_field_is_a_pattern_or_a_collection(name):
    hints = get_type_hints(ALL[name], include_extras=True)
    assert [lack for field, hint in hints.items() for lack in freed_early(hint, field)] == []


@pytest.mark.parametrize(
    "hint",
    [
        PATTERNED | tuple[int, ...],
        tuple[int, ...] | PATTERNED | None,
        PATTERNED | Annotated[dict[str, int], Meta(max_length=3)],
        tuple[PATTERNED | list[int], ...],
        dict[str, Annotated[PATTERNED | frozenset[int], Meta(description="x")]],
    ],
)
def test_a_pattern_beside_a_collection_is_found(hint):
    assert list(freed_early(hint, "field"))


@pytest.mark.parametrize(
    "hint",
    [
        PATTERNED | None, tuple[PATTERNED, ...], str | tuple[PATTERNED, ...], Literal["a"] | None,
        Annotated[str, Meta(max_length=3)] | list[int], dict[PATTERNED, tuple[int, ...]],
    ],
)  # fmt: skip
def test_other_types_pass(hint):
    assert not list(freed_early(hint, "field"))
