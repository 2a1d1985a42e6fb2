"""Waits grow, passwords are judged, codes of the app count in their time, budgets have bounds."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.access.codes import core as codes
from tessera.access.signing.core import factors, limits, passwords
from tessera.access.signing.core.limits import ACCOUNT, FACTOR, NETWORK
from tessera.access.signing.core.words import email_fault, normal_email

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 22, 9, 3, 7, tzinfo=UTC)


@pytest.mark.parametrize("limit", [NETWORK, ACCOUNT, FACTOR])
def test_waits_begin_after_the_free_ones_double_and_end_at_the_longest(limit):
    waits = [limits.wait(limit, misses) for misses in range(200)]
    assert waits[: limit.free] == [timedelta()] * limit.free
    assert waits[limit.free] == timedelta(seconds=1)
    assert max(waits) == limit.longest
    for before, after in pairwise(waits[limit.free :]):
        assert after == min(before * 2, limit.longest)


def test_ten_thousand_tries_a_day_from_a_network_are_hardly_looked_at():
    """Whoever tries at every moment that is free: in a day a few dozen are looked at."""
    at, looked = timedelta(), 0
    while at < timedelta(days=1):
        looked += 1
        at += limits.wait(NETWORK, looked)
    assert looked < 50


@given(st.integers(0, 2**37), st.integers(-3, 3))
def test_a_code_of_the_app_is_good_a_step_before_and_after(seconds, off):
    now = datetime.fromtimestamp(seconds + 10_000, UTC)
    step = int(now.timestamp()) // 30
    code = pyotp.TOTP(SECRET).generate_otp(step + off)
    found = factors.step_of(SECRET, code, now, -1)
    near = {pyotp.TOTP(SECRET).generate_otp(step + each) for each in (-1, 0, 1)}
    assert (found is not None) == (code in near)
    if found is not None:
        assert factors.step_of(SECRET, code, now, found + 2) is None, "used, and all before it"


@pytest.mark.parametrize(
    ("secret", "at", "code"),
    [("12345678901234567890", 59, "287082"), ("12345678901234567890", 1111111109, "081804")],
)
def test_the_app_shows_what_rfc_6238_says(secret, at, code):
    text = base64.b32encode(secret.encode()).decode()
    assert factors.step_of(text, code, datetime.fromtimestamp(at, UTC), -1) == at // 30


@pytest.mark.parametrize(
    "code",
    ["", "12345", "1234567", "12345a", "-12345", "1e5555", "\uff11\uff12\uff13\uff14\uff15\uff16"],
)
def test_what_is_no_code_is_none(code):
    assert factors.step_of(SECRET, code, NOW, -1) is None


@given(st.binary(min_size=10, max_size=10))
def test_a_recovery_code_is_read_however_it_is_typed(chance):
    code = factors.recovery_code(chance)
    plain = factors.normal_code(code)
    assert len(plain) == factors.RECOVERY_LETTERS and "-" in code
    assert factors.normal_code(f" {code.upper().replace('-', ' ')} ") == plain


@pytest.mark.parametrize(
    "password",
    [
        "", "elevenchars", "password12345", "Password!!!!!!", "123456789012", "abcdefghijklm",
        "aaaaaaaaaaaaaa", "abcabcabcabcabc", "qwertyuiop123", "tessera123456", "ada and the bear",
        "lovelace-1815-x", "zyxwvutsrqponm", "x" * 129, "correcthorsebatterystaple",
    ],
)  # fmt: skip
def test_what_many_would_try_is_refused(password):
    refusal = passwords.fault(password, "Ada Lovelace", "countess@example.org")
    assert refusal is not None and refusal.code == "password_weak" and refusal.cure


@pytest.mark.parametrize(
    "password",
    ["maple tram violet ox", "кошка-трамвай-лист", "9f2Kd!xqPz0m", "春天的火车开往海边没有人知道"],
)
def test_what_nobody_would_guess_is_taken(password):
    assert passwords.fault(password, "Ada Lovelace", "countess@example.org") is None


@given(st.text(max_size=200))
def test_any_password_is_judged(password):
    refusal = passwords.fault(password, "Ada", "a@example.org")
    assert refusal is None or refusal.field == "password"


@pytest.mark.parametrize(
    ("email", "fine"),
    [
        (" Anna@Example.ORG ", True), ("a@b", False), ("@b.c", False), ("a@b@c.d", False),
        ("a b@c.d", False), ("a@c.d\n", True), ("a\u202e@c.d", False), ("x" * 251 + "@c.d", False),
    ],
)  # fmt: skip
def test_an_address_of_staff(email, fine):
    assert (email_fault(normal_email(email)) is None) == fine


BUCKETS = [
    *codes.own_buckets("10.0.0.1", home=False), codes.TRUSTED,
    codes.STRANGERS, codes.HOMES_THERE, codes.HOMES, codes.STAFF,
]  # fmt: skip


@given(st.sampled_from(BUCKETS), st.lists(st.integers(0, 40_000), max_size=60))
def test_of_a_bucket_no_more_comes_than_it_held_and_gets(bucket, pauses_s):
    """Asked at whatever times: never more than what was in it, and one for each stretch since."""
    began = now = datetime(2026, 11, 22, tzinfo=UTC)
    full_at, sent = now, 0
    for pause in pauses_s:
        now += timedelta(seconds=pause)
        before = max(full_at, now)
        if codes.empty([bucket], [before], now) is None:
            full_at, sent = before + bucket.every, sent + 1
        assert sent <= bucket.most + (now - began) // bucket.every


def test_the_buckets_say_what_the_readme_says():
    day = timedelta(days=1)
    most = {each.what: each.most + day // each.every for each in BUCKETS}
    assert (most["destination"], most["trusted destination"], most["homes there"]) == (17, 22, 11)
    assert (most["strangers"], most["homes"], most["staff"]) == (15_000, 3_000, 2_000)
    assert codes.PAIR.most < codes.DESTINATION.most and codes.PAIR.every > codes.DESTINATION.every


@given(st.integers(0, 999_999), st.sampled_from(["en", "it", "pl", "ru", "zh", "xx"]))
def test_a_message_says_its_code_and_no_other_digits(number, language):
    code = f"{number:06}"
    subject, text = codes.text_of(code, language)
    assert "".join(letter for letter in text if letter.isdecimal()) == code
    assert not any(letter.isdecimal() for letter in subject) and len(text) <= 160
