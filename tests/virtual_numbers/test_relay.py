"""Decisions: one rule a test, and the order in which they stand."""

from __future__ import annotations

from datetime import time

import pytest
from msgspec import structs

from tests.virtual_numbers.calls import ANNA, COURIER, DAY, EXT, HOUR, NOW, OTHER, X, a_binding, a_call, outcome
from virtual_numbers.binding import Slot, State, narrow, release, suspend
from virtual_numbers.relay import Blocks, Callee, Hours, Reason, RelayPolicy, Tombstone, decide, forgettable, may_show


def test_the_right_extension_connects_to_the_party_and_shows_the_relay_number() -> None:
    binding = a_binding()

    decision = decide(a_call(binding))

    assert outcome(decision) == ("connect", "connected")
    assert (decision.callee, decision.callee_index, decision.display) == (Callee.PARTY, ANNA, X)
    assert decision.binding == binding
    assert set(decision.tombstones) == {Tombstone(COURIER, *binding.slot), Tombstone(ANNA, *binding.slot)}
    assert decision.longest_call and decision.ring


def test_a_wrong_extension_is_refused_and_counts() -> None:
    decision = decide(a_call(ext="9999"))

    assert outcome(decision) == ("reject", "no_binding")
    assert decision.reason is Reason.WRONG_EXTENSION
    assert decision.record_miss


def test_without_an_extension_digits_are_collected() -> None:
    assert decide(a_call(ext="")).action == "collect"


def test_an_unknown_number_and_a_withheld_caller_are_refused() -> None:
    assert decide(a_call(scheme=None)).reason is Reason.NO_SUCH_NUMBER
    assert decide(a_call(a_binding(), caller=b"")).reason is Reason.CALLER_WITHHELD


# -- tombstones


def test_an_old_courier_hears_that_the_shipment_is_closed_and_reaches_no_stranger() -> None:
    old = Tombstone(COURIER, X, EXT, 2)

    decision = decide(a_call(a_binding(turn=3), tombstones=(old,)))

    assert (decision.action, decision.reason, decision.cause) == ("reject", Reason.SHIPMENT_CLOSED, "tombstone")


def test_a_tombstone_of_this_very_binding_is_no_obstacle() -> None:
    assert decide(a_call(a_binding(turn=3), tombstones=(Tombstone(COURIER, X, EXT, 3),))).action == "connect"


def test_a_tombstone_on_another_extension_is_no_obstacle() -> None:
    assert decide(a_call(a_binding(), tombstones=(Tombstone(COURIER, X, "9999", 1),))).action == "connect"


def test_tombstones_come_before_the_lockout_and_before_an_empty_slot() -> None:
    old = Tombstone(COURIER, X, EXT, 2)

    assert decide(a_call(a_binding(), tombstones=(old,), caller_misses=9)).cause == "tombstone"
    assert decide(a_call(tombstones=(old,))).cause == "tombstone"


def test_an_old_recipient_who_returns_a_missed_call_reaches_nobody_elses_courier() -> None:
    mine_now = a_binding(turn=3, party=ANNA)

    decision = decide(
        a_call(
            mine_now,
            ext="",
            caller=ANNA,
            tombstones=(Tombstone(ANNA, X, EXT, 2),),
            last_callers={mine_now.slot: COURIER},
        )
    )

    assert decision.action == "collect"


def test_whoever_is_refused_through_a_slot_is_remembered_there() -> None:
    closed = release(a_binding(), NOW - HOUR)

    decision = decide(a_call(closed))

    assert decision.tombstones == (Tombstone(COURIER, *closed.slot),)


def test_a_tombstone_lasts_its_period_from_release_or_from_the_last_call() -> None:
    year = 366 * DAY

    assert not forgettable(None, NOW - 9 * year, NOW, year), "while the binding lives it stays"
    assert not forgettable(NOW - year + DAY, NOW - 2 * year, NOW, year)
    assert not forgettable(NOW - 2 * year, NOW - DAY, NOW, year)
    assert forgettable(NOW - year, NOW - year, NOW, year)


