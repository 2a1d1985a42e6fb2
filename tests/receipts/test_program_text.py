"""A program's directory as people meet it: mistakes, tests, differences, warnings, each word."""

from __future__ import annotations

from datetime import date

import pytest

from tessera.program.core import Reader, starter
from tessera.program.core.difference import Edition, differences
from tessera.program.core.rehearsal import gave_in, rehearse
from tessera.program.core.seen import Seen
from tessera.program.core.text import in_lines, read_text
from tessera.program.core.warnings import shelf, warnings_of
from tessera.program.core.writing import written
from tessera.program.files import read_directory, write_directory
from tessera.rules import conditions, mechanics

READER = Reader(mechanics.shelf(), conditions.shelf())
HEAD = """\
name: The corner shop
currency: EUR
numbers:
  coffee: 6
"""
BASE = "id: base\nmechanic: base_rate\npoints: 2\nper: 1.00\n"
COFFEE = "- id: coffee\n  mechanic: every_nth_free\n  product: LATTE\n  n: $coffee\n"
WEEKEND = """\
id: weekend
mechanic: multiplier
times_x100: 200
when:
  weekday: [sat, sun]
"""
SHOP = {"program.yaml": HEAD, "rules/10-base.yaml": BASE, "rules/20-coffee.yaml": COFFEE,
        "rules/30-weekend.yaml": WEEKEND}  # fmt: skip


def read(**changed: str):
    """The shop with files replaced; `x__y` stands for x/y."""
    files = SHOP | {name.replace("__", "/") + ".yaml": text for name, text in changed.items()}
    return read_text({name: text.encode() for name, text in files.items()}, READER)


def told(**changed: str) -> list[str]:
    """What is said of its mistakes."""
    return list(in_lines(read(**changed).mistakes))


def test_a_directory_is_a_program():
    found = read()
    assert found.mistakes == [] and found.program is not None
    assert [rule.id for rule in found.program.rules] == ["base", "coffee", "weekend"]
    assert found.body == {
        "name": "The corner shop", "currency": "EUR", "numbers": {"coffee": 6},
        "rules": [
            {"id": "base", "mechanic": "base_rate", "points": 2, "per": "1.00"},
            {"id": "coffee", "mechanic": "every_nth_free", "product": "LATTE", "n": "$coffee"},
            {"id": "weekend", "mechanic": "multiplier", "times_x100": 200,
             "when": {"weekday": ["sat", "sun"]}},
        ],
    }  # fmt: skip
    assert found.rule_at("coffee") == ("rules/20-coffee.yaml", 1)
    assert found.rule_at("weekend") == ("rules/30-weekend.yaml", 1)


def test_codes_of_digits_are_text_where_text_is_wanted():
    head = HEAD + "events: {survey: {fields: {size: {type: choice, values: [36, 037]}}}}\n"
    rule = "id: 4711\nmechanic: every_nth_free\nproduct: 4001234567890\nn: 3\nstores: [1, 007]\n"
    found = read(program=head, rules__40=rule)
    assert found.mistakes == [] and found.program is not None
    assert found.program.rules[3].id == "4711"
    assert found.program.rules[3].stores == ("1", "007")
    assert found.program.events["survey"].fields["size"].values == ("36", "037")


