"""Promise 4 as DESIGN words it, walked at random against an in-memory store, and walks that must catch a broken relay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from virtual_numbers import binding, pairs, reference, relay
from virtual_numbers.binding import Scheme
from virtual_numbers.pool import Pool
from virtual_numbers.proof import PromiseBroken, Walk, main

SCHEMES = [Scheme.AXN_EXT, Scheme.AXN700, Scheme.AXB]


@given(st.integers(0, 2**32), st.sampled_from(SCHEMES))
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_relay_number_crosses_shipments_in_a_hundred_thousand_steps(seed: int, scheme: Scheme) -> None:
    Walk(seed, scheme).run(2_000)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_walk_meets_everything_it_is_meant_to(scheme: Scheme) -> None:
    counts = Walk(7, scheme).run(12_000)
    met = {"connect:connected", "connect:called_back", "reused", "failed_over", "ended", "crash", "shown"}
    if not scheme.by_pair:
        met |= {"reject:tombstone", "reopened", "shown_unknown", "reject:narrowed_to_another", "exhausted"}
        met |= {"narrowed:party", "narrowed:peer"}

    assert not [event for event in met if counts[event] < 5]


class Steps(RuleBasedStateMachine):
    """Hypothesis chooses the steps; a failure shrinks to the fewest."""

    @initialize(seed=st.integers(0, 2**16), scheme=st.sampled_from(SCHEMES))
    def begin(self, seed: int, scheme: Scheme) -> None:
        self.walk = Walk(seed, scheme)

    @rule(name=st.sampled_from([name for name, _ in Walk.STEPS]), times=st.integers(1, 4))
    def step(self, name: str, times: int) -> None:
        for _ in range(times):
            self.walk.step(name)

    @invariant()
    def store_and_witness_agree_on_what_lives(self) -> None:
        if hasattr(self, "walk"):
            seen = {slot for slots in self.walk.witness.standing.values() for slot in slots}
            assert seen == set(self.walk.live)


Steps.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestSteps = Steps.TestCase


def test_the_witness_sees_a_relay_without_tombstones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_crosses", lambda facts, binding: False)
    with pytest.raises(PromiseBroken):
        Walk(1, Scheme.AXN_EXT).run(20_000)


def test_the_witness_sees_a_shortened_quarantine(monkeypatch: pytest.MonkeyPatch) -> None:
    give_back = Pool.give_back
    monkeypatch.setattr(
        Pool, "give_back", lambda self, slot, now, **k: give_back(self, slot, now - timedelta(hours=3), **k)
    )
    with pytest.raises(PromiseBroken):
        Walk(1, Scheme.AXN_EXT).run(20_000)


def test_the_witness_sees_an_unknown_reader_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    give_back = Pool.give_back
    monkeypatch.setattr(Pool, "give_back", lambda self, slot, now, **_: give_back(self, slot, now))
    with pytest.raises(PromiseBroken):
        Walk(1, Scheme.AXN_EXT).run(40_000)


def test_the_witness_sees_a_refusal_that_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        relay, "_refuse", lambda facts, binding, reason, cause: relay.Decision("reject", reason, binding, cause=cause)
    )
    with pytest.raises(PromiseBroken):
        Walk(1, Scheme.AXN_EXT).run(40_000)


def test_the_witness_sees_tombstones_dropped_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "forgettable", lambda *_: True)
    with pytest.raises(PromiseBroken):
        Walk(1, Scheme.AXN_EXT).run(40_000)


@pytest.mark.parametrize("scheme", [Scheme.AXN_EXT, Scheme.AXN700])
def test_the_witness_sees_a_call_that_goes_past_the_courier_of_the_day(
    monkeypatch: pytest.MonkeyPatch, scheme: Scheme
) -> None:
    monkeypatch.setattr(binding.Binding, "narrowed_to", lambda self, now: b"")
    with pytest.raises(PromiseBroken, match="narrowed"):
        Walk(1, scheme).run(20_000)


def test_the_witness_sees_a_narrowing_that_outlives_the_next_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    after = reference.after_scan
    monkeypatch.setattr(
        reference, "after_scan", lambda held, scan, now: held if held.narrowed_to(now) else after(held, scan, now)
    )
    with pytest.raises(PromiseBroken, match="narrowed"):
        Walk(1, Scheme.AXN_EXT).run(40_000)


def test_the_witness_sees_a_phone_twice_on_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs.PairPool, "_fits", lambda self, number, phones: True)
    with pytest.raises(PromiseBroken):
        Walk(1, Scheme.AXB).run(5_000)


def test_the_verb_counts_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--steps", "3000", "--scheme", "axn-ext"]) == 0
    assert '"broken": 0' in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_million_steps(scheme: Scheme) -> None:
    Walk(1, scheme).run(333_334)
