"""Comparing policies: exact about who sees more, and true to what decisions would have been."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from masking.policy import (
    RANK,
    Audience,
    Conditions,
    Decision,
    Level,
    Occasion,
    Reader,
    Rule,
    ScopePolicy,
    Terms,
    Usage,
)
from masking.policy_diff import diff, facts, opens, recall, replay
from masking.policy_load import built_in, load_policy
from masking.stage import Stage

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
RULE = Rule("r", Level.FULL, frozenset({Reader.DELIVERY}), frozenset({"goods"}), frozenset({Stage.CREATED}))


def policy(*rules: Rule, terms: Terms | None = None) -> ScopePolicy:
    return ScopePolicy("test", "0", rules, {terms.carrier: terms} if terms else {})


def when(**changed: object) -> Rule:
    return replace(RULE, when=Conditions(**changed))  # type: ignore[arg-type]


def test_a_policy_does_not_differ_from_itself_or_its_reordering() -> None:
    held = built_in()
    assert diff(held, held) == []
    assert diff(held, ScopePolicy("x", "1", held.rules[::-1])) == []


def test_a_new_rule_opens_and_a_dropped_one_closes() -> None:
    (change,) = diff(policy(), policy(RULE))
    assert (change.carrier, change.reader, change.stage, change.name) == ("", Reader.DELIVERY, Stage.CREATED, "goods")
    assert (change.before, change.after, change.opens, change.closes) == (Level.HIDDEN, Level.FULL, True, False)
    (back,) = diff(policy(RULE), policy())
    assert (back.opens, back.closes) == (False, True)
    assert opens(policy(), policy(RULE))
    assert not opens(policy(RULE), policy())


EASIER_TO_HARDER = [
    (when(), when(reveal=True)),
    (when(), when(opened=True)),
    (when(), when(own_station=True)),
    (when(), when(own_region=True)),
    (when(), when(own_country=True)),
    (when(), when(purposes=frozenset({"a"}))),
    (when(purposes=frozenset({"a", "b"})), when(purposes=frozenset({"a"}))),
    (when(), when(countries=frozenset({"CN"}))),
    (when(), when(hours_after_delivery=24)),
    (when(hours_after_delivery=24), when(hours_after_delivery=23)),
    (RULE, replace(RULE, level=Level.RELAY)),
    (replace(RULE, level=Level.RELAY), replace(RULE, level=Level.MASKED)),
]


@pytest.mark.parametrize(("easier", "harder"), EASIER_TO_HARDER)
def test_asking_more_closes_and_asking_less_opens(easier: Rule, harder: Rule) -> None:
    (change,) = diff(policy(easier), policy(harder))
    assert (change.opens, change.closes) == (False, True)
    (change,) = diff(policy(harder), policy(easier))
    assert (change.opens, change.closes) == (True, False)
    assert diff(policy(easier), policy(easier, harder)) == []


def test_a_rule_that_grants_nothing_changes_nothing() -> None:
    assert diff(policy(), policy(replace(RULE, level=Level.HIDDEN))) == []


def test_an_exchanged_purpose_opens_and_closes() -> None:
    (change,) = diff(policy(when(purposes=frozenset({"a"}))), policy(when(purposes=frozenset({"b"}))))
    assert (change.opens, change.closes) == (True, True)


TERMS = Terms(
    "zto",
    "entrusted",
    NOW,
    NOW + timedelta(days=9),
    basis="b",
    reveals_per_parcel=3,
    people_per_100_parcels=50,
    people_grace=5,
)


@pytest.mark.parametrize(
    "harder",
    [
        replace(TERMS, starts=NOW + timedelta(days=1)),
        replace(TERMS, ends=NOW + timedelta(days=8)),
        replace(TERMS, basis=""),
        replace(TERMS, reveals_per_parcel=2),
        replace(TERMS, people_per_100_parcels=49),
        replace(TERMS, people_grace=4),
        replace(TERMS, processor="independent"),
        replace(TERMS, when=Conditions(opened=True)),
    ],
)
def test_harder_terms_close_for_their_carrier_alone(harder: Terms) -> None:
    rule = when(reveal=True)
    (change,) = diff(policy(rule, terms=TERMS), policy(rule, terms=harder))
    assert (change.carrier, change.opens, change.closes) == ("zto", False, True)
    (change,) = diff(policy(rule, terms=harder), policy(rule, terms=TERMS))
    assert (change.carrier, change.opens, change.closes) == ("zto", True, False)


def test_budgets_bind_what_they_count_and_nothing_else() -> None:
    masked, bound = replace(RULE, level=Level.MASKED), Terms("zto", people_per_100_parcels=0, people_grace=0)
    assert diff(policy(masked), policy(masked, terms=bound)) == []
    assert diff(policy(RULE), policy(RULE, terms=Terms("zto", reveals_per_parcel=0))) == []
    # A mask that needs no budget shows something where a full value past its budget shows nothing.
    assert opens(policy(RULE, terms=bound), policy(masked, terms=bound))


def test_terms_that_bound_nothing_change_nothing_but_a_basis_opens() -> None:
    assert diff(policy(RULE), policy(RULE, terms=Terms("zto"))) == []
    assert diff(policy(RULE, terms=Terms("zto")), policy(RULE)) == []
    assert opens(policy(RULE), policy(RULE, terms=Terms("zto", basis="b")))
    assert not opens(policy(RULE, terms=Terms("zto", basis="b")), policy(RULE))
    assert opens(policy(RULE, terms=Terms("zto", ends=NOW)), policy(RULE))


def test_terms_do_not_touch_readers_who_are_not_the_carriers() -> None:
    shop = replace(RULE, readers=frozenset({Reader.SHOP}))
    assert diff(policy(shop), policy(shop, terms=TERMS)) == []


conditions = st.builds(
    Conditions,
    purposes=st.frozensets(st.sampled_from("ab")),
    reveal=st.booleans(),
    own_station=st.booleans(),
    hours_after_delivery=st.none() | st.integers(0, 2),
)
rules = st.builds(
    Rule,
    id=st.just("r"),
    level=st.sampled_from(Level),
    readers=st.just(frozenset({Reader.DELIVERY})),
    fields=st.just(frozenset({"goods"})),
    stages=st.just(frozenset({Stage.DELIVERED})),
    carriers=st.frozensets(st.just("zto")),
    when=conditions,
)
terms = st.none() | st.builds(
    Terms,
    st.just("zto"),
    starts=st.none() | st.sampled_from([NOW, NOW + timedelta(hours=1)]),
    reveals_per_parcel=st.none() | st.integers(0, 2),
    people_per_100_parcels=st.none() | st.just(0),
    people_grace=st.integers(0, 2),
)
policies = st.builds(lambda held, bound: policy(*held, terms=bound), st.lists(rules, max_size=3), terms)
QUESTIONS = [
    (
        Audience(Reader.DELIVERY, "x", carrier, "s"),
        Occasion(
            Stage.DELIVERED,
            NOW,
            True,
            purpose,
            reason,
            delivered_at=NOW - timedelta(minutes=30 + 60 * ago),
            station=station,
            usage=Usage(reveals, reveals),
        ),
    )
    for carrier, purpose, reason, station, ago, reveals in product(
        ("zto", "sto"), ("", "a", "b"), ("", "why"), ("", "s"), range(3), range(3)
    )
]


@settings(max_examples=100)
@given(policies, policies)
def test_where_no_cell_opens_no_question_gets_a_deeper_answer(old: ScopePolicy, new: ScopePolicy) -> None:
    """The promise a privacy officer relies on; checked against every question of a small world."""
    changes = diff(old, new)
    for audience, occasion in QUESTIONS:
        here = [change for change in changes if change.carrier in ("", audience.carrier)]
        before = old.decide(audience, occasion).get("goods", Decision()).level
        after = new.decide(audience, occasion).get("goods", Decision()).level
        if RANK[after] > RANK[before]:
            assert any(change.opens for change in here)
        if RANK[after] < RANK[before]:
            assert any(change.closes for change in here)


@settings(max_examples=60)
@given(policies, policies)
def test_a_difference_is_the_same_read_backwards(old: ScopePolicy, new: ScopePolicy) -> None:
    forth = {(c.carrier, c.reader, c.stage, c.name, c.opens, c.closes) for c in diff(old, new)}
    back = {(c.carrier, c.reader, c.stage, c.name, c.closes, c.opens) for c in diff(new, old)}
    assert forth == back


def test_recorded_questions_are_decided_again_as_they_were() -> None:
    old = load_policy('name="x"\nbase="built-in"\n[terms.zto]\nreveals_per_parcel=1\nopened=true\nown_region=true\n')
    for audience, occasion in QUESTIONS:
        full = structs.replace(occasion, opened_at=NOW, seen_at=NOW, region="r", usage=Usage(1, 2, 3, True))
        for question in (
            (structs.replace(audience, country="CN", regions=frozenset({"r"})), full),
            (audience, occasion),
        ):
            kept = json.loads(json.dumps(facts(*question)))
            again = recall(kept, at=question[1].now, actor=question[0].actor)
            for held in (old, built_in()):
                assert held.decide(*again) == held.decide(*question)


def test_facts_keep_no_place_but_the_readers_own_station() -> None:
    audience = Audience(Reader.DELIVERY, "x", "zto", "s", frozenset({"440305"}), "CN")
    kept = facts(audience, Occasion(Stage.CREATED, NOW, False, station="other", region="440305"))
    assert kept == {
        "reader": "delivery",
        "stage": "created",
        "carrier": "zto",
        "country": "CN",
        "station": "s",
        "in_region": True,
        "own": False,
    }
    assert recall(kept, at=NOW, actor="x")[1].own is False


def test_a_replay_tells_each_field_that_would_change() -> None:
    new = load_policy('name="x"\nbase="built-in"\ndrop=["delivery-door"]\n')
    question = Audience(Reader.DELIVERY, "x", "zto"), Occasion(Stage.OUT_FOR_DELIVERY, NOW, True)
    (change,) = replay(built_in(), new, [question])
    assert (change.name, change.before, change.after) == ("recipient.street", Level.FULL, Level.MASKED)
    assert (change.audience, change.occasion) == question
    assert list(replay(built_in(), built_in(), [question])) == []