def test_every_mistake_is_told_at_once_with_its_place():
    head = "name: Shop\ncurrency: EUR\nexpiry_dais: 365\ngroups: {g: {pick: first, by: 1}}\n"
    weekend = WEEKEND.replace("sun", "son") + "ends: 2026-01-01\nstarts: 2026-02-01\n"
    coffee = COFFEE.replace("6", "$x") + "- id: coffee\n  mechanic: evry_nth_free\n"
    found = told(program=head, rules__30_weekend=weekend, **{"rules__20-coffee": coffee})
    assert found[:8] == [
        "program.yaml:3  expiry_dais: there is no field expiry_dais",
        "    did you mean expiry_days?",
        "program.yaml:4  groups.g.by: there is no field by",
        "    take it out; there are pick",
        "rules/20-coffee.yaml:4  [0].n: there is no number coffee",
        "    add coffee to the numbers",
        "rules/20-coffee.yaml:4  [0].n: this should be a whole number, got '$coffee'",
        "    a whole number from 2 to 1000",
    ]
    assert found[8] == "rules/20-coffee.yaml:6  [1].mechanic: there is no mechanic 'evry_nth_free'"
    assert found[10:] == [
        "rules/30_weekend.yaml:5  when.weekday.days[1]: this is none of what it may be, got 'son'",
        "    each one of fri, mon, sat, sun, thu, tue, wed",
    ]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("id: a\nmechanic: base_rate\nid: b\n", 3, "id is here twice, first in line 1"),
        ("id: &a a\nmechanic: base_rate\n", 1, "&a has no meaning here"),
        ("id: a\nmechanic: *m\n", 2, "*m has no meaning here"),
        ("id: !!str a\n", 1, "!!str has no meaning here"),
        ("id: a\n---\nid: b\n", 2, "a second document begins"),
        ("id: a\n\tmechanic: base_rate\n", 2, "there is a tab"),
        ("id: [a\n", 2, "this cannot be read: did not find expected ',' or ']'"),
        ("id: a: b\n", 1, "this cannot be read: mapping values are not allowed in this context"),
        ("? [a]\n: b\n", 1, "a name is one word"),
        ("%YAML 1.1\n---\nid: a\n", 1, "there is a % directive"),
        ("", 1, "the file is empty"),
        ("just words\n", 1, "this is no rule"),
        ("- id: a\n- 7\n", 2, "a rule is a mapping"),
        ("id: a\nmechanic: base_rate\npoints: 1\n", 1, "per_minor is missing"),
        ("id: a\nmechanic: base_rate\npoints: 1\nper: 1.00\nper_minor: 100\n", 5,
         "per_minor is given twice, in two spellings"),
    ],
)  # fmt: skip
def test_what_is_no_plain_text_is_refused(text, line, why):
    found = [(each.file, each.line, each.why) for each in read(rules__40=text).mistakes]
    assert ("rules/40.yaml", line, why) in found


def test_other_files_encodings_and_sizes_are_refused():
    def whys(files: dict[str, bytes]) -> list[tuple[str, int, str]]:
        shop = {name: text.encode() for name, text in SHOP.items()}
        return [(m.file, m.line, m.why) for m in read_text(shop | files, READER).mistakes]

    assert whys({"rules/x.yml": b"id: a"}) == [("rules/x.yml", 1, "this file is not read")]
    assert whys({"more.yaml": b"id: a"}) == [("more.yaml", 1, "this file is not read")]
    assert whys({"rules/x.yaml": b"id: a\nname: caf\xe9\n"}) == [
        ("rules/x.yaml", 2, "byte 15 (0xe9) is not UTF-8")
    ]
    assert whys({"tests/x.txt": b"\xff"}) == [("tests/x.txt", 1, "byte 0 is not UTF-8")]
    assert whys({"rules/x.yaml": b"#" * (1024 * 1024 + 1)}) == [
        ("rules/x.yaml", 1, "the file has over 1,048,576 bytes")
    ]
    nothing = read_text({"rules/x.yaml": BASE.encode()}, READER).mistakes
    assert [(m.file, m.why) for m in nothing] == [("program.yaml", "there is no program.yaml")]
    rules = whys({"program.yaml": HEAD.encode() + b"rules: []\n"})
    assert rules == [("program.yaml", 5, "rules have files of their own")]


def test_a_rule_that_cannot_be_parsed_is_not_missed_by_others():
    asks = "id: asks\nmechanic: multiplier\ntimes_x100: 200\nwhen: {rule_gave: coffee}\n"
    found = read(rules__40=asks, **{"rules__20-coffee": "- id: [coffee\n"})
    assert [m.file for m in found.mistakes] == ["rules/20-coffee.yaml"]
    gone = read(rules__40=asks.replace("coffee", "tea")).mistakes
    assert [(m.file, m.line, m.why) for m in gone] == [
        ("rules/40.yaml", 4, "there is no rule tea")
    ]


