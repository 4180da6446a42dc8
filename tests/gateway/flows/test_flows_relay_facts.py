"""What one read finds about a call, and the facts it becomes: keyed indexes, wishes, allow list, quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.flows.relay_facts import Found, Question, caller_index, facts, find, hours
from tests.gateway.orders import CONSIGNEE, sf_document
from tests.gateway.world import World
from virtual_numbers.lockout import Lockout
from virtual_numbers.relay import Hours, RelayPolicy

COURIER = "+8613811112222"


async def asked(world: World, caller: str = COURIER, **more: str) -> tuple[Question, Found]:
    """A question about a fresh order's number, and what is found."""
    shipment = (await world.sf_order(sf_document())).shipment
    x, _, ext = (await world.op("shipment.show", shipment=shipment))["relay"]["recipient"].partition("-")
    question = Question(caller, more.get("x", x), more.get("ext", ext), world.clock())
    return question, await again(world, question)


async def again(world: World, question: Question) -> Found:
    keyring = world.service.keys.keyring
    return await world.service.database.read(lambda connection: find(connection, keyring, question))


async def test_a_bound_number_is_found_with_its_shipment(own_world: World) -> None:
    question, found = await asked(own_world)
    (binding,) = found.bindings
    assert (binding.x, binding.ext) == (question.x, question.ext)
    assert (found.tombstones, found.last, found.ever_connected, found.allowed, found.blocked) == (
        (),
        {},
        False,
        None,
        False,
    )


async def test_the_party_s_own_binding_is_found_without_an_extension(own_world: World) -> None:
    question, _ = await asked(own_world)
    party = Question("+86" + CONSIGNEE.phone, question.x, "", question.now)
    assert [b.ext for b in (await again(own_world, party)).bindings] == [question.ext]
    assert (await again(own_world, Question(COURIER, question.x, "", question.now))).bindings == ()


async def test_a_number_that_is_not_ours_has_no_scheme_and_a_withheld_caller_no_index(own_world: World) -> None:
    question, _ = await asked(own_world)
    assert (await again(own_world, Question(COURIER, "95099999999", question.ext, question.now))).scheme is None
    withheld = Question("", question.x, question.ext, question.now)
    assert caller_index(own_world.service.keys.keyring, withheld) == b""
    assert (await again(own_world, withheld)).tombstones == ()


async def test_who_calls_two_numbers_is_two_strangers(own_world: World) -> None:
    keyring, now = own_world.service.keys.keyring, own_world.clock()
    one, other = (caller_index(keyring, Question(COURIER, x, "", now)) for x in ("95013990001", "95013990002"))
    assert one != other and len(one) == 16


async def test_an_allow_list_is_open_until_somebody_is_on_it(own_world: World) -> None:
    question, _ = await asked(own_world)
    await own_world.op("relay.allow", carrier="sf-express", phones=["13900000000"])
    assert (await again(own_world, question)).allowed is False
    await own_world.op("relay.allow", carrier="sf-express", phones=["138 1111 2222"])
    assert (await again(own_world, question)).allowed is True


async def test_a_wish_bears_on_every_shipment_of_its_person(own_world: World) -> None:
    question, found = await asked(own_world)
    shop = found.bindings[0].tenant
    wish = {"quiet": "22:00-07:00", "block_callers": [COURIER], "block_carriers": ["ups"]}
    await own_world.op("relay.wish", shop=shop, phone=CONSIGNEE.phone, **wish)
    found = await again(own_world, question)
    told = facts(found, question, b"i" * 16, Lockout(), RelayPolicy())

    assert found.blocked and told.blocks.callers == frozenset({b"i" * 16})
    assert told.blocks.carriers == frozenset({"ups"}) and not told.blocks.everything
    assert told.quiet == Hours(time(22), time(7), "Asia/Shanghai")
    other = await again(own_world, Question("+8613822223333", question.x, question.ext, question.now))
    assert not other.blocked


def test_guesses_are_counted_for_the_caller_and_for_the_number() -> None:
    lockout, now = Lockout(), datetime(2026, 11, 25, 8, tzinfo=UTC)
    lockout.record(b"i" * 16, "95013990001", now, stranger=True)
    question = Question(COURIER, "95013990001", "0001", now + timedelta(seconds=1))
    told = facts(Found(None), question, b"i" * 16, lockout, RelayPolicy())
    assert (told.caller_misses, told.number_misses) == (
        lockout.caller(b"i" * 16, question.x, question.now),
        lockout.number(question.x, question.now),
    )
    assert facts(Found(None), question, b"o" * 16, lockout, RelayPolicy()).caller_misses != told.caller_misses


@given(st.times(), st.times(), st.sampled_from(["", "Europe/Berlin", "America/New_York"]))
@settings(max_examples=50, deadline=None)
def test_quiet_hours_are_read_as_they_were_written(start: time, end: time, zone: str) -> None:
    text = f"{start:%H:%M}-{end:%H:%M}" + (f" {zone}" if zone else "")
    found = hours(text)
    assert found == Hours(time(start.hour, start.minute), time(end.hour, end.minute), zone or "Asia/Shanghai")


@pytest.mark.parametrize(
    "text", ["22:00", "25:00-07:00", "22:00-", "later", "22:00-07:00 Nowhere/Land", "22:00+02:00-07:00"]
)
def test_what_is_no_span_of_hours_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        hours(text)
    assert hours("") is None


def test_a_question_does_not_show_its_caller() -> None:
    now = datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert COURIER not in repr(Question(COURIER, "95013990001", "0001", now))