def test_a_slot_is_not_shown_to_a_courier_whom_it_would_refuse() -> None:
    slot = Slot(X, EXT, 3)

    assert may_show(slot, (Tombstone(COURIER, X, EXT, 3), Tombstone(COURIER, X, "9999", 1)))
    assert not may_show(slot, (Tombstone(COURIER, X, EXT, 2),))


# -- the binding's own state


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (suspend, Reason.SHIPMENT_CLOSED),
        (lambda b: release(b, NOW - HOUR), Reason.SHIPMENT_CLOSED),
        (lambda b: structs.replace(b, expires_at=NOW), Reason.SHIPMENT_CLOSED),
        (lambda b: structs.replace(b, bound_at=NOW + HOUR), Reason.SHIPMENT_CLOSED),
        (lambda b: structs.replace(b, state=State.BOUND), Reason.NOT_READY),
        (lambda b: structs.replace(b, state=State.QUARANTINED), Reason.SHIPMENT_CLOSED),
    ],
)
def test_only_a_callable_binding_connects(change, reason) -> None:  # type: ignore[no-untyped-def]
    decision = decide(a_call(change(a_binding())))

    assert (decision.action, decision.reason) == ("reject", reason)


def test_a_guesser_who_meets_a_closed_slot_is_counted_and_a_courier_of_it_is_not() -> None:
    closed = release(a_binding(), NOW - HOUR)

    assert decide(a_call(closed)).record_miss
    assert not decide(a_call(closed, tombstones=(Tombstone(COURIER, *closed.slot),))).record_miss


# -- calling back


def test_the_recipient_reaches_the_courier_last_connected_through_this_binding() -> None:
    binding = a_binding()

    for ext in ("", EXT):
        decision = decide(a_call(binding, ext=ext, caller=ANNA, last_callers={binding.slot: COURIER}))
        assert outcome(decision) == ("connect", "called_back")
        assert (decision.callee, decision.callee_index, decision.display) == (Callee.LAST_CALLER, COURIER, X)


def test_a_call_back_before_any_call_reaches_nobody() -> None:
    assert decide(a_call(a_binding(), ext="", caller=ANNA)).reason is Reason.NOBODY_TO_CALL_BACK


def test_two_bindings_of_one_recipient_on_a_number_collect_digits() -> None:
    one, two = a_binding(), a_binding(ext="0777", turn=8)

    assert decide(a_call(one, two, ext="", caller=ANNA, last_callers={one.slot: COURIER})).action == "collect"
    assert (
        decide(a_call(one, release(two, NOW), ext="", caller=ANNA, last_callers={one.slot: COURIER})).action
        == "connect"
    )


def test_nobody_is_called_back_by_themselves() -> None:
    binding = a_binding()

    assert decide(a_call(binding, caller=ANNA, last_callers={binding.slot: ANNA})).reason is Reason.NOBODY_TO_CALL_BACK


def test_the_last_caller_of_an_earlier_turn_is_nobodys_last_caller() -> None:
    binding = a_binding(turn=3)

    decision = decide(a_call(binding, ext="", caller=ANNA, last_callers={binding.slot._replace(turn=2): COURIER}))

    assert decision.reason is Reason.NOBODY_TO_CALL_BACK


# -- narrowed to a courier for the day


def test_a_narrowed_binding_connects_its_courier_with_or_without_extension_and_nobody_else() -> None:
    narrowed = narrow(a_binding(), COURIER, NOW + HOUR)

    assert decide(a_call(narrowed)).action == "connect"
    assert decide(a_call(narrowed, ext="")).action == "connect"
    assert outcome(decide(a_call(narrowed, caller=OTHER))) == ("reject", "narrowed_to_another")
    assert decide(a_call(narrowed, caller=OTHER, now=NOW + HOUR)).action == "connect", "the day is over"


def test_a_call_back_through_a_narrowed_binding_reaches_the_courier_of_the_day() -> None:
    narrowed = narrow(a_binding(), COURIER, NOW + HOUR)

    decision = decide(a_call(narrowed, ext="", caller=ANNA, last_callers={narrowed.slot: OTHER}))

    assert (decision.callee, decision.callee_index) == (Callee.PEER, COURIER)


