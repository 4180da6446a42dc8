"""Where a reader is and where a person lives: what is unknown is foreign, and a basis for crossing the border is the one way across."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from masking.policy import Audience, Conditions, Decision, Level, Occasion, Reader, Rule, ScopePolicy, Terms
from masking.stage import Stage

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PLACES = ("", "CN", "DE")


def decided(when: Conditions, terms: Terms | None, reader: str, person: str) -> Decision:
    rule = Rule("r", Level.FULL, frozenset(Reader), frozenset({"goods"}), frozenset(Stage), when=when)
    policy = ScopePolicy("test", "0", (rule,), {"zto": terms} if terms else {})
    audience = Audience(Reader.DELIVERY, "x", "zto", country=reader)
    return policy.decide_one(audience, Occasion(Stage.CREATED, NOW, own=True, country=person), "goods")


@pytest.mark.parametrize(("reader", "person"), list(product(PLACES, PLACES)))
def test_data_stays_in_the_persons_country_where_the_policy_says_so(reader: str, person: str) -> None:
    at_home = reader != "" and reader == person
    expected = Decision(Level.FULL, "r") if at_home else Decision(refused="border_without_basis")
    assert decided(Conditions(own_country=True), None, reader, person) == expected
    bound = Terms("zto", when=Conditions(own_country=True))
    assert decided(Conditions(), bound, reader, person).level is (Level.FULL if at_home else Level.HIDDEN)


@pytest.mark.parametrize(("reader", "person"), list(product(PLACES, PLACES)))
def test_a_basis_lets_it_cross_and_no_condition_asks_nothing(reader: str, person: str) -> None:
    basis = Terms("zto", basis="scc-7")
    assert decided(Conditions(own_country=True), basis, reader, person).level is Level.FULL
    assert decided(Conditions(), None, reader, person).level is Level.FULL


@pytest.mark.parametrize("reader", PLACES)
def test_named_countries_and_the_persons_own_must_both_hold(reader: str) -> None:
    both = Conditions(countries=frozenset({"CN"}), own_country=True)
    assert (decided(both, None, reader, "CN").level is Level.FULL) is (reader == "CN")
    assert decided(both, None, reader, "DE").level is Level.HIDDEN
