"""The documents are executed: commands, requests, answers, tables, links and lists of codes.

A fenced block says in its first line what is to be done with it:

```sh run            one command or more, in one shell per page, against a shop just begun
```json answer       a part of what the last command before it answered; "..." stands for anything
```text answer       all of what it printed, as text; "..." stands for anything
```text slip         the receipt of the demo's breakfast
```receipt           scenarios, as in tests/receipts
`>>>` examples       are doctests, one run per page
"""

from __future__ import annotations

import ast
import doctest
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import typer
from typer.testing import CliRunner

from doors.docs_reading import (
    ADDRESS,
    DOCS,
    FENCE,
    HOUSE,
    ROOT,
    Shell,
    fenced,
    holds,
    listening,
    name_of,
    pages,
    said_as,
)
from support import database
from tessera.base.money import half_up, split
from tessera.base.refusal import Refusal
from tessera.checkout.core.case import Case, Decision
from tessera.checkout.core.sale import decide_sale
from tessera.doors.cli import slip
from tessera.doors.cli.demo.bottega import program_text
from tessera.doors.cli.demo.check import basket_lines
from tessera.doors.cli.main import build
from tessera.doors.cli.reference import reference
from tessera.doors.ground import Settings
from tessera.doors.problems import STATUS
from tessera.ledger.core import Lot, Wallet
from tessera.members.core import Owner
from tessera.program.core import Reader
from tessera.program.core.examples import condition_told
from tessera.program.core.scenario import blocks, check
from tessera.rules import conditions, mechanics
from tessera.rules.core.facts import Trait
from tessera.warehouse.core import Receipt, Spend, Store

READER = Reader(mechanics.shelf(), conditions.shelf())

GUIDE = ROOT / "docs/till-guide.md"


