"""Bindings: states, terms, and what no order of events may do to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.stage import Stage
from virtual_numbers.binding import (
    Binding,
    Scheme,
    Slot,
    State,
    Terms,
    activate,
    bind,
    expire,
    extend,
    narrow,
    quarantine,
    release,
    reopen,
    resume,
    suspend,
    widen,
)
from virtual_numbers.errors import BindingRefused

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANNA, BORIS, COURIER = (bytes([n]) * 16 for n in (1, 2, 3))
TERMS = Terms()


def a_binding(**changes: object) -> Binding:
    facts: dict[str, object] = {
        "tenant": "t1", "shipment": "s1", "carrier": "sf-express", "role": "recipient", "party": ANNA, "now": NOW,
    }  # fmt: skip
    return bind(Slot("17012345678", "0421", 3), **(facts | changes))  # type: ignore[arg-type]


def test_a_new_binding_is_callable_for_the_hold_and_not_a_second_longer() -> None:
    binding = a_binding()

    assert binding.connects(NOW)
    assert binding.connects(NOW + TERMS.hold - timedelta(seconds=1))
    assert not binding.connects(NOW + TERMS.hold)
    assert not binding.connects(NOW - timedelta(seconds=1)), "a clock that stepped back closes"


def test_a_long_lived_binding_never_expires_and_follows_no_parcel() -> None:
    binding = a_binding(shipment="", role="sender", terms=None)

    assert binding.connects(NOW + 4000 * DAY)
    assert extend(binding, Stage.CLOSED, NOW + DAY, TERMS) == binding


@pytest.mark.parametrize(
    ("slot", "scheme"),
    [
        (Slot("1701234567890123", "0421", 0), Scheme.AXN_EXT),  # 16 digits
        (Slot("", "0421", 0), Scheme.AXN_EXT),
        (Slot("+8617012345678", "0421", 0), Scheme.AXN_EXT),
        (Slot("１７０", "0421", 0), Scheme.AXN_EXT),
        (Slot("17012345678", "", 0), Scheme.AXN_EXT),
        (Slot("17012345678", "1234567", 0), Scheme.AXN_EXT),
        (Slot("17012345678", "12a", 0), Scheme.AXN_EXT),
        (Slot("17012345678", "0421", -1), Scheme.AXN_EXT),
        (Slot("700123456789012", "1", 0), Scheme.AXN700),
        (Slot("17012345678", "0421", 0), Scheme.AXB),
    ],
)
def test_a_malformed_relay_number_is_refused(slot: Slot, scheme: Scheme) -> None:
    with pytest.raises(BindingRefused) as refused:
        bind(slot, tenant="t", shipment="s", carrier="c", role="recipient", party=ANNA, now=NOW, scheme=scheme)

    assert refused.value.code == "relay_number_malformed"


def test_a_700_number_of_15_digits_is_dialled_whole() -> None:
    binding = bind(
        Slot("700123456789012", "", 0), tenant="t", shipment="s", carrier="c", role="recipient", party=ANNA, now=NOW,
        scheme=Scheme.AXN700,
    )  # fmt: skip

    assert binding.connects(NOW)


def test_party_and_peer_are_two_phones() -> None:
    for changes in ({"party": b"short"}, {"peer": b"short"}, {"peer": ANNA}):
        with pytest.raises(BindingRefused) as refused:
            a_binding(**changes)
        assert refused.value.code == "party_malformed"


def test_axyb_has_two_numbers_and_both_sides() -> None:
    pair = {
        "scheme": Scheme.AXYB,
        "tenant": "t",
        "shipment": "s",
        "carrier": "c",
        "role": "recipient",
        "party": ANNA,
        "now": NOW,
    }
    x, y = Slot("17000000001", "", 4), Slot("17000000002", "", 9)

    binding = bind(x, peer=COURIER, y=y, **pair)  # type: ignore[arg-type]

    assert binding.seen_by(COURIER) == x
    assert binding.seen_by(ANNA) == y
    with pytest.raises(BindingRefused):
        bind(x, peer=COURIER, **pair)  # type: ignore[arg-type]
    with pytest.raises(BindingRefused):
        bind(x, y=y, **pair)  # type: ignore[arg-type]


def test_a_bound_number_waits_for_its_provider_before_it_carries_calls() -> None:
    bound = a_binding(state=State.BOUND)

    assert bound.live(NOW)
    assert not bound.connects(NOW)
    assert activate(bound).connects(NOW)
    assert resume(bound) == bound, "resuming is no way around activation"
    assert resume(suspend(bound), ready=False).state is State.BOUND


def test_suspension_stops_calls_and_keeps_the_slot() -> None:
    suspended = suspend(a_binding())

    assert suspended.live(NOW)
    assert not suspended.connects(NOW)
    assert activate(suspended) == suspended
    assert resume(suspended).connects(NOW)


def test_release_ends_it_for_good() -> None:
    released = release(a_binding(), NOW + HOUR)

    assert (released.state, released.released_at) == (State.RELEASED, NOW + HOUR)
    assert release(released, NOW + DAY) == released, "a second release does not move the quarantine's beginning"
    assert quarantine(released).state is State.QUARANTINED
    for transition in (activate, suspend, resume, lambda b: narrow(b, COURIER, NOW + DAY)):
        with pytest.raises(BindingRefused) as refused:
            transition(released)
        assert refused.value.code == "binding_released"


def test_a_live_binding_is_not_quarantined() -> None:
    with pytest.raises(BindingRefused):
        quarantine(a_binding())


def test_a_clock_behind_its_beginning_does_not_date_the_release_before_it() -> None:
    assert release(a_binding(), NOW - DAY).released_at == NOW


def test_expiry_counts_the_quarantine_from_when_it_was_noticed() -> None:
    binding, late = a_binding(), NOW + TERMS.hold + DAY

    assert expire(binding, NOW + TERMS.hold - HOUR) == binding
    assert expire(binding, late).released_at == late


def test_narrowing_lets_one_courier_through_until_its_end() -> None:
    narrowed = narrow(a_binding(), COURIER, NOW + 10 * HOUR)

    assert narrowed.narrowed_to(NOW + 9 * HOUR) == COURIER
    assert narrowed.narrowed_to(NOW + 10 * HOUR) == b""
    assert widen(narrowed) == a_binding()
    with pytest.raises(BindingRefused):
        narrow(a_binding(), ANNA, NOW + HOUR)


def test_a_pairs_peer_is_not_widened_and_survives_release() -> None:
    pair = bind(
        Slot("17000000001", "", 0), tenant="t", shipment="s", carrier="c", role="recipient", party=ANNA, now=NOW,
        scheme=Scheme.AXB, peer=COURIER,
    )  # fmt: skip

    assert widen(pair) == pair
    assert release(pair, NOW + HOUR).peer == COURIER


@pytest.mark.parametrize(
    ("stage", "at", "ends"),
    [
        (Stage.IN_TRANSIT, DAY, TERMS.hold),
        (Stage.AT_STATION, DAY, TERMS.hold),
        (Stage.OUT_FOR_DELIVERY, DAY, TERMS.hold),
        (Stage.EXCEPTION, DAY, TERMS.hold),  # the term was longer already
        (Stage.EXCEPTION, 14 * DAY, 14 * DAY + TERMS.after_exception),
        (Stage.RETURNED, 14 * DAY, 14 * DAY + TERMS.after_return),
        (Stage.DELIVERED, 3 * DAY, 3 * DAY + TERMS.after_delivery),
        (Stage.DELIVERED, 14 * DAY + 12 * HOUR, TERMS.hold),  # a delivery prolongs nothing
    ],
)
def test_the_term_follows_the_parcel(stage: Stage, at: timedelta, ends: timedelta) -> None:
    assert extend(a_binding(), stage, NOW + at, TERMS).expires_at == NOW + ends


def test_closed_releases() -> None:
    assert extend(a_binding(), Stage.CLOSED, NOW + DAY, TERMS).state is State.RELEASED


def test_what_is_over_is_not_extended() -> None:
    binding = a_binding()

    assert extend(binding, Stage.EXCEPTION, NOW + TERMS.hold, TERMS) == binding


def test_a_return_reopens_a_released_binding_as_the_same_one() -> None:
    released = release(a_binding(), NOW + 5 * DAY)

    again = reopen(released, NOW + 8 * DAY, TERMS)

    assert again.slot == released.slot
    assert again.connects(NOW + 8 * DAY)
    assert again.expires_at == NOW + 8 * DAY + TERMS.after_return
    with pytest.raises(BindingRefused):
        reopen(released, NOW + TERMS.longest, TERMS)


STEPS = st.lists(st.tuples(st.sampled_from(list(Stage)), st.integers(-48, 24 * 40)), max_size=25)


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_no_sequence_of_stages_keeps_a_binding_beyond_its_longest_time(steps: list[tuple[Stage, int]]) -> None:
    binding, now = a_binding(), NOW
    for stage, hours in steps:
        now += timedelta(hours=hours)
        binding = extend(binding, stage, now, TERMS)
        if binding.state is State.RELEASED and NOW <= now < NOW + TERMS.longest:
            binding = reopen(binding, now, TERMS)

    assert not binding.live(NOW + TERMS.longest)
    assert binding.slot == a_binding().slot
