"""What a member sees of open rules: for any program, and nothing of what is hidden."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from support.anything import READER, facts_for, program_of, rules
from tessera.program.core.open_rules import told_to_member
from tessera.rules.core.nearing import near
from tessera.rules.core.texts import say
from tessera.rules.core.tongues import ENGLISH

MANY = settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
                deadline=None, max_examples=100)  # fmt: skip


@st.composite
def programs(draw):
    """(program, facts, which of its rules are hidden besides)."""
    codes = draw(st.lists(st.sampled_from(list(READER.mechanics)), min_size=1, max_size=6))
    some = [draw(rules(each)) | {"id": f"r{n}"} for n, each in enumerate(codes)]
    program = program_of(some)
    assume(program is not None)
    assert program is not None
    hidden = draw(st.sets(st.sampled_from([rule.id for rule in program.rules])))
    return program, draw(facts_for(program)), hidden


@MANY
@given(programs())
def test_every_open_rule_can_be_told(made):
    program, facts, _ = made
    for each in near(program, facts):
        assert not each.rule.hidden and each.rule.lane != "payment"
        assert told_to_member(each.rule, "EUR", ENGLISH, whole=each.tells, draws={})
        if each.missing is not None:
            assert each.missing.lacking > 0 and say(each.missing.why, each.missing.numbers, "EUR")
            assert each.of == 0 or each.of >= each.missing.lacking


@MANY
@given(programs())
def test_a_rule_that_is_hidden_is_as_good_as_not_there(made):
    """The others say the same, but those that lean on it: they are silent too."""
    program, facts, hidden = made
    rest = [rule if rule.id not in hidden else replace(rule, hidden=True) for rule in program.rules]
    seen = near(replace(program, rules=tuple(rest)), facts)
    before = [each for each in near(program, facts) if each.rule.id not in hidden]
    assert {each.rule.id for each in seen} <= {each.rule.id for each in before}
    for each in seen:
        assert each in before
