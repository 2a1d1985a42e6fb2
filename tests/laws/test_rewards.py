"""Codes of claims, and what may become of a claim, whatever was claimed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tessera.base.clock import day_start
from tessera.base.refusal import Refusal
from tessera.doors.language.local import local
from tessera.rewards.catalogue import core
from tessera.rewards.catalogue.core import Claim, Kind, Terms

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHANCES = st.integers(0, 2**core.CHANCE_BITS - 1)
KINDS: list[Kind] = ["goods", "code", "donation", "privilege", "coupon"]
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@given(CHANCES)
def test_a_code_is_read_as_it_is_shown(chance):
    code = core.code_of(chance)
    assert core.normal(code) == code
    assert core.normal(core.shown(code).lower()) == code
    assert core.normal(core.shown(code).replace(" ", "-")) == code
    assert core.code_of(chance + 2**core.CHANCE_BITS) == code


@given(CHANCES, st.integers(1, 13), st.sampled_from(LETTERS))
def test_one_wrong_letter_is_found(chance, at, letter):
    code = core.code_of(chance)
    wrong = code[:at] + letter + code[at + 1 :]
    assert wrong == code or core.normal(wrong) is None


@given(CHANCES, st.integers(1, 12))
def test_two_letters_that_changed_places_are_found(chance, at):
    code = core.code_of(chance)
    wrong = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert wrong == code or core.normal(wrong) is None


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_code_or_none(text):
    found = core.normal(text)
    assert found is None or core.normal(found) == found


@st.composite
def claims(draw: st.DrawFn) -> tuple[Claim, Terms]:
    kind = draw(st.sampled_from(KINDS))
    money = 0 if kind == "donation" else draw(st.sampled_from([0, 500]))
    sent = kind == "goods" and draw(st.booleans())
    terms = Terms(
        kind=kind, names={"en": "x"}, points=100, money_minor=money, cost_minor=300, sent=sent,
        days=draw(st.sampled_from([None, 1, 30])) if kind != "privilege" else 30,
    )  # fmt: skip
    id_ = UUID(int=draw(st.integers(1, 99)))
    claim = Claim(
        id=id_, reward="x", kind=kind, member_id=id_, account_id=id_, state="reserved",
        currency="", points=100, money_minor=money, cost_minor=300, funding="margin", partner="",
        sent=sent, mark=b"m", sealed=b"s", claimed_at=NOW, changed_at=NOW,
    )  # fmt: skip
    return claim, terms


@given(claims())
def test_nobody_has_what_is_not_paid(drawn):
    claim, terms = drawn
    begun = core.begun(claim, terms, None)
    if claim.money_minor:
        assert begun.state == "reserved" and begun.owed_minor == claim.money_minor
        pay_by, soon = NOW + timedelta(days=terms.pay_days), NOW + timedelta(hours=1)
        assert begun.ends_at == pay_by
        assert core.begun(claim, terms, soon).ends_at == soon
        assert isinstance(core.paid(begun, NOW, terms, soon), Claim)
        assert isinstance(core.paid(begun, soon, terms, soon), Refusal)
        assert isinstance(core.paid(begun, pay_by, terms, None), Refusal)
        assert isinstance(core.handed_over(begun, NOW, paid=False), Refusal)
    else:
        assert begun.state == {"donation": "used"}.get(
            claim.kind, "reserved" if claim.sent else "issued"
        )


@given(claims(), st.integers(1, 4))
def test_goods_are_handed_over_once_and_a_privilege_counts(drawn, times):
    claim, terms = drawn
    now = core.ready(replace(claim, paid_at=NOW), NOW, terms, None)
    for n in range(times):
        after = core.handed_over(now, NOW, paid=True)
        if claim.kind == "privilege":
            assert isinstance(after, Claim) and after.uses == n + 1 and after.state == "issued"
        elif claim.kind == "goods" and not claim.sent and n == 0:
            assert isinstance(after, Claim) and after.state == "used" and after.paid_at
        else:
            assert isinstance(after, Refusal)
            break
        now = after


@given(claims(), st.integers(0, 40))
def test_a_claim_whose_time_is_over_is_closed(drawn, days):
    claim, terms = drawn
    begun, at = core.begun(claim, terms, None), NOW + timedelta(days=days)
    if begun.ends_at is not None and begun.ends_at <= at:
        assert core.closed(begun, at) is not None
        assert isinstance(core.handed_over(begun, at, paid=True), Refusal)
    elif begun.state in core.OPEN:
        assert core.closed(begun, at) is None


@given(claims())
def test_what_was_seen_or_sent_is_missed_and_not_given_back_alone(drawn):
    claim, terms = drawn
    begun = core.ready(claim, NOW, terms, None)
    seen = replace(begun, revealed_at=NOW) if claim.kind == "code" else begun
    sent = replace(seen, state="issued") if claim.sent else seen
    away = claim.kind == "code" or claim.sent
    assert core.gone(sent) is away
    assert not away or not core.lets_go(sent)
    assert not core.gone(begun)


def test_pictures_are_told_by_their_first_bytes():
    assert core.media_of(b"\x89PNG\r\n\x1a\n...") == "image/png"
    assert core.media_of(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert core.media_of(b"RIFF\0\0\0\0WEBPVP8 ") == "image/webp"
    for bad in (b"", b"<svg/>", b"GIF89a", b"RIFF\0\0\0\0WAVE"):
        assert core.media_of(bad) is None


@given(claims(), st.integers(0, 3), st.sampled_from(["UTC", "Europe/Rome", "Asia/Tokyo"]))
def test_a_claim_tells_the_last_day_on_which_it_is_good(drawn, days, zone):
    claim, _ = drawn
    midnight = day_start(date(2026, 12, 1) + timedelta(days=days), zone)
    last = date(2026, 11, 30) + timedelta(days=days)
    assert core.last_day(replace(claim, ends_at=midnight), zone) == last
    later = midnight + timedelta(seconds=1)
    assert core.last_day(replace(claim, ends_at=later), zone) == last + timedelta(days=1)
    assert core.last_day(claim, zone) is None
    assert local("en").last_day(datetime(2026, 12, 1, tzinfo=UTC)) == "30 Nov 2026"


@pytest.mark.parametrize(
    ("per", "today", "again"),
    [
        ("day", date(2026, 12, 31), date(2027, 1, 1)),
        ("week", date(2026, 11, 22), date(2026, 11, 23)),
        ("month", date(2026, 2, 28), date(2026, 3, 1)),
        ("month", date(2026, 12, 1), date(2027, 1, 1)),
        ("year", date(2027, 1, 1), date(2028, 1, 1)),
        ("year", date(2028, 12, 31), date(2029, 1, 1)),
        ("ever", date(2026, 11, 22), None),
    ],
)
def test_who_has_had_enough_is_told_when_there_is_more(per, today, again):
    terms = Terms(kind="goods", names={"en": "x"}, points=1, most=2, per=per)
    assert core.again_on(terms, today) == again
    assert core.limit_fault(terms, 1, today) is None
    fault = core.limit_fault(terms, 2, today)
    assert fault is not None and (
        again.isoformat() in fault.cure if again else "another" in fault.cure
    )