# -- lockout


def test_three_wrong_extensions_lock_this_caller_out_even_of_the_right_one() -> None:
    assert decide(a_call(a_binding(), caller_misses=2)).action == "connect"

    locked = decide(a_call(a_binding(), caller_misses=3))

    assert outcome(locked) == ("reject", "caller_locked_out")
    assert locked.reason is decide(a_call(ext="9999")).reason, "it sounds like a miss"
    assert decide(a_call(ext="", caller_misses=3)).action == "reject", "no digits are asked for in vain"


def test_an_attack_on_a_number_stops_strangers_and_nobody_who_was_connected() -> None:
    assert outcome(decide(a_call(a_binding(), number_misses=10))) == ("reject", "number_locked_out")
    assert decide(a_call(a_binding(), number_misses=10, ever_connected=True)).action == "connect"
    assert decide(a_call(a_binding(), number_misses=9)).action == "connect"


def test_a_recipient_calls_back_through_a_lockout() -> None:
    binding = a_binding()

    assert (
        decide(a_call(binding, ext="", caller=ANNA, number_misses=99, last_callers={binding.slot: COURIER})).action
        == "connect"
    )


# -- wishes of carrier and recipient


def test_an_allow_list_stops_those_who_are_not_on_it() -> None:
    assert decide(a_call(a_binding(), on_allow_list=None)).action == "connect"
    assert decide(a_call(a_binding(), on_allow_list=True)).action == "connect"
    assert outcome(decide(a_call(a_binding(), on_allow_list=False))) == ("reject", "not_on_allow_list")


@pytest.mark.parametrize(
    "blocks",
    [
        Blocks(everything=True),
        Blocks(callers=frozenset({COURIER})),
        Blocks(carriers=frozenset({"sf-express"})),
        Blocks(shipments=frozenset({"s3"})),
    ],
)
def test_a_recipient_blocks_a_courier_a_carrier_a_shipment_or_all(blocks: Blocks) -> None:
    assert outcome(decide(a_call(a_binding(), blocks=blocks))) == ("reject", "blocked")


def test_blocks_of_others_do_not_matter() -> None:
    others = Blocks(callers=frozenset({OTHER}), carriers=frozenset({"ups"}), shipments=frozenset({"s9", ""}))

    assert decide(a_call(a_binding(), blocks=others)).action == "connect"


def test_quiet_hours_hold_over_midnight_in_the_recipients_zone() -> None:
    night = Hours(time(22), time(7), "Asia/Shanghai")
    at = {
        hour: decide(a_call(a_binding(), quiet=night, now=NOW + (hour - 12) * HOUR)).cause
        for hour in (6, 7, 12, 21, 22, 23)
    }

    assert at == {
        6: "quiet_hours",
        7: "connected",
        12: "connected",
        21: "connected",
        22: "quiet_hours",
        23: "quiet_hours",
    }


def test_calls_outside_the_pools_hours_are_refused() -> None:
    day = RelayPolicy(hours=Hours(time(8), time(20)))

    assert decide(a_call(a_binding(), policy=day)).action == "connect"
    assert outcome(decide(a_call(a_binding(), policy=day, now=NOW + 9 * HOUR))) == ("reject", "outside_hours")


def test_a_binding_carries_no_more_calls_than_its_cap() -> None:
    capped = RelayPolicy(calls_per_binding=5)

    assert decide(a_call(a_binding(), policy=capped, calls=4)).action == "connect"
    assert outcome(decide(a_call(a_binding(), policy=capped, calls=5))) == ("reject", "call_cap")


def test_what_a_recipient_closed_does_not_stop_the_recipient() -> None:
    binding = a_binding()

    decision = decide(
        a_call(
            binding, ext="", caller=ANNA, last_callers={binding.slot: COURIER}, blocks=Blocks(everything=True),
            quiet=Hours(time(0), time(0)), on_allow_list=False, calls=99, policy=RelayPolicy(calls_per_binding=1),
        )
    )  # fmt: skip

    assert decision.action == "connect"