# What only the whole shows -----------------------------------------------------------------------


def rule(name: str, when: str = "", **more: str) -> str:
    lines = [f"id: {name}", "mechanic: multiplier", "times_x100: 200"]
    lines += [f"when: {when}"] if when else []
    return "\n".join([*lines, *(f"{key}: {value}" for key, value in more.items())]) + "\n"


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ([rule("a", "{rule_gave: a}")], "this rule waits for itself"),
        ([rule("a", "{not: {rule_gave: b}}"), rule("b", "{rule_gave: c}"),
          rule("c", "{any: [weekday: sat, rule_gave: a]}")],
         "rules that wait for each other: a -> b -> c -> a"),
        ([rule("a", "{history: {measure: receipts, of: 'e:survey'}}")],
         "there is no event survey"),
        ([rule("a", "{attribute: {name: shoe, values: 7}}")], "there is no attribute shoe"),
        ([rule("a", ends="2026-01-01", starts="2026-02-01")],
         "it ends on 2026-01-01, before it starts on 2026-02-01"),
        ([rule("a", ramp="[{on: 2026-02-01, upto: 5}, {on: 2026-02-01, upto: 9}]")],
         "2026-02-01 does not come after 2026-02-01"),
        ([rule("a", caps="[{per: day}]")], "this cap limits nothing"),
        ([rule("a", caps="[{per: receipt, times: 2}]")], "a rule gives once on a receipt as it is"),
        ([rule("'*points'")], "a rule's id does not begin with *"),
        ([rule("a"), rule("a")], "two rules are called a"),
        ([rule("a", group="g")], "there is no group g"),
    ],
)  # fmt: skip
def test_rules_that_do_not_fit_together_are_refused(rules, why):
    found = read(**{f"rules__4{n}": text for n, text in enumerate(rules)}).mistakes
    assert [each.why for each in found] == [why]
    assert found[0].file.startswith("rules/4") and found[0].line > 0


@pytest.mark.parametrize(
    ("more", "field", "why"),
    [
        ("attributes: {size: {type: choice}}", "attributes.size.type",
         "a choice has nothing to choose from"),
        ("attributes: {size: {values: [a]}}", "attributes.size.values",
         "only a choice has values"),
        ("events: {e: {fields: {f: {type: integer, least: 5, most: 1}}}}",
         "events.e.fields.f.least", "least 5 is above most 1"),
        ("lanes: [price, price, earning, payment, gift]", "lanes",
         "the lane price comes 2 times"),
        ("lanes: [price]", "mechanic", "the program has no lane earning"),
        ("numbers: {a b: 1}", "numbers.a b", "a number's name is 1 to 64 letters, digits, _ or -"),
        ("numbers: {a: [1]}", "numbers.a", "'[1]' is no number"),
        ("numbers: {a: 99999999999999999}", "numbers.a", "this number is too large"),
    ],
)  # fmt: skip
def test_declarations_that_make_no_sense_are_refused(more, field, why):
    head = HEAD + more if "numbers" not in more else "name: A\ncurrency: EUR\n" + more
    found = [m for m in read(program=head).mistakes if "no number coffee" not in m.why]
    assert (found[0].field, found[0].why) == (field, why)


# Tests of a program ------------------------------------------------------------------------------

TESTS = """\
# A Saturday.
at 2026-02-07 10:30
buy LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
to pay               7.50
points                 30


# A Monday: what is missing may be told, all of it or a part.
buy LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
to pay               7.50
points                 15
missing weekday         0
"""


