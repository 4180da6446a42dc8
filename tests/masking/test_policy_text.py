"""Sentences: made of the rules that decide, in two languages."""

from __future__ import annotations

import re
from itertools import product

import pytest

from masking.policy import FIELDS, Conditions, Level, Reader, Rule, Terms
from masking.policy_load import built_in, load_policy
from masking.policy_text import agreement, clauses, explain, sentence, short_fields, terms_clauses
from masking.stage import Stage

RULE = Rule(
    "r", Level.FULL, frozenset({Reader.DELIVERY}), frozenset({"recipient.street"}), frozenset({Stage.OUT_FOR_DELIVERY})
)


def test_a_rule_reads_as_a_sentence() -> None:
    assert sentence(RULE) == "delivery sees recipient.street in full at out_for_delivery."
    assert sentence(RULE, "zh") == "派件员在派送中阶段：收件人门牌地址完整可见。"


def test_the_built_in_policy_reads_as_written_down() -> None:
    told = {rule.id: sentence(rule) for rule in built_in().rules}
    assert told["delivery-door"] == (
        "delivery sees recipient.street in full at out_for_delivery: the parcel is carried to this door."
    )
    assert told["couriers-reach"] == (
        "pickup, linehaul, delivery, station and customer_service see a stand-in for sender.phone and recipient.phone "
        "at every stage before closed: the carrier of the parcel can always call, and never learns the number."
    )
    assert told["customs-declaration"] == (
        "customs sees *.name, *.company, *.street, *.ids and goods in full at picked_up, in_transit or exception, "
        "for the purpose customs: a declaration names the parties and the goods."
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_rule_level_reader_and_stage_has_its_words(lang: str) -> None:
    for level, reader, stage in product(Level, Reader, Stage):
        rule = Rule("r", level, frozenset({reader}), frozenset(FIELDS), frozenset({stage}), frozenset({"zto"}))
        told = sentence(rule, lang)
        assert "zto" in told
        assert bool(re.search(r"[\u4e00-\u9fff]", told)) is (lang == "zh")
    assert len({sentence(rule, lang) for rule in built_in().rules}) == len(built_in().rules)


def test_every_condition_has_a_clause() -> None:
    every = Conditions(frozenset({"b", "a"}), True, True, 24, True, True, frozenset({"CN"}), True)
    assert clauses(every) == (
        "for the purpose a or b",
        "with a reason given",
        "after the first scan at the last-mile depot",
        "until 24 hours after delivery",
        "at the station where the parcel is",
        "where the reader serves the parcel's region",
        "in CN or with a basis for crossing the border",
        "in the country where the person lives or with a basis for crossing the border",
    )
    assert len(clauses(every, "zh")) == 8
    assert clauses(Conditions(hours_after_delivery=0)) == ("until 0 hours after delivery",)
    assert clauses(Conditions()) == ()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_was_agreed_is_told_and_asks_nothing_further(lang: str) -> None:
    source = 'name="x"\nbase="built-in"\n[terms.zto]\nprocessor="independent"\nconsent="form-3"\nbasis="scc-7"\n'
    held = load_policy(source + '[terms.sto]\nprocessor="entrusted"\n[terms.yto]\n')
    told = {carrier: agreement(terms, lang) for carrier, terms in held.terms.items()}
    assert (len(told["zto"]), len(told["sto"]), told["yto"]) == (2, 1, ())
    assert "form-3" in told["zto"][0] and "scc-7" in told["zto"][1]
    at = {"reader": Reader.DELIVERY, "carrier": "zto", "stage": Stage.OUT_FOR_DELIVERY, "name": "recipient.street"}
    found = explain(held, lang=lang, **at)  # type: ignore[arg-type]
    assert (found.agreement, found.terms, found.level) == (told["zto"], (), Level.FULL)


def test_terms_have_clauses() -> None:
    terms = load_policy(
        'name="x"\n[terms.zto]\nprocessor="independent"\nstarts=2026-01-01\nends=2026-12-31\nreveals_per_parcel=2\npeople_per_100_parcels=110\nopened=true\n'
    ).terms["zto"]
    assert terms_clauses(terms) == (
        "after the first scan at the last-mile depot",
        "with the recipient's separate consent, of which there is none",
        "from 2026-01-01",
        "until 2026-12-31",
        "with at most 2 reveals a parcel",
        "with at most 110 people learned per 100 parcels scanned, and 20 besides",
    )
    assert len(terms_clauses(terms, "zh")) == 6
    assert terms_clauses(Terms("zto", "independent", consent="c")) == ()


def test_an_explanation_gives_the_grants_deepest_first() -> None:
    told = explain(
        built_in(), reader=Reader.DELIVERY, carrier="sf-express", stage=Stage.EXCEPTION, name="recipient.street"
    )
    assert (told.level, told.deepest) == (Level.MASKED, Level.FULL)
    assert [(grant.rule, grant.level, grant.needs) for grant in told.grants] == [
        ("held-up-door", Level.FULL, ("with a reason given",)),
        ("couriers-street-masked", Level.MASKED, ()),
    ]
    assert told.grants[0].why.startswith("an address that cannot be found")
    zh = explain(
        built_in(), reader=Reader.DELIVERY, carrier="x", stage=Stage.EXCEPTION, name="recipient.street", lang="zh"
    )
    assert zh.grants[0].needs == ("说明理由",)


def test_what_no_rule_grants_is_explained_as_hidden() -> None:
    told = explain(built_in(), reader=Reader.LINEHAUL, carrier="x", stage=Stage.CREATED, name="recipient.name")
    assert (told.level, told.deepest, told.grants, told.terms) == (Level.HIDDEN, Level.HIDDEN, (), ())


def test_terms_bind_every_grant_of_their_carrier_only() -> None:
    policy = load_policy('name="x"\nbase="built-in"\n[terms.zto]\nopened=true\n')
    cell = {"stage": Stage.OUT_FOR_DELIVERY, "name": "recipient.street"}
    bound = explain(policy, reader=Reader.DELIVERY, carrier="zto", **cell)  # type: ignore[arg-type]
    assert (bound.level, bound.deepest) == (Level.HIDDEN, Level.FULL)
    assert bound.terms == ("after the first scan at the last-mile depot",)
    assert explain(policy, reader=Reader.DELIVERY, carrier="sto", **cell).level is Level.FULL  # type: ignore[arg-type]
    assert explain(policy, reader=Reader.SHOP, carrier="zto", **cell).level is Level.FULL  # type: ignore[arg-type]


def test_fields_are_told_short_and_whole() -> None:
    assert short_fields(frozenset(FIELDS)) == ["sender.*", "recipient.*", "third_party.*", "remark", "goods"]
    assert short_fields(frozenset({"sender.name", "recipient.name", "third_party.name", "goods"})) == [
        "*.name",
        "goods",
    ]
    assert short_fields(frozenset({"recipient.name", "sender.name"})) == ["sender.name", "recipient.name"]
