"""The small changes that can be made to a source: one each, named by kind and place.

Left alone, because a change of them says nothing of the tests: docstrings, functions' annotations,
assertions (our bugs), decorators, sentences for people, and examples that are tests themselves.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

EXAMPLES = {"SCENARIOS", "EXAMPLES", "__slots__", "__all__"}
ORDERS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="), ast.LtE: ("<", ">"), ast.Gt: (">=", "<="), ast.GtE: (">", "<"),
    ast.Eq: ("!=",), ast.NotEq: ("==",), ast.In: ("not in",), ast.NotIn: ("in",),
    ast.Is: ("is not",), ast.IsNot: ("is",),
}  # fmt: skip
SUMS: dict[type[ast.operator], str] = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "//", ast.FloorDiv: "*", ast.Mod: "//", ast.BitOr: "&",
    ast.BitAnd: "|", ast.LShift: ">>", ast.RShift: "<<",
}  # fmt: skip
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Change(NamedTuple):
    """Bytes `start` to `end` of a file become `new`.

    line, last  the lines of what changes, from 1
    """

    path: str
    kind: str
    line: int
    last: int
    start: int
    end: int
    old: str
    new: str

    def of(self, source: bytes) -> bytes:
        """The changed file."""
        return source[: self.start] + self.new.encode() + source[self.end :]


def changes(path: str, source: bytes) -> list[Change]:
    """All that could be changed in a file, in the order of places; see `sound`."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = set()
    for kind, node, new in _walk(ast.parse(source)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        old = source[start:end].decode()
        found.add(Change(path, kind, node.lineno, node.end_lineno, start, end, old, new))
    return sorted(found, key=lambda each: (each.start, each.end, each.kind, each.new))


def sound(change: Change, source: bytes) -> bool:
    """Whether it still compiles, to something else."""
    try:
        return ast.dump(ast.parse(change.of(source))) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False


Found = Iterator[tuple[str, Any, str]]


def _walk(node: ast.AST, parent: ast.AST | None = None) -> Found:
    if isinstance(node, ast.Assert | ast.JoinedStr | ast.Import | ast.ImportFrom):
        return
    yield from _here(node, parent)
    for child in _inside(node, parent):
        yield from _walk(child, node)


def _inside(node: ast.AST, parent: ast.AST | None) -> Iterator[ast.AST]:
    """What of a node is looked into; of annotations, those that a class reads."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name) and target.id in EXAMPLES:
            return
    if isinstance(node, ast.AnnAssign) and not isinstance(parent, ast.ClassDef):
        yield from (each for each in (node.value,) if each)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from (each for each in node.args.defaults + node.args.kw_defaults if each)
        yield from node.body
    elif isinstance(node, ast.ClassDef):
        yield from node.body
    elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        yield from node.orelse
    else:
        yield from ast.iter_child_nodes(node)


def _here(node: ast.AST, parent: ast.AST | None) -> Found:
    if isinstance(node, ast.stmt):
        yield from _statement(node)
    elif isinstance(node, ast.Constant):
        yield from _constant(node, node.value, parent)
    elif isinstance(node, ast.Call):
        yield from _call(node)
    yield from _operator(node)
    yield from _test(node)


def _operator(node: ast.AST) -> Found:
    match node:
        case ast.Compare(ops=[op], left=left, comparators=[right]):
            for sign in ORDERS[type(op)]:
                yield "compare", node, f"({ast.unparse(left)} {sign} {ast.unparse(right)})"
        case ast.BoolOp(op=op, values=values):
            word = " or " if isinstance(op, ast.And) else " and "
            yield "and/or", node, f"({word.join(f'({ast.unparse(each)})' for each in values)})"
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield "not", node, f"({ast.unparse(operand)})"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in SUMS:
            yield "sum", node, f"(({ast.unparse(left)}) {SUMS[type(op)]} ({ast.unparse(right)}))"
        case ast.IfExp(body=body, orelse=orelse):
            yield "branch", node, f"({ast.unparse(body)})"
            yield "branch", node, f"({ast.unparse(orelse)})"


def _test(node: ast.AST) -> Found:
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield from _negated(test)
        case ast.comprehension(ifs=ifs):
            for test in ifs:
                yield from _negated(test)


def _negated(test: ast.expr) -> Found:
    simple = isinstance(test, ast.Compare) or (
        isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    )
    if not simple:
        yield "if", test, f"(not ({ast.unparse(test)}))"


def _constant(node: ast.Constant, value: object, parent: ast.AST | None) -> Found:
    if isinstance(parent, ast.Expr):
        return
    if isinstance(value, bool):
        yield "constant", node, str(not value)
    elif isinstance(value, int):
        yield "constant", node, str(value + 1)
    elif isinstance(value, str) and not any(c in value for c in " {%"):
        yield "word", node, repr(f"{value}x")


def _call(node: ast.Call) -> Found:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in TWINS:
        yield "twin", node.func, TWINS[name]
    for gone in node.keywords:
        rest = [each for each in node.keywords if each is not gone]
        if gone.arg:
            yield "argument", node, ast.unparse(ast.Call(node.func, node.args, rest))


def _statement(node: ast.stmt) -> Found:
    match node:
        case ast.Expr(value=ast.Call()) | ast.Raise():
            yield "statement", node, "pass"
        case ast.AugAssign(target=target, op=op, value=value):
            yield "statement", node, "pass"
            if type(op) in SUMS:
                other = f"{ast.unparse(target)} {SUMS[type(op)]}= {ast.unparse(value)}"
                yield "sum", node, other
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield "statement", node, "pass"
        case ast.Continue():
            yield "statement", node, "break"
        case ast.Break():
            yield "statement", node, "continue"
        case ast.Return(value=value) if value is not None:
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield "return", node, "return None"