def test_a_program_is_tried_with_its_receipts():
    program = read().program
    assert program is not None
    tried, mistakes = rehearse({"tests/a.txt": TESTS}, program)
    assert mistakes == [] and [each.passed for each in tried] == [True, True]
    assert [each.line for each in tried] == [2, 11]
    assert gave_in(tried) == {"base", "weekend"}
    wrong, _ = rehearse({"tests/a.txt": TESTS.replace("30\n", "31\n")}, program)
    assert [each.passed for each in wrong] == [False, True]
    assert gave_in(wrong) == {"base"}
    other = TESTS.replace("missing weekday", "missing hours  ")
    missed, _ = rehearse({"tests/a.txt": other}, program)
    assert [each.passed for each in missed] == [True, False]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("buy A 1 x 1.00\n", 1, "no ---- in"),
        ("\n\nat 2026-02-30 10:00\nbuy A 1 x 1.00\n----\nx\n", 3, "day is out of range for month"),
        ("rule base_rate points=1\nbuy A 1 x 1.00\n----\nx\n", 1,
         "the program is given: rule base_rate points=1"),
        ("sell A 1 x 1.00\n----\nx\n", 1, "not understood: sell A 1 x 1.00"),
        ("# c\nbuy A 1 x 1.00\nstore S1 regoin=north\n----\nx\n", 2, None),
        ("spend 5\nbuy A 1 x 1.00\n----\nx\n", 2, "more is spent than there is: refused before"),
        ("buy A 1 x 1.00\nkeep 1, 2\n----\nx\n", 4, "keep names each line of the receipt"),
    ],
)  # fmt: skip
def test_a_test_that_is_not_understood_is_named(text, line, why):
    program = read().program
    assert program is not None
    tried, mistakes = rehearse({"tests/a.txt": text}, program)
    assert tried == [] and len(mistakes) == 1
    assert (mistakes[0].file, mistakes[0].line) == ("tests/a.txt", line)
    assert why is None or mistakes[0].why == why


# Differences -------------------------------------------------------------------------------------


def difference(**changed: str) -> list[str]:
    old, new = read(), read(**changed)
    assert new.mistakes == []
    assert old.body and old.program and new.body and new.program
    return differences(Edition(old.body, old.program), Edition(new.body, new.program))


@pytest.mark.parametrize(
    ("file", "was", "becomes", "said"),
    [
        ("program", "6", "7", ["Number coffee: 6 becomes 7 (in coffee)"]),
        ("program", "currency: EUR\n", "currency: EUR\nexpiry_days: 365\n",
         ["Setting expiry_days was not set, becomes 365"]),
        ("program", "shop", "store",
         ["Setting name was The corner shop, becomes The corner store"]),
        ("program", "numbers:\n", "groups: {g: {}}\nnumbers:\n  tea: 2.50\n",
         ["Number tea is new: 2.50", "Group g is new: as usual"]),
        ("program", "numbers:\n", "control: {percent: 5}\nnumbers:\n",
         ["Setting control was not set, becomes percent 5"]),
        ("program", "numbers:\n", "point_caps: [{per: day, most: 100}]\nnumbers:\n",
         ["Setting point_caps was nothing, becomes (per day, most 100)"]),
        ("rules__30-weekend", "200", "300", ["Rule weekend: times_x100 was 200, becomes 300"]),
        ("rules__30-weekend", "sat, sun", "fri",
         ['Rule weekend: when was "it is Saturday or Sunday", becomes "it is Friday"']),
        ("rules__30-weekend", "when:\n  weekday: [sat, sun]\n", "",
         ['Rule weekend: when was "it is Saturday or Sunday", becomes not set']),
        ("rules__30-weekend", "id: weekend\n", "id: weekend\nstores: [S1, S2]\nof: {skus: [A]}\n",
         ["Rule weekend: of.skus gains A", "Rule weekend: stores gains S1, S2"]),
        ("rules__30-weekend", "multiplier\ntimes_x100: 200", "fixed_points\npoints: 5", [
            "Rule weekend was multiplier, times_x100 200, when it is Saturday or Sunday; becomes "
            "fixed_points, points 5, when it is Saturday or Sunday"]),
        ("rules__30-weekend", "id: weekend", "id: fun", [
            "Rule weekend is taken away; it was multiplier, times_x100 200, "
            "when it is Saturday or Sunday",
            "Rule fun is new: multiplier, times_x100 200, when it is Saturday or Sunday"]),
        ("rules__10-base", "1.00", "2.00",
         ["Rule base: per was 1.00 EUR, becomes 2.00 EUR"]),
        ("rules__10-base", "per: 1.00", "per_minor: 100",
         ["Rule base is written otherwise and does the same"]),
        ("rules__10-base", "per: 1.00\n", "per: 1.00\nhidden: true\n",
         ["Rule base: hidden was no, becomes yes"]),
        ("rules__10-base", "id: base\n", "# a remark\n\nid:   base\n", []),
    ],
)  # fmt: skip
def test_a_change_is_told_in_a_sentence(file, was, becomes, said):
    name = file.replace("__", "/") + ".yaml"
    assert was in SHOP[name]
    assert difference(**{file: SHOP[name].replace(was, becomes)}) == said


