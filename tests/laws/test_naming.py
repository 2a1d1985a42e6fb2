"""Phones and addresses: one spelling each, and what is nobody's is refused."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.members import core
from tessera.warehouse.core import Identifier

Kind = Literal["phone", "email"]


@pytest.mark.parametrize(
    ("said", "country", "normal"),
    [
        ("+39 333 1234567", "", "+393331234567"),
        ("333 1234567", "IT", "+393331234567"),
        ("0039 333 1234567", "IT", "+393331234567"),
        ("02 1234567", "IT", "+39021234567"),  # Italy keeps the nought
        ("8 (916) 123-45-67", "RU", "+79161234567"),
        ("+7 916 123-45-67", "RU", "+79161234567"),
        ("+7 8 916 123-45-67", "", "+79161234567"),
        ("916 123 45 67", "RU", "+79161234567"),
        ("+44 (0)20 7946 0018", "", "+442079460018"),
        ("500 000 001", "PL", "+48500000001"),
    ],
)
def test_a_phone_has_one_spelling(said, country, normal):
    assert core.fresh("phone", said, country) == Identifier("phone", normal)
    assert core.normal("phone", said, country) == Identifier("phone", normal)


@pytest.mark.parametrize(
    "said, country",
    [
        ("8 916 123-45-67", ""),  # of which country?
        ("+39 333", ""),
        ("+999 1234567890", ""),
        ("1-800-FLOWERS", "US"),
        ("+39 333 1234567 ext 5", ""),
        ("+39 333 12345678901", "IT"),
        ("333\u202e1234567", "IT"),
        ("\u0663\u0663\u0663 1234567", "IT"),
    ],
)
def test_what_is_no_phone_is_refused(said, country):
    found = core.fresh("phone", said, country)
    assert isinstance(found, Refusal) and (found.code, found.field) == ("phone_invalid", "value")


def test_a_phone_of_an_older_release_is_found_and_not_taken_down_anew():
    """No plan has it; who has it keeps it."""
    assert core.normal("phone", "+39 333 12") == Identifier("phone", "+3933312")
    assert isinstance(core.fresh("phone", "+39 333 12"), Refusal)


@pytest.mark.parametrize(
    "said, normal",
    [
        ("Anna@Example.ORG", "anna@example.org"),
        (" a.nna+tag@example.org ", "a.nna+tag@example.org"),  # dots and tags keep boxes apart
        ("anna@xn--exmple-4nf.org", "anna@xn--exmple-4nf.org"),  # seen for what it is
    ],
)
def test_an_address_has_one_spelling(said, normal):
    assert core.fresh("email", said) == Identifier("email", normal)


@pytest.mark.parametrize(
    "said",
    [
        "anna", "anna@", "@example.org", "a..b@example.org", ".a@example.org", "anna@example",
        "anna@localhost", "anna@shop.local", "anna@shop.test", "anna@[127.0.0.1]",
        "a b@example.org",
        "anna@ex\u0430mple.org",  # a Cyrillic letter
        "\u0430nna@example.org", "\u202eanna@example.org", "anna@example.org\r\nBcc: x@example.org",
        '"a"@example.org', f"{'a' * 65}@example.org", "anna@-example.org", "anna@example..org",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(said):
    found = core.fresh("email", said)
    assert isinstance(found, Refusal) and (found.code, found.field) == ("email_invalid", "value")


@given(
    st.sampled_from(["phone", "email"]), st.sampled_from(["", "IT", "RU", "PL", "CN"]),
    st.text(max_size=40) | st.from_regex(r"\+?[0-9 ()-]{4,20}", fullmatch=True)
    | st.emails(),
)  # fmt: skip
def test_what_is_normal_stays_so(kind: Any, country, said):
    found = core.fresh(kind, said, country)
    if isinstance(found, Identifier):
        assert core.fresh(kind, found.value, country) == found
        assert core.normal(kind, found.value, "") == found
