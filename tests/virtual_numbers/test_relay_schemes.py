"""Decisions on 700 numbers and pairs, and on facts that do not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.virtual_numbers.calls import ANNA, BORIS, COURIER, EXT, NOW, OTHER, X, Y, a_binding, a_call, outcome
from virtual_numbers.binding import Scheme, Slot, State, bind, release
from virtual_numbers.relay import Callee, CallFacts, Reason, Tombstone, decide

# -- other schemes


def test_a_700_number_is_dialled_whole() -> None:
    binding = bind(
        Slot("700123456789012", "", 0), tenant="t", shipment="s", carrier="c", role="recipient", party=ANNA, now=NOW,
        scheme=Scheme.AXN700,
    )  # fmt: skip
    facts = CallFacts(COURIER, binding.x, "", NOW, Scheme.AXN700, bindings=(binding,))

    assert decide(facts).action == "connect"
    assert outcome(decide(replace(facts, tombstones=(Tombstone(COURIER, binding.x, "", 7),)))) == (
        "reject",
        "tombstone",
    )
    assert decide(replace(facts, bindings=())).reason is Reason.NO_SUCH_NUMBER
    assert decide(replace(facts, ext="12")).cause == "extension_unexpected"
    over = decide(replace(facts, bindings=(release(binding, NOW),)))
    assert (over.reason, over.record_miss) == (Reason.SHIPMENT_CLOSED, False), "there is no extension to guess"


def test_a_pair_connects_its_two_phones_both_ways_and_no_third() -> None:
    pair = a_binding(ext="", scheme=Scheme.AXB, peer=COURIER)
    call = {"ext": "", "scheme": Scheme.AXB}

    there, back = decide(a_call(pair, **call)), decide(a_call(pair, caller=ANNA, **call))  # type: ignore[arg-type]

    assert (there.callee_index, there.display) == (ANNA, X)
    assert (back.callee, back.callee_index, back.display) == (Callee.PEER, COURIER, X)
    assert decide(a_call(caller=OTHER, **call)).action == "reject"  # type: ignore[arg-type]
    assert decide(a_call(release(pair, NOW), **call)).tombstones == (Tombstone(COURIER, *pair.slot),)  # type: ignore[arg-type]


def test_a_couriers_newer_pair_on_an_old_number_is_closed_to_it() -> None:
    newer = a_binding(ext="", turn=9, scheme=Scheme.AXB, peer=COURIER)

    decision = decide(a_call(newer, ext="", scheme=Scheme.AXB, tombstones=(Tombstone(COURIER, X, "", 3),)))

    assert (decision.action, decision.reason) == ("reject", Reason.SHIPMENT_CLOSED)


def test_a_pair_without_its_courier_yet_connects_nobody() -> None:
    open_pair = a_binding(ext="", scheme=Scheme.AXB)

    assert decide(a_call(open_pair, ext="", scheme=Scheme.AXB)).action == "reject"
    assert decide(a_call(open_pair, ext="", scheme=Scheme.AXB, caller=ANNA)).reason is Reason.NOBODY_TO_CALL_BACK


def test_axyb_shows_each_side_its_own_number() -> None:
    pair = a_binding(ext="", scheme=Scheme.AXYB, peer=COURIER, y=Slot(Y, "", 6))
    call = {"ext": "", "scheme": Scheme.AXYB}

    there = decide(a_call(pair, **call))  # type: ignore[arg-type]
    back = decide(a_call(pair, caller=ANNA, x=Y, **call))  # type: ignore[arg-type]

    assert (there.callee_index, there.display) == (ANNA, Y)
    assert (back.callee_index, back.display) == (COURIER, X)
    assert set(back.tombstones) == {Tombstone(ANNA, Y, "", 6), Tombstone(COURIER, X, "", 3)}
    assert decide(a_call(pair, caller=ANNA, **call)).action == "reject", "the party's number is Y"  # type: ignore[arg-type]
    assert decide(a_call(pair, x=Y, **call)).action == "reject"  # type: ignore[arg-type]


# -- fail closed


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (a_call(a_binding(), a_binding(turn=4)), "two_live_bindings"),
        (a_call(a_binding(), x="17000000000"), "binding_of_another_number"),
        (a_call(a_binding(), scheme=Scheme.AXYB, ext=""), "binding_of_another_number"),
        (a_call(structs.replace(a_binding(), party=b"short")), "binding_of_another_number"),
        (a_call(a_binding(), tombstones=(Tombstone(OTHER, X, EXT, 3),)), "tombstone_of_another"),
        (a_call(a_binding(), tombstones=(Tombstone(COURIER, Y, EXT, 3),)), "tombstone_of_another"),
        (a_call(a_binding(), x="+8617012345678"), "number_malformed"),
        (a_call(a_binding(), x=""), "number_malformed"),
        (a_call(a_binding(), ext="04x1"), "number_malformed"),
        (a_call(a_binding(), now=NOW.replace(tzinfo=None)), "clock_without_zone"),
        (a_call(a_binding(), caller=b"short"), "fault"),
    ],
)
def test_facts_that_do_not_fit_are_rejected(facts: CallFacts, cause: str) -> None:
    assert outcome(decide(facts)) == ("reject", cause)
    assert decide(facts).reason is Reason.FAULT


PHONES = st.sampled_from([ANNA, BORIS, COURIER, OTHER])
BINDINGS = st.builds(
    lambda ext, turn, party, state, hours: structs.replace(a_binding(ext, turn, party), state=state, expires_at=NOW + timedelta(hours=hours)),
    st.sampled_from([EXT, "0777"]), st.integers(0, 3), PHONES, st.sampled_from(list(State)), st.integers(-2, 2),
)  # fmt: skip
FACTS = st.builds(
    lambda bindings, ext, caller, turns, misses: a_call(
        *bindings, ext=ext, caller=caller, tombstones=tuple(Tombstone(caller, X, e, t) for e, t in turns), caller_misses=misses,
        last_callers={b.slot: OTHER for b in bindings},
    ),
    st.lists(BINDINGS, max_size=4), st.sampled_from(["", EXT, "0777", "1"]), PHONES,
    st.lists(st.tuples(st.sampled_from([EXT, "0777"]), st.integers(0, 3)), max_size=2), st.integers(0, 4),
)  # fmt: skip


@given(FACTS)
@settings(max_examples=300, deadline=None)
def test_whatever_the_facts_a_connected_call_goes_through_one_live_binding_that_is_the_callers_to_use(
    facts: CallFacts,
) -> None:
    decision = decide(facts)

    if decision.action != "connect":
        assert decision.callee is None and not decision.display
        return
    binding = decision.binding
    assert binding is not None and binding.connects(facts.now)
    assert decision.display == X
    assert not any(t.ext == binding.ext and t.turn != binding.turn for t in facts.tombstones)
    assert facts.ext in ("", binding.ext)
    assert decision.callee_index not in (b"", facts.caller)
    assert Tombstone(facts.caller, *binding.slot) in decision.tombstones