def test_a_rule_that_moves_is_told_once():
    def order(*names: str) -> Edition:
        body = starter("EUR") | {"rules": [
            {"id": name, "mechanic": "base_rate", "points": 1, "per_minor": 100} for name in names
        ]}  # fmt: skip
        program, _ = READER.examine(body, 1)
        assert program is not None
        return Edition(body, program)

    assert differences(order("a", "b", "c", "d"), order("d", "a", "b", "c")) == [
        "Rule d moves to the front"
    ]
    assert differences(order("a", "b", "c", "d"), order("b", "c", "a", "d")) == [
        "Rule a moves behind c"
    ]


# Warnings ----------------------------------------------------------------------------------------

ON = date(2026, 2, 7)


def warned(before: bool = False, gave: frozenset[str] = frozenset(), **changed: str):
    """(code, rule) of every warning, with the reason."""
    found = read(**changed)
    assert found.mistakes == [] and found.body and found.program
    old = read().program if before else None
    seen = Seen(found.body, found.program, ON, old, gave)
    return {(each.code, each.rule): each.why for each in warnings_of(seen)}


PERSONAL = rule("birthday", "{birthday: 3}")
CAPPED = "[{per: month, most: 500}]"


def test_a_good_program_has_no_warnings():
    assert warned(rules__50=PERSONAL) == {}


@pytest.mark.parametrize(
    ("text", "code", "why"),
    [
        (rule("a", ends="2026-01-31"), "never_fires", "it ended on 2026-01-31"),
        (rule("a", "{all: [weekday: [sat, sun], weekday: mon]}"), "never_fires",
         "at no hour of the 400 days from 2026-02-07 on its conditions hold together"),
        (rule("a", "{all: [hours: 10:00-12:00, not: {hours: 09:30-12:00}]}"), "never_fires", None),
        (rule("a", "{dates: 2026-03-08}", starts="2026-04-01"), "never_fires", None),
        (rule("a", "{store: S2}", stores="[S1]"), "never_fires",
         "in no store and no region its conditions hold together"),
        (rule("a", "{all: [channel: online, channel: store]}"), "never_fires",
         "by no channel its conditions hold together"),
        (rule("a", "{all: [history: {measure: receipts, at_least: 9}, history: {measure: receipts,"
              " at_most: 3}]}"), "never_fires", "history asks for at least 9 and at most 3"),
        (rule("a", sample="{above: 50, upto: 50}"), "never_fires",
         "its sample is empty: above 50 and up to 50 percent"),
        (rule("a", ramp="[{on: 2026-02-01, upto: 0}]"), "never_fires",
         "no step of its ramp reaches anybody"),
        (rule("a", "{weekday: sun}"), "overlap",
         "on one receipt weekend and this rule, both multiplier, may give"),
        ("id: a\nmechanic: multiplier\ntimes_x100: 1500\nwhen: {weekday: mon}\n", "unlimited_cost",
         "it is worth 28 % of what is spent, without a limit"),
        ("id: a\nmechanic: base_rate\npoints: 25\nper: 1.00\n", "unlimited_cost",
         "it is worth 25 % of what is spent, without a limit"),
        ("id: a\nmechanic: sum_threshold\nfrom: 50.00\nprize: {gift: MUG}\n", "unlimited_cost",
         "it gives its prize on every receipt that qualifies, however many come"),
        (rule("a", "{all: [rule_gave: late, weekday: mon]}"), "asks_later",
         "late is asked only after this rule"),
    ],
)  # fmt: skip
def test_a_rule_to_think_about_is_told(text, code, why):
    late = rule("late", "{weekday: tue}", priority="-5")
    found = warned(rules__40=text, rules__45=late, rules__50=PERSONAL)
    assert (code, "a") in found, found
    assert why is None or found[code, "a"] == why


