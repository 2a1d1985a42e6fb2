"""A program's directory as people meet it: its mistakes, its tests, on the disk."""

from __future__ import annotations

import pytest

from support.directory import BASE, COFFEE, HEAD, READER, SHOP, WEEKEND, read, rule
from tessera.program.core import starter
from tessera.program.core.rehearsal import gave_in, rehearse
from tessera.program.core.text import in_lines, read_text
from tessera.program.core.writing import written
from tessera.program.files import read_directory, write_directory


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
    assert found[:6] == [
        "program.yaml:3  expiry_dais: there is no field expiry_dais",
        "    did you mean expiry_days?",
        "program.yaml:4  groups.g.by: there is no field by",
        "    take it out; there are pick",
        "rules/20-coffee.yaml:4  [0].n: there is no number coffee",
        "    add coffee to the numbers",
    ]
    assert found[6] == "rules/20-coffee.yaml:6  [1].mechanic: there is no mechanic 'evry_nth_free'"
    assert found[8:] == [
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
    assert [(m.file, m.line, m.why) for m in gone] == [("rules/40.yaml", 4, "there is no rule tea")]


# What only the whole shows -----------------------------------------------------------------------


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
        ("attributes: {size: {least: 5}}", "attributes.size.least", "a text has no bounds"),
        ("attributes: {size: {type: integer, least: 5, most: 1}}", "attributes.size.least",
         "5 is above 1"),
        ("attributes: {day: {type: date, least: x}}", "attributes.day.least",
         "'x' is no date, write it year-month-day"),
        ("enrolment: {time_zone: Mars}", "enrolment.time_zone", "there is no time zone Mars"),
        ("currencies: {miles: {expiry: {time_zone: Mars, seasons: [{opens: 2026-01-01,"
         " closes: 2026-06-30, spend_until: 2026-07-31}]}}}",
         "currencies.miles.expiry.time_zone", "there is no time zone Mars"),
        ("expiry: {days: 5, time_zone: UTC}", "expiry", "time_zone goes with seasons"),
        ("enrolment: {country: Italy}", "enrolment.country",
         "this has not the form it must have, got 'Italy'"),
        ("enrolment: {welcome: joined}", "enrolment.welcome", "there is no event joined"),
        ("transfers: {donate: {causes: {a: A}, event: gave}}",
         "transfers.donate.event", "there is no event gave"),
        ("events: {gave: {fields: {x: {}}}}\ntransfers: {donate: {causes: {a: A}, event: gave}}",
         "transfers.donate.event", "nobody fills in the field x of gave"),
        ("events: {gave: {fields: {minor: {}}}}\n"
         "transfers: {donate: {causes: {a: A}, event: gave}}",
         "transfers.donate.event", "the field minor of gave is text"),
        ("events: {joined: {fields: {x: {}}}}\nenrolment: {welcome: joined}",
         "enrolment.welcome", "nobody fills in the field x of joined: it is the house's own"),
        ("events: {done: {}}\nenrolment: {completed: done}", "enrolment.completed",
         "nothing counts for a complete profile"),
        ("consents: {purposes: {news: {wording: v2, wordings: {v1: {en: May we?}}}}}",
         "consents.purposes.news.wording", "there is no wording v2"),
        ("consents: {purposes: {news: {wording: v1, wordings: {v1: {}}}}}",
         "consents.purposes.news.wordings.v1", "nobody can read it"),
        ("consents: {purposes: {a/b: {wording: v1, wordings: {v1: {en: May we?}}}}}",
         "consents.purposes.a/b", "a purpose is named in plain letters, without /"),
        ("choices: {track: {options: {a: A}, most: 2}}", "choices.track.most",
         "2 of 1 options"),
        ("choices: {x: {options: {a: A}, favourites: true},"
         " y: {options: {a: A}, favourites: true}}", "choices.y.favourites",
         "x is the favourites already"),
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
