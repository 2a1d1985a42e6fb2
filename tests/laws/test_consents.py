"""Consents: only a given one counts, the stricter wins, a merge is taken back, a token is one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.members.consents import core
from tessera.members.consents.core import Consent, Consents, Line, Purpose, Saying

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEWS = Purpose("v2", {"v1": {"en": "a"}, "v2": {"en": "b"}}, channels=("email", "sms", "post"))
DECLARED = Consents({"news": NEWS}, confirm=("email", "sms"))
PAIRS = [("news", "email"), ("news", "sms"), ("news", "post"), ("profiling", "use")]
STATES: Any = st.sampled_from(["given", "pending", "withdrawn", "unsaid"])
SAID = st.dictionaries(st.sampled_from(PAIRS), STATES)


def said(state: Any = "given", pair=("news", "email"), way: Any = "member", proof="") -> Consent:
    return Consent(pair[0], pair[1], state, "v1", "en", way, NOW, proof)


def lines_of(states) -> list[Consent]:
    return [said(state, pair) for pair, state in states.items()]


def line(given=True, channel: Any = "email", proved=(), now: Any = "unsaid", **more):
    return core.line(DECLARED, Saying("news", given, channel, **more), now, proved, "it")


def test_a_yes_counts_at_once_or_waits_for_its_proof():
    assert line(channel="post") == Line("news", "post", "given", "v2", "it")
    assert line() == Line("news", "email", "pending", "v2", "it")
    assert line(proved={"phone"}) == Line("news", "email", "pending", "v2", "it")
    assert line(proved={"email"}) == Line("news", "email", "given", "v2", "it")
    assert line(channel="sms", proved={"phone"}).state == "given"
    assert line(now="pending").state == "pending", "asking again proves nothing"
    assert line(wording="v1", language="en") == Line("news", "email", "pending", "v1", "en")


def test_what_is_not_asked_is_refused_but_a_no_always_counts():
    for found, code in (
        (line(wording="v3"), "wording_unknown"),
        (line(channel="push"), "consent_unknown"),
        (
            core.line(Consents(), Saying("news", False, "email"), "unsaid", (), "en"),
            "consent_unknown",
        ),
    ):
        assert isinstance(found, Refusal) and found.code == code
    gone = core.line(Consents(), Saying("news", False, "email"), "given", (), "en")
    assert gone == Line("news", "email", "withdrawn", language="en")


def test_a_proved_contact_makes_what_waited_for_it_count():
    waiting = [said("pending", pair) for pair in PAIRS] + [said("withdrawn", ("x", "email"))]
    assert [each.channel for each in core.confirmed(waiting, "email")] == ["email"]
    assert [each.channel for each in core.confirmed(waiting, "phone")] == ["sms"]


ORDER = ["withdrawn", "pending", "given", "unsaid"]


@given(SAID, SAID)
def test_the_stricter_of_two_wins_and_what_one_said_stays(mine, theirs):
    after = dict(mine)
    for each in core.strictest(lines_of(mine), lines_of(theirs)):
        after[each.purpose, each.channel] = each.state
    for pair in PAIRS:
        both = [each[pair] for each in (mine, theirs) if pair in each]
        assert after.get(pair, "unsaid") == min(both, key=ORDER.index, default="unsaid")


STEPS: Any = st.lists(
    st.tuples(st.just("say"), SAID)
    | st.tuples(st.just("merge"), SAID)
    | st.tuples(st.just("undo"), st.integers(0, 5)),
    max_size=12,
)  # fmt: skip


@given(STEPS)
def test_merges_are_undone_in_any_order(steps):
    """As if those undone had never been, but for what was said since: that stands."""
    history: list[Consent] = []
    own: dict[Any, str] = {}
    brought: list[tuple[UUID, dict[Any, str]]] = []

    def now() -> dict[Any, str]:
        return {(each.purpose, each.channel): each.state for each in history}

    for what, said_ in steps:
        if what == "say":
            for pair, state in said_.items():
                history.append(said(state, pair))
                own[pair] = state
                for _, theirs in brought:
                    theirs.pop(pair, None)
        elif what == "merge":
            merge = uuid4()
            current = {(each.purpose, each.channel): each for each in history}
            for line_ in core.strictest(current.values(), lines_of(said_)):
                history.append(written(line_, "merge", merge))
            brought.append((merge, {p: s for p, s in said_.items() if s != "unsaid"}))
        elif brought:
            merge, _ = brought.pop(said_ % len(brought))
            history += [written(each, "unmerge", merge) for each in core.restored(history, merge)]
            assert core.restored(history, merge) == [], "once"
        for pair in PAIRS:
            all_ = [own.get(pair, "unsaid"), *(each.get(pair, "unsaid") for _, each in brought)]
            assert now().get(pair, "unsaid") == min(all_, key=ORDER.index)


def written(line_: Line, way: Any, merge: UUID) -> Consent:
    return Consent(
        line_.purpose, line_.channel, line_.state, line_.wording, line_.language, way, NOW,
        str(merge), None, line_.theirs,
    )  # fmt: skip


KEY, OTHER = bytes(32), bytes([1]) * 32


@given(st.uuids(), st.text("abcdefghij-_.", min_size=1, max_size=32),
       st.sampled_from(["email", "sms", "push"]))  # fmt: skip
def test_an_unsubscribe_token_names_what_it_ends(member: UUID, purpose, channel):
    token = core.unsubscribe_token(KEY, member, purpose, channel)
    assert len(token) <= 128 and token.isascii()
    assert core.unsubscribed(KEY, token) == (member, purpose, channel)
    assert core.unsubscribed(OTHER, token) is None


@given(st.text(max_size=120) | st.binary(max_size=80).map(lambda raw: raw.hex()))
def test_no_other_word_is_a_token(word):
    assert core.unsubscribed(KEY, word) is None


@given(st.uuids(), st.integers(0, 93), st.sampled_from("Aa0-_"))
def test_a_changed_token_is_none(member, place, sign):
    token = core.unsubscribe_token(KEY, member, "n" * 32, "email")
    changed = token[:place] + sign + token[place + 1 :]
    found = core.unsubscribed(KEY, changed)
    assert found is None or found == (member, "n" * 32, "email")
