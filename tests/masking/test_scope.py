"""What follows from a verdict: the fields asked for, their stand-ins, what is there; worked out once, and the same each time."""

from __future__ import annotations

from datetime import UTC, datetime

from masking.policy import FIELDS, PARTIES, PARTS, Audience, Decision, Level, Occasion, Reader, Verdict
from masking.policy_load import built_in
from masking.record import GROUP_OF
from masking.scope import Scope, present, scope_of, whole
from masking.stage import Stage

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def verdict(reader: Reader, stage: Stage, reason: str = "") -> Verdict:
    return built_in().verdict(Audience(reader, "x"), Occasion(stage, NOW, own=True, reason=reason))


def test_the_same_conditions_give_the_same_verdict_and_other_ones_another() -> None:
    asked = Reader.DELIVERY, Stage.OUT_FOR_DELIVERY
    first = verdict(*asked)
    assert verdict(*asked) is first
    assert verdict(*asked, "address_unclear") is not first
    assert first.decisions["recipient.name"].refused == "reason_missing"
    assert verdict(*asked, "address_unclear").decisions["recipient.name"].level is Level.FULL
    assert verdict(*asked).decisions["recipient.name"].refused == "reason_missing"


def test_what_is_kept_tells_no_two_policies_apart_only_by_their_own_verdicts() -> None:
    given = {"recipient.name": Decision(Level.MASKED, "a")}
    one, other = Verdict(given), Verdict({"recipient.name": Decision(Level.FULL, "b")})
    for _ in range(2):
        assert scope_of(one, FIELDS, (), ()).level("recipient.name") is Level.MASKED
        assert scope_of(other, FIELDS, (), ()).level("recipient.name") is Level.FULL


def test_a_field_without_its_stand_in_falls_to_what_else_is_granted() -> None:
    label = verdict(Reader.LABEL, Stage.CREATED)
    reached = scope_of(label, FIELDS, ("recipient", "third_party:2"), ())
    assert reached.level("recipient.phone") is reached.level("third_party.phone") is Level.RELAY
    assert reached.level("sender.phone") is Level.MASKED
    assert reached.refusals()["sender.phone"] == "no_stand_in"
    assert set(scope_of(label, ("sender.name",), (), ()).decisions) == {"sender.name"}


def test_only_the_groups_of_what_is_shown_in_itself_are_opened() -> None:
    for reader in Reader:
        for stage in Stage:
            scope = scope_of(verdict(reader, stage), FIELDS, PARTIES, PARTIES)
            shown = [name for level in ("masked", "full") for name in scope.shown.get(level, [])]
            assert scope.groups == {GROUP_OF[name.rpartition(".")[2]] for name in shown}


def test_what_turned_out_to_be_empty_is_not_told_as_shown() -> None:
    scope = scope_of(verdict(Reader.SHOP, Stage.CREATED), FIELDS, (), ())
    there = present(scope, (("recipient", ("name", "street")), ("third_party:2", ("phone",)), ("goods", ())))
    assert set(there.decisions) == {"recipient.name", "recipient.street", "third_party.phone", "goods"}
    assert there.shown == {"full": [name for name in FIELDS if name in there.decisions]}
    assert present(scope, ()).shown == {}


def test_a_party_s_levels_are_those_of_its_fields_and_hidden_else() -> None:
    scope = Scope({"recipient.name": Decision(Level.MASKED), "recipient.street": Decision(Level.FULL)})
    for role in PARTIES:
        for part in PARTS:
            assert scope.of(role)(part) is scope.level(f"{role}.{part}")
    assert Scope({}).of("sender")("name") is Level.HIDDEN


def test_the_whole_is_all_or_nothing() -> None:
    assert set(whole(verdict(Reader.SHOP, Stage.CREATED)).shown) == {"full"}
    refused = whole(verdict(Reader.RECIPIENT, Stage.CREATED))
    assert not refused.shown and set(refused.refusals().values()) == {"not_whole"}
