"""Consents and choices on a real server: history stays, what holds is what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from support.database import run
from support.people import EMAIL, NOW, PHONE, card, code, joins, opened, seen
from tessera.base.ids import new_id
from tessera.members import db as members_db
from tessera.members.choices import db as choices_db
from tessera.members.choices import flows as choices
from tessera.members.choices.core import Choice, Chosen
from tessera.members.consents import db, flows
from tessera.members.consents.core import By, Consents, Purpose, Saying
from tessera.members.core import Registered
from tessera.members.joining import db as joining_db
from tessera.members.merging import db as merging_db

NEWS = Purpose("v1", {"v1": {"en": "May we?"}}, channels=("email", "sms", "post"))
USE = Purpose("v1", {"v1": {"en": "May we?"}})
DECLARED = Consents({"news": NEWS, "profiling": USE}, confirm=("email",))
OFFICE = new_id()
BY = By("staff", NOW, OFFICE, "form-1")


async def anna(conn, *identifiers):
    done = await joins(conn, *(identifiers or (card(1), EMAIL)))
    assert isinstance(done, Registered)
    return done.member_id


async def say(conn, member, *said: tuple[str, str, bool], by: By = BY):
    sayings = [Saying(purpose, given, channel) for purpose, channel, given in said]  # type: ignore[arg-type]
    return await flows.say(conn, member, sayings, by, DECLARED)


async def agreed(conn, member) -> list[str]:
    """What tills and senders see."""
    people = await members_db.people(await members_db.ask_people(conn, [member]))
    return list(people[member].agreed)


async def state(conn, member) -> dict[tuple[str, str], str]:
    return {(each.purpose, each.channel): each.state for each in await db.current(conn, member)}


def test_what_holds_is_what_was_said_last_and_nothing_said_is_lost(dsn):
    async def work():
        async with await opened(dsn) as conn:
            who = await anna(conn)
            await say(conn, who, ("news", "post", True), ("profiling", "use", True))
            assert await agreed(conn, who) == ["news/post", "profiling/use"]
            await say(conn, who, ("news", "post", False))
            assert await agreed(conn, who) == ["profiling/use"], "at once"
            await say(conn, who, ("news", "post", True))
            history = await db.history(conn, who, 100)
            assert [each.state for each in history] == ["given", "withdrawn", "given", "given"]
            assert {(each.way, each.proof, each.principal_id) for each in history} == {
                ("staff", "form-1", OFFICE)
            }
            assert {each.wording for each in history if each.state == "given"} == {"v1"}

    run(work())


def test_a_consent_with_double_opt_in_counts_once_the_address_is_proved(dsn):
    async def work():
        async with await opened(dsn) as conn:
            who = await anna(conn)
            await say(conn, who, ("news", "email", True), ("news", "sms", True))
            assert await agreed(conn, who) == ["news/sms"]
            await say(conn, who, ("news", "email", True))
            assert await agreed(conn, who) == ["news/sms"], "asking again proves nothing"
            assert await joining_db.verify(conn, who, EMAIL, NOW)
            by = By("code", NOW, proof="challenge")
            assert len(await flows.confirm(conn, who, "email", by)) == 1
            assert await agreed(conn, who) == ["news/email", "news/sms"]
            assert await flows.confirm(conn, who, "email", by) == []
            await say(conn, who, ("news", "email", False), ("news", "email", True))
            assert await agreed(conn, who) == ["news/email", "news/sms"], "it stays proved"

    run(work())


def test_all_of_what_is_said_is_written_or_nothing(dsn):
    async def work():
        async with await opened(dsn) as conn:
            who = await anna(conn)
            done = await say(conn, who, ("news", "post", True), ("news", "push", True))
            assert (code(done), getattr(done, "field", "")) == (
                "consent_unknown", "consents[1].purpose",
            )  # fmt: skip
            assert await db.history(conn, who, 10) == [] == await agreed(conn, who)
            shadow = (await seen(conn, card(3)))[card(3)].member_id
            assert code(await say(conn, shadow, ("news", "post", True))) == "member_not_registered"
            assert code(await say(conn, new_id(), ("news", "post", True))) == "member_unknown"

    run(work())


def test_nobody_changes_what_was_said(dsn):
    async def work():
        async with await opened(dsn) as conn:
            who = await anna(conn)
            await say(conn, who, ("news", "post", True))
            await conn.commit()
            for text in (
                "UPDATE members.consent SET state = 'given'", "DELETE FROM members.consent",
            ):  # fmt: skip
                with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                    await conn.execute(text)
                await conn.rollback()
                await conn.execute("SET ROLE tessera_app")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await conn.execute(text)
                await conn.rollback()
            await conn.execute("SET ROLE tessera_app")
            await say(conn, who, ("news", "post", False))
            assert await flows.unsubscribe_token(conn, who, "news", "post")

    run(work())


def test_a_merge_takes_the_stricter_and_its_undoing_brings_back_what_was(dsn):
    async def work():
        async with await opened(dsn) as conn:
            into, other = await anna(conn), await anna(conn, PHONE)
            await say(conn, into, ("news", "sms", True), ("news", "post", True))
            await say(conn, other, ("news", "sms", False), ("profiling", "use", True))
            before, theirs = await state(conn, into), await state(conn, other)
            held, merge = await agreed(conn, into), new_id()
            assert len(await flows.strictest(conn, into, other, merge, NOW)) == 2
            assert await agreed(conn, into) == ["news/post", "profiling/use"]
            await say(conn, into, ("news", "post", False))  # somebody says something since
            await flows.restore(conn, into, merge, NOW)
            after = await state(conn, into)
            assert after.pop(("profiling", "use")) == "unsaid"
            assert after == before | {("news", "post"): "withdrawn"}
            assert await state(conn, other) == theirs
            assert held == ["news/post", "news/sms"]
            assert await agreed(conn, into) == ["news/sms"]
            assert await flows.restore(conn, into, merge, NOW) == [], "once"

    run(work())


def test_two_merges_are_undone_one_by_one(dsn):
    async def work():
        async with await opened(dsn) as conn:
            into, first, second = (
                await anna(conn), await anna(conn, PHONE), await anna(conn, card(7)),
            )  # fmt: skip
            await say(conn, into, ("news", "post", True))
            await say(conn, first, ("news", "post", False))
            await say(conn, second, ("news", "post", False))
            one, two = new_id(), new_id()
            await flows.strictest(conn, into, first, one, NOW)
            await flows.strictest(conn, into, second, two, NOW)
            assert await agreed(conn, into) == []
            await flows.restore(conn, into, one, NOW)
            assert await agreed(conn, into) == [], "the other one holds still"
            await flows.restore(conn, into, two, NOW)
            assert await agreed(conn, into) == ["news/post"]

    run(work())


def test_a_withdrawal_said_while_they_were_one_holds_for_both(dsn):
    """Her own link, in a message to her: parting them may not make her agree again."""

    async def work():
        async with await opened(dsn) as conn:
            into, other = await anna(conn), await anna(conn, PHONE)
            await say(conn, other, ("news", "sms", True), ("news", "post", True))
            token = await flows.unsubscribe_token(conn, other, "news", "sms")
            merge, later = new_id(), NOW + timedelta(days=1)
            await flows.strictest(conn, into, other, merge, NOW)
            await merging_db.lead(conn, other, into)
            assert await flows.unsubscribe(conn, token, later, "") == (into, "news", "sms")
            # Somebody agrees again, and says no to what the other had never spoken of.
            again = By("staff", later, OFFICE, "form-2")
            await say(conn, into, ("news", "sms", True), ("profiling", "use", False), by=again)
            await merging_db.lead(conn, other, None)
            await flows.withdraw_both(conn, into, other, merge, NOW)
            await flows.restore(conn, into, merge, later)
            assert await agreed(conn, other) == ["news/post"]
            assert await agreed(conn, into) == ["news/sms"]
            told = {each.purpose: each for each in await db.current(conn, other)}
            assert (told["profiling"].state, told["profiling"].proof) == ("withdrawn", "form-2")
            (click,) = [each for each in await db.history(conn, other, 9) if each.way == "link"]
            assert (click.state, click.at) == ("withdrawn", later)

    run(work())


def test_one_click_ends_one_thing_and_a_second_click_nothing_more(dsn):
    async def work():
        async with await opened(dsn) as conn:
            who = await anna(conn)
            await say(conn, who, ("news", "post", True), ("news", "sms", True))
            token = await flows.unsubscribe_token(conn, who, "news", "sms")
            assert token == await flows.unsubscribe_token(conn, who, "news", "sms"), "one key"
            for _ in range(2):
                done = await flows.unsubscribe(conn, token, NOW, "")
                assert done == (who, "news", "sms")
            assert await agreed(conn, who) == ["news/post"]
            assert len(await db.history(conn, who, 10)) == 3
            assert (
                code(await flows.unsubscribe(conn, token[:-2] + "AA", NOW, "")) == "token_invalid"
            )
            stranger = await flows.unsubscribe_token(conn, new_id(), "news", "sms")
            assert code(await flows.unsubscribe(conn, stranger, NOW, "")) == "token_invalid"

    run(work())


# Choices -----------------------------------------------------------------------------------------

OFFERED = {
    "track": Choice({"miles": "", "gifts": ""}, changes=1, per="month"),
    "likes": Choice({"LATTE": "", "tea": ""}, most=2, per="ever", changes=0, favourites=True),
}


def test_an_answer_changes_as_often_as_it_may(dsn):
    async def work():
        async with await opened(dsn) as conn:
            who, at = await anna(conn), datetime(2026, 11, 30, 22, 59, tzinfo=UTC)

            async def choose(*options, at=at, choice="track", reason=""):
                said = Chosen(choice, options, at, OFFICE, reason)
                return await choices.choose(conn, who, said, OFFERED, "Europe/Rome")

            assert await choose("miles") == {"track": ["miles"]}
            assert await choose("gifts") == {"track": ["gifts"]}, "the first one was free"
            assert code(await choose("miles")) == "choice_too_soon"
            assert await choose("gifts") == {"track": ["gifts"]}, "the same is no change"
            assert await choose("miles", reason="typed wrong") == {"track": ["miles"]}
            december = at + timedelta(minutes=2)  # in Rome, where the days are counted
            assert await choose("gifts", at=december) == {"track": ["gifts"]}
            assert code(await choose("miles", at=december)) == "choice_too_soon"
            said = await choices_db.history(conn, who, 10)
            assert [each.options for each in said] == [
                ("gifts",), ("miles",), ("gifts",), ("miles",),
            ]  # fmt: skip
            assert said[1].reason == "typed wrong"
            people = await members_db.people(await members_db.ask_people(conn, [who]))
            assert people[who].chosen == {"track": ["gifts"]}

    run(work())


def test_a_choice_that_is_the_favourites_is_what_rules_look_at(dsn):
    async def work():
        async with await opened(dsn) as conn:
            who = await anna(conn)
            said = Chosen("likes", ("tea", "LATTE", "tea"), NOW, OFFICE)
            await choices.choose(conn, who, said, OFFERED, "UTC")
            member = await members_db.read_member(conn, who)
            assert member is not None and member.favourites == ["tea", "LATTE"]
            other = Chosen("likes", ("tea",), NOW, OFFICE)
            done = await choices.choose(conn, who, other, OFFERED, "UTC")
            assert code(done) == "choice_too_soon"
            unknown = await choices.choose(conn, new_id(), other, OFFERED, "UTC")
            assert code(unknown) == "member_unknown"

    run(work())


def test_the_application_may_answer_and_not_change_history(dsn):
    async def work():
        async with await opened(dsn) as conn:
            who = await anna(conn)
            await conn.commit()
            await conn.execute("SET ROLE tessera_app")
            said = Chosen("track", ("miles",), NOW, OFFICE)
            await choices.choose(conn, who, said, OFFERED, "UTC")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute("DELETE FROM members.choice")

    run(work())
