"""Every cell of the built-in policy, every condition at its edges, and the one law: no more than some rule grants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from masking.policy import (
    CARRIER_SIDE,
    CLOCK_TOLERANCE,
    COURIERS,
    FIELDS,
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
from masking.policy_load import built_in
from masking.stage import Stage

MATRIX = Path(__file__).parents[1] / "golden" / "scopes_matrix.txt"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SIGNS = {".": Level.HIDDEN, "m": Level.MASKED, "r": Level.RELAY, "F": Level.FULL}
QUESTIONS: list[dict[str, str]] = [
    {},
    {"reason": "address_unclear"},
    {"purpose": "customs"},
    {"purpose": "last_mile_label"},
    {"purpose": "call"},
]


def courier(reader: Reader = Reader.DELIVERY, **changed: Any) -> Audience:
    return Audience(reader, "courier:c1", "sf-express", **changed)


def occasion(stage: Stage = Stage.OUT_FOR_DELIVERY, **changed: Any) -> Occasion:
    return Occasion(stage, changed.pop("now", NOW), changed.pop("own", True), **changed)


def only(level: Level = Level.FULL, *, terms: Terms | None = None, rule: str = "r", **when: Any) -> ScopePolicy:
    """A policy of one rule: every reader, every stage, every field."""
    held = Rule(rule, level, frozenset(Reader), frozenset(FIELDS), frozenset(Stage), when=Conditions(**when))
    return ScopePolicy("test", "0", (held,), {"sf-express": terms} if terms else {})


def asked(policy: ScopePolicy, audience: Audience | None = None, **changed: Any) -> Decision:
    return policy.decide_one(audience or courier(), occasion(**changed), "recipient.street")


def read_matrix() -> dict[tuple[str, str], list[str]]:
    lines = [line.split() for line in MATRIX.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {(reader, name): rows for reader, name, *rows in lines}


def test_every_cell_of_the_built_in_policy_is_as_written_down() -> None:
    """12 readers x 9 stages x 23 fields x 5 questions: 12,420 cells. A changed one is a decision, told in the commit."""
    expected = read_matrix()
    for reader, name, (number, question) in product(Reader, FIELDS, enumerate(QUESTIONS)):
        rows = expected.get((reader, name), ["." * len(Stage)] * len(QUESTIONS))
        for sign, stage in zip(rows[number], Stage, strict=True):
            found = built_in().decide_one(courier(reader), occasion(stage, **question), name)
            assert found.level is SIGNS[sign], (reader, stage, name, question)


def test_a_foreign_parcel_shows_nothing_to_anybody() -> None:
    for reader, stage, question in product(Reader, Stage, QUESTIONS):
        assert built_in().decide(courier(reader), occasion(stage, own=False, **question)) == {}


def test_couriers_get_a_dial_string_at_every_stage_before_closed_and_never_a_phone() -> None:
    for reader, stage, question, party in product(COURIERS, Stage, QUESTIONS, ("sender", "recipient", "third_party")):
        level = built_in().decide_one(courier(reader), occasion(stage, **question), f"{party}.phone").level
        assert level in {Level.RELAY, Level.HIDDEN}
        reaching = reader is not Reader.CUSTOMS and party != "third_party" and stage is not Stage.CLOSED
        assert (level is Level.RELAY) is reaching


def test_nobody_but_the_shop_and_the_officer_sees_anything_of_a_closed_parcel() -> None:
    for reader, question in product(Reader, QUESTIONS):
        shown = built_in().decide(courier(reader), occasion(Stage.CLOSED, **question))
        assert bool(shown) is (reader in {Reader.SHOP, Reader.OFFICER})


def test_the_decision_names_its_rule_and_what_was_missing_for_more() -> None:
    found = built_in().decide_one(courier(), occasion(Stage.EXCEPTION), "recipient.street")
    assert found == Decision(Level.MASKED, "couriers-street-masked", "reason_missing")
    more = built_in().decide_one(courier(), occasion(Stage.EXCEPTION, reason="x"), "recipient.street")
    assert more == Decision(Level.FULL, "held-up-door")


def test_a_label_without_a_relay_number_has_a_mask_to_fall_back_on() -> None:
    assert built_in().decide_one(courier(Reader.LABEL), occasion(), "recipient.phone").instead is Level.MASKED
    assert built_in().decide_one(courier(), occasion(), "recipient.phone").instead is Level.HIDDEN


def test_a_field_that_no_rule_speaks_of_is_hidden() -> None:
    assert ScopePolicy("empty", "0", ()).decide(courier(), occasion()) == {}
    assert built_in().decide_one(courier(), occasion(), "no.such.field") == Decision()


# -- conditions ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "audience", "facts", "refused"),
    [
        ({"purposes": frozenset({"call"})}, {}, {}, "purpose_not_allowed"),
        ({"purposes": frozenset({"call"})}, {}, {"purpose": "cal"}, "purpose_not_allowed"),
        ({"purposes": frozenset({"call"})}, {}, {"purpose": "call"}, ""),
        ({"reveal": True}, {}, {}, "reason_missing"),
        ({"reveal": True}, {}, {"reason": "  "}, "reason_missing"),
        ({"reveal": True}, {}, {"reason": "x"}, ""),
        ({"own_station": True}, {}, {}, "other_station"),
        ({"own_station": True}, {"station": "a"}, {"station": "b"}, "other_station"),
        ({"own_station": True}, {}, {"station": "b"}, "other_station"),
        ({"own_station": True}, {"station": "a"}, {"station": "a"}, ""),
        ({"own_region": True}, {}, {}, "other_region"),
        ({"own_region": True}, {"regions": frozenset({"", "440305"})}, {}, "other_region"),
        ({"own_region": True}, {"regions": frozenset({"440305"})}, {"region": "440306"}, "other_region"),
        ({"own_region": True}, {"regions": frozenset({"440305"})}, {"region": "440305"}, ""),
        ({"countries": frozenset({"CN"})}, {}, {}, "border_without_basis"),
        ({"countries": frozenset({"CN"})}, {"country": "DE"}, {}, "border_without_basis"),
        ({"countries": frozenset({"CN"})}, {"country": "CN"}, {}, ""),
        ({"opened": True}, {}, {}, "window_not_open"),
        ({"opened": True}, {}, {"opened_at": NOW + SECOND}, "window_not_open"),
        ({"opened": True}, {}, {"opened_at": NOW}, ""),
        ({}, {}, {}, ""),
    ],
)
def test_a_condition_holds_or_says_why_not(
    when: dict[str, Any], audience: dict[str, Any], facts: dict[str, Any], refused: str
) -> None:
    level = Level.HIDDEN if refused else Level.FULL
    found = asked(only(**when), courier(**audience), **facts)
    assert (found.level, found.refused) == (level, refused)
    bound = asked(only(terms=Terms("sf-express", when=Conditions(**when))), courier(**audience), **facts)
    assert (bound.level, bound.refused) == (level, refused)


def test_a_basis_lets_data_cross_the_border() -> None:
    policy = only(countries=frozenset({"CN"}), terms=Terms("sf-express", basis="scc-7"))
    assert asked(policy, courier(country="DE")).level is Level.FULL


DELIVERED = datetime(2026, 3, 28, 20, tzinfo=UTC)


@pytest.mark.parametrize(("off", "open_"), [(-SECOND, True), (timedelta(0), False), (SECOND, False)])
@pytest.mark.parametrize("hours", [0, 1, 24, 48])
def test_a_window_closes_at_its_very_second(off: timedelta, open_: bool, hours: int) -> None:
    policy = only(hours_after_delivery=hours)
    now = DELIVERED + timedelta(hours=hours) + off
    assert (asked(policy, stage=Stage.DELIVERED, delivered_at=DELIVERED, now=now).level is Level.FULL) is open_


@pytest.mark.parametrize(("off", "open_"), [(-SECOND, False), (timedelta(0), True), (SECOND, True)])
def test_a_window_opens_at_its_very_second(off: timedelta, open_: bool) -> None:
    assert (asked(only(opened=True), opened_at=NOW, now=NOW + off).level is Level.FULL) is open_


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Shanghai"])
@pytest.mark.parametrize("day", [(2026, 3, 29), (2026, 10, 25), (2026, 11, 1), (2026, 4, 5)])
def test_hours_are_real_hours_across_a_change_of_clocks(zone: str, day: tuple[int, int, int]) -> None:
    """24 hours after delivery is 24 hours later, not the same wall time on the next day."""
    delivered = datetime(*day, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=12)
    closes = delivered + timedelta(hours=24)
    policy = only(hours_after_delivery=24)
    for off, open_ in ((-SECOND, True), (timedelta(0), False)):
        for now, since in product((closes + off,), (delivered, delivered.astimezone(ZoneInfo(zone)))):
            told = asked(
                policy, stage=Stage.DELIVERED, delivered_at=since.astimezone(UTC), now=now.astimezone(ZoneInfo(zone))
            )
            assert (told.level is Level.FULL) is open_


def test_the_hour_that_comes_twice_is_not_read_as_one() -> None:
    """02:30 summer time and 02:30 winter time are an hour apart and look alike."""
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    again = first.replace(fold=1)
    assert asked(only(opened=True), opened_at=again, now=first).refused == "window_not_open"
    assert asked(only(opened=True), opened_at=first, now=again).level is Level.FULL
    assert asked(only(opened=True), opened_at=first, seen_at=again, now=first).refused == "clock_stepped_back"


def test_a_delivered_parcel_without_a_time_of_delivery_is_closed() -> None:
    policy = only(hours_after_delivery=24)
    assert asked(policy, stage=Stage.DELIVERED).refused == "window_over"
    assert asked(policy, stage=Stage.OUT_FOR_DELIVERY).level is Level.FULL


@pytest.mark.parametrize("when", [{"hours_after_delivery": 24}, {"opened": True}])
def test_a_clock_that_stepped_back_closes_and_a_little_skew_does_not(when: dict[str, Any]) -> None:
    facts: dict[str, Any] = {"opened_at": NOW - timedelta(days=1), "delivered_at": NOW}
    for behind, refused in (
        (CLOCK_TOLERANCE, ""),
        (CLOCK_TOLERANCE + SECOND, "clock_stepped_back"),
        (timedelta(0), ""),
    ):
        told = asked(only(**when), seen_at=NOW + timedelta(minutes=5) + behind, now=NOW + timedelta(minutes=5), **facts)
        assert told.refused == refused


def test_a_window_once_over_stays_over_when_the_clock_steps_back_a_little() -> None:
    closes = DELIVERED + timedelta(hours=1)
    for stepped in (SECOND, CLOCK_TOLERANCE, timedelta(hours=1)):
        told = asked(
            only(hours_after_delivery=1),
            stage=Stage.DELIVERED,
            delivered_at=DELIVERED,
            seen_at=closes,
            now=closes - stepped,
        )
        assert told.level is Level.HIDDEN


def test_a_clock_that_jumped_ahead_closes() -> None:
    told = asked(
        only(hours_after_delivery=1), stage=Stage.DELIVERED, delivered_at=DELIVERED, now=DELIVERED + timedelta(days=1)
    )
    assert told.refused == "window_over"


@settings(max_examples=200)
@given(st.integers(-100, 100), st.integers(-100, 100), st.integers(-100, 100), st.integers(0, 60))
def test_a_later_record_never_opens_a_window(delivered: int, now: int, seen: int, hours: int) -> None:
    """Whatever was recorded last, it only ever narrows."""
    facts: dict[str, Any] = {
        "stage": Stage.DELIVERED,
        "delivered_at": NOW + timedelta(hours=delivered),
        "now": NOW + timedelta(hours=now),
    }
    policy = only(hours_after_delivery=hours)
    before, after = asked(policy, **facts), asked(policy, seen_at=NOW + timedelta(hours=seen), **facts)
    assert RANK[after.level] <= RANK[before.level]


# -- terms --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "refused"),
    [
        ({"processor": "entrusted"}, ""),
        ({"processor": "independent"}, "consent_missing"),
        ({"processor": "independent", "consent": "form-3"}, ""),
        ({"starts": NOW}, ""),
        ({"starts": NOW + SECOND}, "agreement_not_begun"),
        ({"ends": NOW + SECOND}, ""),
        ({"ends": NOW}, "agreement_over"),
        ({"starts": NOW - SECOND, "ends": NOW + SECOND}, ""),
    ],
)
def test_outside_its_agreement_a_carrier_sees_nothing(terms: dict[str, Any], refused: str) -> None:
    policy = only(terms=Terms("sf-express", **terms))
    for reader in Reader:
        bound = reader in CARRIER_SIDE
        found = asked(policy, courier(reader))
        assert found.refused == (refused if bound else "")
        assert (found.level is Level.FULL) is not (bound and bool(refused))
    assert asked(policy, Audience(Reader.DELIVERY, "c", "zto")).level is Level.FULL


def test_an_agreement_once_over_stays_over_on_a_clock_that_stepped_back() -> None:
    policy = only(terms=Terms("sf-express", ends=NOW))
    assert asked(policy, now=NOW - SECOND, seen_at=NOW).refused == "agreement_over"


@pytest.mark.parametrize(("made", "allowed"), [(0, True), (2, True), (3, False), (4, False)])
def test_reveals_of_one_parcel_are_counted(made: int, allowed: bool) -> None:
    policy = only(reveal=True, terms=Terms("sf-express", reveals_per_parcel=3))
    told = asked(policy, reason="x", usage=Usage(reveals=made))
    assert told.refused == ("" if allowed else "reveal_quota")
    plain = only(terms=Terms("sf-express", reveals_per_parcel=3))
    assert asked(plain, usage=Usage(reveals=99)).level is Level.FULL


@pytest.mark.parametrize(
    ("usage", "allowed"),
    [
        (Usage(people=0, parcels=0), True),
        (Usage(people=4, parcels=0), True),
        (Usage(people=5, parcels=0), False),
        (Usage(people=5, parcels=1), False),
        (Usage(people=5, parcels=2), True),
        (Usage(people=54, parcels=100), True),
        (Usage(people=55, parcels=100), False),
        (Usage(people=99, parcels=0, known=True), True),
    ],
)
def test_a_carrier_learns_only_so_many_people_per_parcel_scanned(usage: Usage, allowed: bool) -> None:
    terms = Terms("sf-express", people_per_100_parcels=50, people_grace=5)
    assert asked(only(terms=terms), usage=usage).refused == ("" if allowed else "people_budget")
    for level in (Level.MASKED, Level.RELAY):
        assert asked(only(level, terms=terms), usage=usage).level is level


def test_past_its_budget_a_reader_still_gets_what_needs_none() -> None:
    fields = frozenset({"recipient.street", "recipient.region"})
    rules = tuple(
        Rule(level.value, level, frozenset(Reader), fields, frozenset(Stage)) for level in (Level.MASKED, Level.FULL)
    )
    policy = ScopePolicy(
        "test", "0", rules, {"sf-express": Terms("sf-express", people_per_100_parcels=0, people_grace=0)}
    )
    assert asked(policy) == Decision(Level.MASKED, "masked", "people_budget")
    assert policy.decide(courier(), occasion())["recipient.region"].level is Level.FULL  # a region tells nobody


def test_a_rule_for_one_carrier_is_for_no_other() -> None:
    rule = Rule("r", Level.FULL, frozenset(Reader), frozenset(FIELDS), frozenset(Stage), frozenset({"zto"}))
    policy = ScopePolicy("test", "0", (rule,))
    assert asked(policy).level is Level.HIDDEN
    assert asked(policy, Audience(Reader.DELIVERY, "c", "zto")).level is Level.FULL
    assert asked(policy, Audience(Reader.DELIVERY, "c", "")).level is Level.HIDDEN


# -- the law ------------------------------------------------------------------------------------------------------------------

conditions = st.builds(
    Conditions,
    purposes=st.frozensets(st.sampled_from(["call", "customs"])),
    reveal=st.booleans(),
    own_station=st.booleans(),
    countries=st.frozensets(st.sampled_from(["CN", "DE"])),
)
rules = st.builds(
    Rule,
    id=st.uuids().map(str),
    level=st.sampled_from(Level),
    readers=st.frozensets(st.sampled_from([Reader.DELIVERY, Reader.SHOP]), min_size=1),
    fields=st.frozensets(st.sampled_from(["recipient.street", "goods"]), min_size=1),
    stages=st.frozensets(st.sampled_from([Stage.CREATED, Stage.CLOSED]), min_size=1),
    carriers=st.frozensets(st.sampled_from(["zto", "sf-express"])),
    when=conditions,
)


def holds(rule: Rule, audience: Audience, asked: Occasion, name: str) -> bool:
    """The meaning of a rule, word for word and without any table."""
    return (
        audience.reader in rule.readers
        and asked.stage in rule.stages
        and name in rule.fields
        and (not rule.carriers or audience.carrier in rule.carriers)
        and (not rule.when.purposes or asked.purpose in rule.when.purposes)
        and (not rule.when.reveal or bool(asked.reason))
        and (not rule.when.own_station or (audience.station != "" and audience.station == asked.station))
        and (not rule.when.countries or audience.country in rule.when.countries)
    )


@settings(max_examples=200)
@given(
    st.lists(rules, max_size=6),
    st.sampled_from([Reader.DELIVERY, Reader.SHOP]),
    st.sampled_from([Stage.CREATED, Stage.CLOSED]),
    st.sampled_from(["zto", "sf-express", "sto"]),
    st.tuples(st.sampled_from(["", "a"]), st.sampled_from(["", "a"]), st.sampled_from(["", "CN"])),
    st.sampled_from(["", "call"]),
    st.sampled_from(["", "lost"]),
)
def test_a_field_is_shown_as_far_as_the_highest_rule_that_holds_and_no_further(
    held: list[Rule],
    reader: Reader,
    stage: Stage,
    carrier: str,
    places: tuple[str, str, str],
    purpose: str,
    reason: str,
) -> None:
    audience = Audience(reader, "x", carrier, places[0], country=places[2])
    question = Occasion(stage, NOW, own=True, purpose=purpose, reason=reason, station=places[1])
    for order in (held, held[::-1]):
        found = ScopePolicy("test", "0", tuple(order)).decide(audience, question)
        for name in ("recipient.street", "goods", "remark"):
            granting = [rule.level for rule in held if holds(rule, audience, question, name)]
            expected = max(granting, key=RANK.__getitem__, default=Level.HIDDEN)
            assert found.get(name, Decision()).level is expected


def test_an_occasion_that_is_not_own_is_never_granted_anything() -> None:
    assert only().decide(courier(), structs.replace(occasion(), own=False)) == {}
