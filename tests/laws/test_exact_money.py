"""What is less than the smallest coin is told, and nothing of it is lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tessera.doors.language.local import local


@given(st.integers(-(10**12), 10**12))
@example(0)
@example(47)
@example(200)
def test_hundredths_of_a_coin_come_back_as_they_went(minor_x100):
    said = local("en").exact_money(minor_x100, "EUR")
    plain = said.replace("€", "").replace(",", "").replace("\N{MINUS SIGN}", "-")
    assert Decimal(plain) * 10_000 == minor_x100


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "€0.0047"), ("it", "0,0047\xa0€"), ("pl", "0,0047\xa0€"), ("ru", "0,0047\xa0€"),
     ("zh", "€0.0047")],
)  # fmt: skip
def test_each_language_has_its_own_sign_and_place(language, told):
    assert local(language).exact_money(47, "EUR") == told
    assert local(language).exact_money(4700, "EUR") == local(language).money(47, "EUR")