@pytest.fixture
def served(server: str, template: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a shop that was just begun and is served; its address is ADDRESS."""
    name = f"tessera_docs_{uuid4().hex[:12]}"
    database.make(server, name, template)
    env = os.environ | {
        "TESSERA_DATABASE_URL": database.at(server, name),
        "TESSERA_DATA_DIR": str(tmp_path / "data"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NO_COLOR": "1",
    }
    # A store of the demo; it stands before the server starts, as the demo's do.
    issue = ["keys", "issue", "a till", "--store", "TRASTEVERE", "--time-zone", "Europe/Rome"]
    subprocess.run(["tessera", *issue], env=env, check=True, capture_output=True)
    with listening(env) as address:
        yield env | {"DOCS_ADDRESS": address}
    database.drop(server, name)


LONG = {"docs/guides/moving-in.md"}  # a whole program moves in, a minute of commands


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(*page.values, id=page.id, marks=pytest.mark.faults_long)
        if page.id in LONG
        else page
        for page in pages(("sh", "run"))
    ],
)
def test_commands_and_requests_work_as_printed(path, served, tmp_path):
    shell = Shell(served, tmp_path)
    got = ""
    try:
        for block in fenced(path):
            if block.words[:2] == ("sh", "run"):
                got = shell.run(block.text.replace(ADDRESS, served["DOCS_ADDRESS"]))
                got = got.replace(served["DOCS_ADDRESS"], ADDRESS)
                if "keys issue" in block.text:
                    time.sleep(1.5)  # a running server reads new stores every second
            elif block.words[:2] == ("json", "answer"):
                assert holds(json.loads(block.text), json.loads(got)), f"{block.text}\n{got}"
            elif block.words[:2] == ("text", "answer"):
                assert said_as(block.text, got), f"{block.text}\n{got}"
    finally:
        shell.close()


def breakfast(at: datetime, number: str, card: str, balance: int, spend: int) -> str:
    """The demo's basket under the demo's program, decided and printed without a database.

    Of somebody who has had 48 coffees before, and most of what is given once.
    """
    program = READER.read(program_text(READER).edition.body, 2)
    assert not isinstance(program, Refusal)
    needs = [need.key for need in program.plan.needs if not isinstance(need, Trait)]
    known = {key: int(key.startswith("times")) for key in needs}
    known |= {"units c:coffee ever": 48, "receipts * ever": 37, "receipts * 30 days": 9}
    lines = basket_lines()
    receipt = Receipt(
        store="TRASTEVERE", till="9", number=number, happened_at=at, currency="EUR", lines=lines,
        total_minor=sum(line.total() for line in lines), card=card, spend=Spend(spend),
    )  # fmt: skip
    ids = iter(uuid4, None)
    owner = Owner(UUID(int=7), UUID(int=8), "active", True)
    wallet = Wallet(owner.account_id, active=balance, loaded=True)
    lot = Lot(uuid4(), uuid4(), at, None, balance, balance)
    wallet.lots[lot.id] = lot
    store = Store("TRASTEVERE", "Bottega", "Europe/Rome")
    case = Case(
        outcome_id=uuid4(), program=program, store=store, now=at, received_at=at, ids=ids,
        owner=owner, wallet=wallet, known=known,
    )  # fmt: skip
    decided = decide_sale(case, receipt)
    assert isinstance(decided, Decision), decided
    return slip.sold(receipt, decided.answer)


@pytest.mark.parametrize("path", pages(("text", "slip")))
def test_the_receipt_shown_is_what_the_demo_gives(path):
    for block in fenced(path):
        if block.words[:2] == ("text", "slip"):
            number, card = re.findall(r"no\. (\d+)|card (\d+)", block.text)
            when = re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d", block.text, re.MULTILINE)
            after = re.search(r"points you have +(\d+)", block.text)
            assert when and after
            at = datetime.fromisoformat(when[0] + "+01:00")
            before = int(after[1]) + 200 - 51
            made = breakfast(at, number[0], card[1], before, 200)
            assert block.text.rstrip("\n") == made


def tessera_commands() -> list[str]:
    """Every command line with `tessera` in the documents, options and arguments away."""
    found = set()
    for path in DOCS:
        for block in fenced(path):
            for line in block.text.splitlines() if block.words[:1] in (("sh",), ("ini",)) else ():
                for words in re.findall(r"(?:^|[\s/(=])tessera((?: [a-z]+)+)", line):
                    found.add(words.strip())
        text = path.read_text(encoding="utf-8")
        found |= {words.strip() for words in re.findall(r"`tessera((?: [a-z]+)+)", text)}
    return sorted(found)


def known_commands() -> dict[str, list[str]]:
    """{command: its sub-commands} of the real command line."""
    root = typer.main.get_command(build(Settings(Path("never-made"))))
    groups = getattr(root, "commands", {})
    return {name: list(getattr(each, "commands", {})) for name, each in groups.items()}


def test_every_command_shown_exists():
    known = known_commands()
    for words in tessera_commands():
        first, *rest = words.split()
        assert first in known, f"tessera {words}"
        if known[first] and rest:
            assert rest[0] in known[first], f"tessera {words}"


def test_every_command_teaches(tmp_path):
    """--help of each command and sub-command answers, and touches nothing."""
    home = tmp_path / "never-made"
    app = build(Settings(home))
    for command, below in known_commands().items():
        for words in ([command], *([command, each] for each in below)):
            done = CliRunner().invoke(app, [*words, "--help"])
            assert done.exit_code == 0 and "Usage:" in done.output, words
    assert not home.exists()


@pytest.mark.parametrize("path", pages(("pycon",), ("receipt",), ("condition",)))
def test_worked_examples_are_true(path):
    for block in fenced(path):
        if block.words[:1] == ("receipt",):
            for scenario in blocks(block.text):
                check(scenario, READER)
        elif block.words[:1] == ("condition",):
            found, expected = condition_told(block.text, READER.conditions)
            assert found == expected
    source = "\n".join(b.text for b in fenced(path) if b.words[:1] == ("pycon",))
    test = doctest.DocTestParser().get_doctest(source, {}, name_of(path), None, 0)
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    assert failed.failed == 0, "".join(said)


def tables(path: Path, mark: str) -> Iterator[list[list[str]]]:
    """The rows of tables that stand below `<!-- table: mark -->`, heads aside."""
    text = path.read_text(encoding="utf-8")
    for part in text.split(f"<!-- table: {mark} -->\n")[1:]:
        rows = part.split("\n\n")[0].strip().splitlines()[2:]
        yield [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def whole(cell: str) -> list[int]:
    return [int(number) for number in re.findall(r"-?\d+", cell.replace(",", " "))]


def test_tables_of_worked_cents_are_true():
    checked = 0
    for path in DOCS:
        for rows in tables(path, "split"):
            for total, weights, shares in rows:
                assert split(whole(total)[0], whole(weights)) == whole(shares)
                checked += 1
        for rows in tables(path, "rounding"):
            for base, points, per, down, nearest in rows:
                size, step = whole(base)[0] * whole(points)[0], whole(per)[0]
                assert [size // step] == whole(down)
                assert [half_up(size, step)] == whole(nearest)
                checked += 1
    assert checked >= 10


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_links_lead_somewhere():
    lost = []
    for path in DOCS:
        text = FENCE.sub("", path.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if target.startswith(("http://", "https://", "mailto:")):
                continue
            file, _, anchor = target.partition("#")
            goal = (path.parent / file).resolve() if file else path
            if not goal.exists() or (anchor and anchor not in anchors(goal)):
                lost.append(f"{name_of(path)}: {target}")
    assert lost == []


IDS = {"A": 14, "B": 10, "C": 9, "D": 10, "E": 6, "F": 6, "G": 6, "H": 7, "I": 6, "J": 5,
       "K": 3, "L": 7}  # fmt: skip


def feature_rows() -> list[list[str]]:
    text = (ROOT / "docs/features.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-L]\d+) \|(.*)\|$", text, re.MULTILINE)
    return [[key, *(cell.strip() for cell in rest.split("|"))] for key, rest in rows]


def test_every_requirement_has_exactly_one_row():
    wanted = [f"{letter}{n}" for letter, count in IDS.items() for n in range(1, count + 1)]
    assert sorted(row[0] for row in feature_rows()) == sorted(wanted)


def test_states_are_honest():
    """What is there names where it is and what proves it; what is named exists."""
    for key, state, where, see, tests in feature_rows():
        assert state in ("done", "part", "not yet"), key
        if state == "not yet":
            continue
        assert where and see and tests, key
        for file in re.findall(r"`([\w./-]+/[\w./-]*)`", where + tests):
            assert (ROOT / file).exists() or (HOUSE / file).exists(), f"{key}: {file}"


def codes_in_the_source() -> set[str]:
    """Every code a till can be answered: of the status table, and of each Refusal that is made."""
    found = set(STATUS)
    skip = (
        HOUSE / "doors/cli", HOUSE / "doors/console", HOUSE / "doors/cabinet",
        HOUSE / "doors/cashier", HOUSE / "doors/web",  # told on pages
        HOUSE / "ledger/carried", HOUSE / "members/carried",  # by the command line alone
    )  # fmt: skip
    for path in sorted(HOUSE.rglob("*.py")):
        if any(folder in path.parents for folder in skip):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            if getattr(node.func, "id", getattr(node.func, "attr", "")) in ("Refusal",):
                found |= set(words_of(node.args[0]))
    return found


def words_of(node: ast.expr) -> Iterator[str]:
    """The codes an expression may be: a word, or one of two."""
    match node:
        case ast.Constant(value=str(word)):
            yield word
        case ast.IfExp(body=body, orelse=other):
            yield from words_of(body)
            yield from words_of(other)


def guide_codes() -> dict[str, int]:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return {code: int(status) for code, status in rows}


def test_every_code_is_in_the_till_guide():
    listed = guide_codes()
    answered = codes_in_the_source()
    assert answered - set(listed) == set(), "list them in docs/till-guide.md"
    assert {c: s for c, s in listed.items() if s != STATUS.get(c, 422)} == {}


def test_the_reference_is_what_the_shelves_hold():
    """`make reference` writes it anew; every example in it is run by the test above."""
    folder = ROOT / "docs/reference"
    made = {name: text.strip() for name, text in reference().items()}
    kept = {p.name: p.read_text(encoding="utf-8").strip() for p in sorted(folder.glob("*.md"))}
    stale = [name for name in made if kept.get(name) != made[name]]
    assert made and not stale, f"`make reference` writes them anew: {stale}"


def test_the_till_guide_leads_to_the_words_of_silent_rules():
    assert "reference/codes.md" in GUIDE.read_text(encoding="utf-8")


def test_every_setting_of_the_environment_is_in_operations():
    text = (HOUSE / "app.py").read_text(encoding="utf-8")
    asked = set(re.findall(r'(?:told|environ\.get)\("(TESSERA_\w+)"', text))
    told = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(TESSERA_\w+)` \|", told, re.MULTILINE))
    assert asked and listed == asked


def test_a_proxy_as_shown_writes_who_calls_anew():
    """nginx passes on what callers say of themselves, and limits go by it."""
    block = (ROOT / "docs/operations.md").read_text().partition("```nginx\n")[2].partition("```")[0]
    passing = [part.partition("}")[0] for part in block.split("location ")[1:]]
    assert len(passing) == 2
    for each in passing:
        assert "proxy_pass http://127.0.0.1:8321;" in each
        assert "proxy_set_header X-Forwarded-For $remote_addr;" in each


def test_the_readme_has_a_place_for_measured_figures():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("<!-- bench -->") == text.count("<!-- /bench -->") == 1
    assert text.index("<!-- bench -->") < text.index("<!-- /bench -->")
