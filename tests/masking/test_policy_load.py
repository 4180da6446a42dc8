"""A policy file: understood whole or refused at the very word."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from masking.policy import FIELDS, Level, Reader
from masking.policy_load import PolicyInvalid, built_in, digest_of, load_policy
from masking.stage import Stage

RULE = """
name = "test"
[[rule]]
id = "a"
readers = ["delivery"]
see = ["recipient.street"]
level = "full"
stages = ["out_for_delivery"]
"""


def refused(text: str) -> str:
    with pytest.raises(PolicyInvalid) as error:
        load_policy(text)
    assert error.value.code == "policy_invalid"
    return error.value.path or ""


def test_a_rule_is_read_word_for_word() -> None:
    (rule,) = load_policy(RULE).rules
    assert (rule.id, rule.level, rule.readers) == ("a", Level.FULL, {Reader.DELIVERY})
    assert (rule.fields, rule.stages, rule.carriers) == ({"recipient.street"}, {Stage.OUT_FOR_DELIVERY}, frozenset())
    assert rule.when.free


def test_every_condition_is_read() -> None:
    extra = 'purposes=["p"]\nreveal=true\nopened=true\nhours_after_delivery=3\nown_station=true\nown_region=true\nown_country=true\ncountries=["CN"]\ncarriers=["zto"]\nwhy="w"\nwhy_zh="z"\n'
    (rule,) = load_policy(RULE + extra).rules
    when = rule.when
    assert (when.purposes, when.reveal, when.opened, when.hours_after_delivery) == ({"p"}, True, True, 3)
    assert (when.own_station, when.own_region, when.own_country, when.countries) == (True, True, True, {"CN"})
    assert (rule.carriers, rule.why, rule.why_zh) == ({"zto"}, "w", "z")


def test_terms_are_read() -> None:
    text = (
        RULE
        + '[terms.zto]\nprocessor="independent"\nconsent="c"\nbasis="b"\nstarts=2026-01-01\nends=2026-12-31T23:59:59+08:00\nreveals_per_parcel=2\npeople_per_100_parcels=120\npeople_grace=0\nopened=true\n'
    )
    terms = load_policy(text).terms["zto"]
    assert (terms.processor, terms.consent, terms.basis) == ("independent", "c", "b")
    assert terms.starts == datetime(2026, 1, 1, tzinfo=UTC)
    assert terms.ends == datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
    assert (terms.reveals_per_parcel, terms.people_per_100_parcels, terms.people_grace) == (2, 120, 0)
    assert terms.when.opened
    assert load_policy(RULE + "[terms.zto]\n").terms["zto"].people_grace == 20


@pytest.mark.parametrize(
    ("see", "fields"),
    [
        ('["*.name"]', {"sender.name", "recipient.name", "third_party.name"}),
        ('["sender.*"]', {name for name in FIELDS if name.startswith("sender.")}),
        ('["*.*"]', {name for name in FIELDS if "." in name}),
        ('["remark", "goods"]', {"remark", "goods"}),
    ],
)
def test_a_star_stands_for_all_parties_or_all_parts(see: str, fields: set[str]) -> None:
    assert load_policy(RULE.replace('["recipient.street"]', see)).rules[0].fields == fields


def test_open_and_any_stand_for_stages() -> None:
    every = load_policy(RULE.replace('["out_for_delivery"]', '"any"')).rules[0].stages
    before = load_policy(RULE.replace('["out_for_delivery"]', '"open"')).rules[0].stages
    assert every == set(Stage)
    assert every - before == {Stage.CLOSED}


def test_a_base_is_taken_over_less_what_is_dropped() -> None:
    policy = load_policy('name = "own"\nbase = "built-in"\ndrop = ["delivery-door"]\n' + RULE.split("\n", 2)[2])
    ids = [rule.id for rule in policy.rules]
    assert ids == [rule.id for rule in built_in().rules if rule.id != "delivery-door"] + ["a"]


@pytest.mark.parametrize(
    ("found", "put", "path"),
    [
        ('name = "test"\n', "", "name"),
        ('name = "test"', 'name = ""', "name"),
        ('name = "test"', "name = 1", "name"),
        ('name = "test"', 'name = "test"\nnames = 1', "names"),
        ('name = "test"', 'name = "test"\nbase = "other"', "base"),
        ('name = "test"', 'name = "test"\ndrop = ["a"]', "drop"),
        ('name = "test"', 'name = "test"\nbase = "built-in"\ndrop = ["no"]', "drop.no"),
        ('name = "test"', 'name = "test"\nbase = "built-in"\ndrop = "no"', "drop"),
        ('id = "a"\n', "", "rule[0].id"),
        ('id = "a"', "id = 1", "rule[0].id"),
        ('readers = ["delivery"]', "readers = []", "rule[0].readers"),
        ('readers = ["delivery"]', 'readers = ["boss"]', "rule[0].readers"),
        ('readers = ["delivery"]', 'readers = "delivery"', "rule[0].readers"),
        ('"recipient.street"', '"recipient.stret"', "rule[0].see.recipient.stret"),
        ('"recipient.street"', '"recipient"', "rule[0].see.recipient"),
        ('"recipient.street"', '"*"', "rule[0].see.*"),
        ('"recipient.street"', "1", "rule[0].see"),
        ('"full"', '"ful"', "rule[0].level"),
        ('["out_for_delivery"]', '["out"]', "rule[0].stages"),
        ('["out_for_delivery"]', '"out_for_delivery"', "rule[0].stages"),
        ('level = "full"', 'level = "full"\nrevael = true', "rule[0].revael"),
        ('level = "full"', 'level = "full"\nreveal = "yes"', "rule[0].reveal"),
        ('level = "full"', 'level = "full"\nhours_after_delivery = -1', "rule[0].hours_after_delivery"),
        ('level = "full"', 'level = "full"\nhours_after_delivery = true', "rule[0].hours_after_delivery"),
        ('level = "full"', 'level = "full"\nhours_after_delivery = 1.5', "rule[0].hours_after_delivery"),
        ('["out_for_delivery"]', '["out_for_delivery"]\n[terms]\nzto = 1', "terms.zto"),
        ('["out_for_delivery"]', '["out_for_delivery"]\n[terms.zto]\nprocessor = "x"', "terms.zto.processor"),
        ('["out_for_delivery"]', '["out_for_delivery"]\n[terms.zto]\nlevel = "full"', "terms.zto.level"),
        ('["out_for_delivery"]', '["out_for_delivery"]\n[terms.zto]\nstarts = "now"', "terms.zto.starts"),
        ('["out_for_delivery"]', '["out_for_delivery"]\n[terms.zto]\nstarts = 2026-01-01T00:00:00', "terms.zto.starts"),
        (
            '["out_for_delivery"]',
            '["out_for_delivery"]\n[terms.zto]\nstarts = 2026-01-02\nends = 2026-01-02',
            "terms.zto.ends",
        ),
    ],
)
def test_what_is_not_understood_is_refused_at_its_place(found: str, put: str, path: str) -> None:
    assert found in RULE
    assert refused(RULE.replace(found, put, 1)) == path


def test_broken_toml_doubled_ids_and_odd_shapes_are_refused() -> None:
    assert refused("name = ") == ""
    assert refused(RULE + RULE.split("\n", 2)[2]) == "rule.a"
    assert refused('name = "x"\nrule = 1') == "rule"
    assert refused('name = "x"\nrule = [1]') == "rule[0]"
    assert refused('name = "x"\nterms = 1') == "terms"
    body = RULE.split("\n", 2)[2]
    many = 'name = "x"\n' + "".join(body.replace('"a"', f'"r{i}"') for i in range(1001))
    assert refused(many) == "rule"


def test_the_digest_is_of_the_grants_and_not_of_their_order_or_reasons() -> None:
    second = RULE.split("\n", 2)[2].replace('"a"', '"b"')
    one, other = load_policy(RULE + second), load_policy('name = "test"\n' + second + RULE.split("\n", 2)[2])
    assert one.digest == other.digest == digest_of(one.rules[::-1], one.terms)
    assert load_policy(RULE + 'why = "w"\n').digest == load_policy(RULE).digest
    changed = {
        load_policy(text).digest
        for text in (
            RULE,
            RULE.replace("full", "masked"),
            RULE.replace("delivery", "pickup", 1),
            RULE + "reveal = true\n",
            RULE + 'carriers = ["zto"]\n',
            RULE + "[terms.zto]\n",
            RULE + "[terms.zto]\nends = 2026-01-01\n",
        )
    }
    assert len(changed) == 7
    assert all(len(digest) == 16 for digest in changed)


def test_the_built_in_policy_gives_its_reasons_in_both_languages() -> None:
    assert all(rule.why and rule.why_zh for rule in built_in().rules)
    assert built_in() is built_in()


def test_the_example_in_the_documentation_is_understood() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scopes.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    policy = load_policy(example)
    assert [rule.id for rule in policy.rules][-1] == "door-for-a-day"
    assert policy.terms["sto"].people_per_100_parcels == 150
    for word in (*Level, *Reader, *Stage):
        assert f"`{word.value}`" in page


def test_a_policy_nested_beyond_reason_is_refused() -> None:
    with pytest.raises(PolicyInvalid):
        load_policy("a = " + "[" * 5000)
