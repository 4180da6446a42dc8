"""A policy written out whole is read back as the same policy, base or no base."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.policy_load import built_in, load_policy
from masking.policy_toml import written

OWN = """
name = "a \\"house\\" \\\\ of \\u007f one's own\\n\\u0001 雅"
base = "built-in"
drop = ["delivery-door"]

[[rule]]
id = "door-for-a-day"
readers = ["delivery", "station"]
see = ["recipient.street", "remark"]
level = "full"
stages = ["delivered"]
carriers = ["zto", "sf-express"]
purposes = ["claim", "return"]
reveal = true
opened = true
hours_after_delivery = 0
own_station = true
own_region = true
own_country = true
countries = ["CN", "HK"]
why = "complaints"
why_zh = "投诉"

[terms.sto]
processor = "independent"
consent = "form-3"
starts = 2026-01-01
ends = 2026-12-31T12:30:00.5+08:00
basis = "scc-1"
reveals_per_parcel = 0
people_per_100_parcels = 150
people_grace = 0
countries = ["CN"]

[terms."a.b"]
"""


@pytest.mark.parametrize("source", [OWN, 'name="narrow"\nbase="built-in"\ndrop=["delivery-door"]\n'])
def test_what_is_written_is_read_back(source: str) -> None:
    policy = load_policy(source)
    again = load_policy(written(policy))
    assert again == policy
    assert again.digest == policy.digest
    assert written(again) == written(policy)


def test_the_built_in_policy_is_written_whole() -> None:
    text = written(built_in())
    assert load_policy(text) == built_in()
    assert "base" not in text.split()


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_no_text_breaks_out_of_its_string(name: str, why: str) -> None:
    name, why = (text.encode("utf-8", "ignore").decode() for text in (name, why))
    source = written(built_in()).replace('"built-in"', written(load_policy('name="x"'))[7:].strip(), 1)
    policy = load_policy(source)
    rule = policy.rules[0].__class__(
        **{f: getattr(policy.rules[0], f) for f in ("id", "level", "readers", "fields", "stages")}, why=why
    )
    held = policy.__class__(name or "x", "", (rule,), {})
    again = load_policy(written(held))
    assert (again.name, again.rules) == (held.name, held.rules)
