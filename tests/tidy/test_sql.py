"""SQL is source code: in db.sql and views.sql, each named and explained; the door commits."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tidy.source import HOUSE, ROOT, Source, bites, called, complaints, sources, strings

SQL_FILES = {"db.sql", "views.sql"}

# Statements as they are written: all in capitals anywhere in a string, or in small letters from its
# start. "Select a card from the list" is a sentence.
_THING = r"(?:TABLE|INDEX|UNIQUE\s+INDEX|VIEW|MATERIALIZED\s+VIEW|FUNCTION|TRIGGER|TYPE|SCHEMA)"
_STATEMENT = (
    r"(?:SELECT\b.*\bFROM\b|INSERT\s+INTO\b|UPDATE\s+[\w.{}\"]+(?:\s+(?:AS\s+)?\w+)?\s+SET\b"
    rf"|DELETE\s+FROM\b|(?:CREATE(?:\s+OR\s+REPLACE)?|ALTER|DROP)\s+{_THING}\b|TRUNCATE\s+TABLE\b)"
)
SMALL = re.compile(rf"^\s*(?:WITH\b.*\bAS\s*\(\s*)?{_STATEMENT}", re.DOTALL | re.IGNORECASE)
NAME = re.compile(r"^-- name: *(.*)$")

# Which rooms may end a transaction: the doors own it, base and app stand below and above the rooms,
# and the tills' library has a book of its own.
OWNERS = {"doors", "base", "app", "till"}
ENDS = {"begin", "commit", "rollback", "transaction"}


def is_sql(text: str) -> bool:
    if re.search(rf"\b{_STATEMENT}", text, re.DOTALL):
        return True
    first = re.match(r"\s*(\w*)", text)
    return bool(first and first[1].islower() and SMALL.match(text))


def sql_in_python(file: Source) -> Iterator[str]:
    """Statements that hide in strings."""
    for node, text in strings(file.tree):
        if is_sql(text):
            yield f"{file.at(node)} holds SQL: {text.strip()[:40]!r} belongs in db.sql"


def misplaced(file: Source) -> Iterator[str]:
    """A .sql file in the house that is neither statements nor views."""
    if PurePosixPath(file.path).name not in SQL_FILES:
        yield f"{file.path}: SQL is in {' or '.join(sorted(SQL_FILES))} (or in migrations/)"


def unnamed(file: Source) -> Iterator[str]:
    """Statements of a db.sql without a name, a comment, or with a name used twice."""
    seen: set[str] = set()
    lines = file.text.splitlines()
    for number, line in enumerate(lines, 1):
        at = f"{file.path}:{number}"
        if not seen and line.strip() and not line.startswith("--"):
            yield f"{at} is SQL before the first `-- name:`"
            return
        if not (named := NAME.match(line)):
            continue
        name = named[1]
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            yield f"{at} `{name}` is not a name in small letters"
        if name in seen:
            yield f"{at} `{name}` is there twice"
        seen.add(name)
        following = lines[number] if number < len(lines) else ""
        if not re.match(r"-- \S", following) or NAME.match(following):
            yield f"{at} `{name}` has no comment on the next line: what for, what is special"
    if not seen:
        yield f"{file.path} names no statement"


def names(file: Source) -> set[str]:
    return {named[1] for line in file.text.splitlines() if (named := NAME.match(line))}


def unused(statements: Source, code: Source | None) -> list[str]:
    """Names of a db.sql that the db.py beside it never says."""
    if code is None:
        return [f"{statements.path} has no db.py beside it"]
    if any(isinstance(node, ast.Call) and called(node) == "Proof" for node in ast.walk(code.tree)):
        return []  # it asks all of them
    said = {text for _, text in strings(code.tree)}
    said |= {node.attr for node in ast.walk(code.tree) if isinstance(node, ast.Attribute)}
    return [
        f"{statements.path}: `{name}` is not used by db.py: use it or take it away"
        for name in sorted(names(statements) - said)
    ]


def ends_transaction(file: Source) -> Iterator[str]:
    """Begin, commit and rollback outside the doors, called or sent as text."""
    if file.room in OWNERS:
        return
    for node in ast.walk(file.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and called(node) in ENDS
        ):
            yield f"{file.at(node)} calls .{called(node)}(): the door begins and commits"
    for node, text in strings(file.tree):
        if re.fullmatch(r"\s*(BEGIN|COMMIT|ROLLBACK)\b.*", text, re.DOTALL):
            yield f"{file.at(node)} sends {text.strip()!r}: the door begins and commits"


def ends_transaction_in_sql(file: Source) -> Iterator[str]:
    """The same in a .sql file."""
    for number, line in enumerate(file.text.splitlines(), 1):
        if re.match(r"\s*(BEGIN|COMMIT|ROLLBACK|START TRANSACTION)\b[^-]*;", line, re.IGNORECASE):
            yield f"{file.path}:{number} {line.strip()}: the door begins and commits"


def db_files() -> list[Source]:
    return [file for file in sources(HOUSE, kind=".sql") if file.path.endswith("/db.sql")]


def test_sql_stands_in_sql_files():
    assert complaints(sql_in_python, sources(HOUSE)) == []
    assert complaints(misplaced, sources(HOUSE, kind=".sql")) == []


def test_each_statement_has_a_name_and_a_comment():
    assert complaints(unnamed, db_files()) == []


def test_each_statement_is_used_by_the_file_beside_it():
    found: list[str] = []
    for statements in db_files():
        path = ROOT / statements.path.replace(".sql", ".py")
        name = path.relative_to(ROOT).as_posix()
        code = Source(name, path.read_text(encoding="utf-8")) if path.is_file() else None
        found += unused(statements, code)
    assert found == []


def test_only_doors_begin_and_commit():
    assert complaints(ends_transaction, sources(HOUSE)) == []
    assert complaints(ends_transaction_in_sql, sources(HOUSE, kind=".sql")) == []


@pytest.mark.parametrize(
    "code",
    [
        'q = "SELECT a FROM b"',
        'q = "select a from b"',
        'q = "with x as (select 1 from y) select * from x"',
        'q = """\n  SELECT a,\n    c\n  FROM b\n"""',
        'q = f"SELECT {column} FROM {table}"',
        'q = "SELECT a " + "FROM b"',
        'q = "SELECT a FROM %s" % table',
        'q = "INSERT INTO lot VALUES (1)"',
        'q = "UPDATE lot SET points = 0"',
        'q = f"UPDATE {table} AS t SET points = 0"',
        'q = "DELETE FROM lot"',
        'q = "explain analyze DELETE FROM lot"',
        'q = "CREATE TABLE lot ()"',
        'q = "ALTER TABLE lot ADD x int"',
        'q = "DROP INDEX CONCURRENTLY lot_by_day"',
    ],
)
def test_sql_in_a_string_is_found(code):
    assert bites(sql_in_python, f"{HOUSE}ledger/db.py", code)


@pytest.mark.parametrize(
    "code",
    [
        'why = "Select a card from the list"',
        'why = "a member is deleted from the household"',
        'why = "update the till, then set its clock"',
        'def f():\n    """SELECT a FROM b in words."""',
        'kind = "from"',
    ],
)
def test_sentences_and_docstrings_are_no_sql(code):
    assert not bites(sql_in_python, f"{HOUSE}ledger/db.py", code)


def test_a_sql_file_of_another_name_is_found():
    assert bites(misplaced, f"{HOUSE}ledger/more.sql", "")
    assert not bites(misplaced, f"{HOUSE}ledger/views.sql", "")


@pytest.mark.parametrize(
    "text",
    [
        "-- name: balance\nSELECT 1;",
        "-- name: balance\n--\nSELECT 1;",
        "-- name: balance\n\n-- Late.\nSELECT 1;",
        "-- name: balance",
        "-- name: Balance\n-- Big.\nSELECT 1;",
        "-- name: a\n-- One.\nSELECT 1;\n-- name: a\n-- Two.\nSELECT 2;",
        "-- name: a\n-- name: b\n-- Two.\nSELECT 2;",
        "SELECT 0;\n-- name: a\n-- One.\nSELECT 1;",
        "-- nothing\n",
    ],
)
def test_a_statement_without_name_or_comment_is_found(text):
    assert bites(unnamed, f"{HOUSE}ledger/db.sql", text)


def test_a_well_named_file_passes_and_its_unused_statement_is_found():
    sql = Source(f"{HOUSE}ledger/db.sql", "-- The ledger.\n\n-- name: a\n-- One.\nSELECT 1;\n")
    assert list(unnamed(sql)) == []
    assert unused(sql, Source("db.py", 'x = SQL["a"]')) == []
    assert unused(sql, Source("db.py", "x = SQL.a")) == []
    assert unused(sql, Source("db.py", '"""a"""\nx = SQL["b"]')) != []
    assert unused(sql, Source("db.py", "PROOF = Proof(__file__)")) == []
    assert unused(sql, None) != []


def test_a_commit_below_the_doors_is_found():
    for line in ("tx.commit()", "with pool.transaction(): ...", "tx.rollback()", "run('COMMIT')"):
        assert bites(ends_transaction, f"{HOUSE}ledger/db.py", line)
        assert bites(ends_transaction, f"{HOUSE}checkout/flows.py", line)
        assert not bites(ends_transaction, f"{HOUSE}doors/writer.py", line)
    assert bites(ends_transaction_in_sql, f"{HOUSE}ledger/db.sql", "commit;")
    assert not bites(ends_transaction_in_sql, f"{HOUSE}ledger/db.sql", "-- commit is the door's;")
