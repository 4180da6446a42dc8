"""Events: any order, any repeats, one record; minutes and cost; a signature others can verify."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import standardwebhooks
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from virtual_numbers.errors import NumbersError
from virtual_numbers.events import (
    CallRecord,
    Direction,
    Event,
    Kind,
    Outcome,
    Tariff,
    Usage,
    as_record,
    call_digest,
    document,
    fold,
    join,
    signed,
    usage,
)

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def event(kind: Kind, second: int, **rest: object) -> Event:
    return Event("twilio", "c1", kind, NOW + timedelta(seconds=second), **rest)  # type: ignore[arg-type]


def a_call(talk: int, **changes: object) -> CallRecord:
    facts: dict[str, object] = {"provider": "twilio", "call": "c1", "binding": "b1", "started_at": NOW}
    if talk:
        facts |= {"answered_at": NOW, "ended_at": NOW + timedelta(seconds=talk), "outcome": Outcome.ANSWERED}
    return CallRecord(**(facts | changes))  # type: ignore[arg-type]


EVENTS = st.builds(
    lambda kind, second, x, outcome, answered: event(kind, second, x=x, outcome=outcome, answered_at=NOW + timedelta(seconds=answered) if answered else None),
    st.sampled_from([Kind.STARTED, Kind.RINGING, Kind.ANSWERED, Kind.ENDED]), st.integers(0, 99), st.sampled_from(["", "17000000001"]),
    st.sampled_from(list(Outcome)), st.integers(0, 50),
)  # fmt: skip


@given(
    st.lists(EVENTS, min_size=1, max_size=8).flatmap(
        lambda events: st.tuples(st.just(events), st.permutations([*events, *events[:3]]))
    )
)
@settings(max_examples=150, deadline=None)
def test_order_and_repeats_make_no_difference(orders: tuple[list[Event], list[Event]]) -> None:
    records = []
    for order in orders:
        record = None
        for one in order:
            record = fold(record, one)
        records.append(record)

    assert records[0] == records[1]


@given(EVENTS, EVENTS, EVENTS)
@settings(max_examples=100, deadline=None)
def test_join_is_a_semilattice(a: Event, b: Event, c: Event) -> None:
    x, y, z = map(as_record, (a, b, c))

    assert join(x, x) == x
    assert join(x, y) == join(y, x)
    assert join(join(x, y), z) == join(x, join(y, z))


def test_two_calls_are_not_joined() -> None:
    with pytest.raises(NumbersError):
        join(a_call(5), a_call(5, call="c2"))


def test_an_event_has_one_key_however_often_it_comes() -> None:
    assert event(Kind.ENDED, 5).key == event(Kind.ENDED, 9).key != event(Kind.ANSWERED, 5).key


def test_an_answer_outweighs_whatever_else_is_said() -> None:
    late = fold(
        fold(None, event(Kind.ENDED, 9, outcome=Outcome.ANSWERED)), event(Kind.ENDED, 9, outcome=Outcome.UNREACHABLE)
    )

    assert late.outcome is Outcome.ANSWERED


def test_a_digest_stands_for_the_providers_call_id() -> None:
    assert "13800138000" not in call_digest("sip", "13800138000@10.0.0.1")
    assert call_digest("sip", "a") != call_digest("twilio", "a")


@pytest.mark.parametrize(("talk", "minutes"), [(0, 0), (1, 1), (60, 1), (61, 2), (600, 10)])
def test_every_started_minute_counts(talk: int, minutes: int) -> None:
    assert a_call(talk).minutes == minutes


def test_a_call_that_ends_before_it_was_answered_lasts_no_time() -> None:
    assert a_call(5, ended_at=NOW - timedelta(seconds=5)).seconds == 0


def test_minutes_and_cost_by_shipment_shop_and_carrier() -> None:
    records = [
        a_call(61, binding="b1"),
        a_call(30, binding="b2"),
        a_call(0, binding="b1", outcome=Outcome.BUSY),
        a_call(0, binding="b1", message=True),
        a_call(0, binding="b1", message=True, blocked=True),
        a_call(90, binding="b3", provider="huawei"),
    ]
    owners = {"b1": ("s1", "shop-a", "sf"), "b2": ("s2", "shop-a", "ups"), "b3": ("s3", "shop-b", "ups")}
    tariffs = {
        "twilio": Tariff(minute=Decimal("0.0215"), call=Decimal("0.01"), message=Decimal("0.05")),
        "huawei": Tariff(minute=Decimal("0.12")),
    }

    by_shipment, by_shop, by_carrier = (
        usage(records, tariffs, lambda r, at=at: owners[r.binding][at]) for at in range(3)
    )  # type: ignore[misc]

    assert by_shipment["s1"] == Usage(calls=2, answered=1, blocked=1, messages=1, minutes=2, cost=Decimal("0.1030"))
    assert by_shop["shop-a"].cost == Decimal("0.1345")
    assert (by_carrier["ups"].minutes, by_carrier["ups"].cost) == (3, Decimal("0.2715"))
    assert usage(records, {}, lambda r: 1)[1].cost == 0


def test_a_document_tells_times_in_utc_and_no_number_but_the_relay_number() -> None:
    shown = document(a_call(61, x="17000000001", direction=Direction.TO_PARTY))

    assert shown["type"] == "relay.call"
    assert (shown["started_at"], shown["seconds"], shown["minutes"], shown["x"]) == (
        "2026-11-25T08:00:00+00:00",
        61,
        2,
        "17000000001",
    )
    assert json.loads(json.dumps(shown)) == shown


def test_a_push_is_verified_by_the_standard_library_of_receivers() -> None:
    body, headers = signed(document(a_call(61)), SECRET, id="msg_1", at=NOW)

    with time_machine.travel(NOW):
        assert standardwebhooks.Webhook(SECRET).verify(body, headers)["seconds"] == 61
        with pytest.raises(Exception, match="signature"):
            standardwebhooks.Webhook(SECRET).verify(body.replace(b"61", b"62"), headers)


def test_a_retry_keeps_its_id_and_signs_its_own_time() -> None:
    _, first = signed({}, SECRET, id="msg_1", at=NOW)
    _, second = signed({}, SECRET, id="msg_1", at=NOW + timedelta(minutes=1))

    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-signature"] != second["webhook-signature"]