@pytest.mark.parametrize(
    "text",
    [
        rule("a", "{dates: 2029-03-08}"),
        rule("a", "{recurrence: FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24}"),
        rule("a", "{all: [weekday: fri, any: [weekday: mon, not: {store: S1}]]}"),
        rule("a", "{all: [store: {stores: S1, regions: north}, weekday: fri]}", regions="[north]"),
        rule("a", "{weekday: [mon, fri]}", starts="2026-03-01"),
        f"id: a\nmechanic: base_rate\npoints: 25\nper: 1.00\ncaps: {CAPPED}\n",
    ],
)
def test_a_rule_that_is_all_right_is_not_warned_of(text):
    assert [key for key in warned(rules__40=text, rules__50=PERSONAL) if key[1] == "a"] == []


def test_programs_are_warned_of_too():
    assert ("one_rule_for_all", "") in warned()
    head = HEAD + "  tea: 5\n"
    assert warned(program=head, rules__50=PERSONAL) == {
        ("unused_number", ""): "the number tea is used nowhere"
    }
    new = rule("new", "{weekday: mon}")
    assert ("untested", "new") in warned(before=True, rules__40=new)
    for more in ({"gave": frozenset({"new"})}, {"before": False}):
        how = {"before": True} | more
        assert ("untested", "new") not in warned(**how, rules__40=new)  # type: ignore[arg-type]
    pilot = rule("new", "{weekday: mon}", sample="{upto: 10}")
    assert ("untested", "new") not in warned(before=True, rules__40=pilot)
    groups = HEAD + "groups: {g: {}}\n"
    first = rule("first", group="g")
    second = rule("second", "{weekday: mon}", group="g")
    found = warned(program=groups, rules__40=first, rules__41=second, rules__50=PERSONAL)
    assert ("shadowed", "second") in found and ("overlap", "second") not in found


def test_every_kind_of_warning_says_what_it_is():
    kinds = shelf()
    assert set(kinds) == {
        "asks_later", "never_fires", "one_rule_for_all", "overlap", "shadowed", "unlimited_cost",
        "untested", "unused_number",
    }  # fmt: skip
    for find in kinds.values():
        assert find.__doc__


# On the disk -------------------------------------------------------------------------------------


def test_a_program_is_written_and_read_again(tmp_path):
    body = read().body
    assert body is not None
    files = written(body, READER.mechanics)
    assert files == {
        "program.yaml": HEAD,
        "rules/0010-base.yaml": BASE,
        "rules/0020-coffee.yaml": "id: coffee\nmechanic: every_nth_free\nproduct: LATTE\n"
        "n: $coffee\n",
        "rules/0030-weekend.yaml": WEEKEND,
    }
    assert write_directory(tmp_path, files) == 4
    assert read_text(read_directory(tmp_path), READER).body == body
    with pytest.raises(FileExistsError):
        write_directory(tmp_path, files)
    (tmp_path / "rules/0015-tea.yaml").write_text("id: tea\n", encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/a.txt").write_text(TESTS, encoding="utf-8")
    write_directory(tmp_path, files, replace=True)
    again = read_text(read_directory(tmp_path), READER)
    assert again.body == body and list(again.tests) == ["tests/a.txt"]


def test_a_directory_that_is_none_is_an_error(tmp_path):
    with pytest.raises(OSError, match="no such directory"):
        read_directory(tmp_path / "nowhere")


def test_ids_make_harmless_names_of_files():
    body = starter("EUR")
    body["rules"] = [body["rules"][0] | {"id": name} for name in ("../../etc/passwd", "Ü/x", "-")]
    assert list(written(body, READER.mechanics)) == [
        "program.yaml", "rules/0010-etc-passwd.yaml", "rules/0020-x.yaml", "rules/0030-rule.yaml",
    ]  # fmt: skip
