"""The policy's verbs: versions, changes and the decisions on record, as JSON values."""

from __future__ import annotations

import json

import pytest

from masking.errors import VeilwayError
from masking.policy_load import built_in, load_policy
from tests.gateway.orders import CONSIGNEE, sf_document
from tests.gateway.world import World

NARROW = 'name="narrow"\nbase="built-in"\ndrop=["delivery-door"]\n'


async def test_a_version_is_told_whole(own_world: World) -> None:
    first = await own_world.op("policy.version")
    assert load_policy(first["source"]) == built_in()
    await own_world.op("policy.apply", source=NARROW)
    assert (await own_world.op("policy.version", version=1))["state"] == "past"
    assert (await own_world.op("policy.version"))["version"] == 2


@pytest.mark.parametrize(
    ("verb", "params", "code"),
    [
        ("policy.version", {"version": 7}, "policy_change_refused"),
        ("policy.version", {"version": "x"}, "bad_argument"),
        ("policy.rollback", {"version": 0, "why": "w"}, "policy_change_refused"),
        ("policy.approve", {"version": 1}, "policy_change_refused"),
        ("policy.apply", {"source": "name = 1"}, "policy_invalid"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    own_world: World, verb: str, params: dict[str, object], code: str
) -> None:
    with pytest.raises(VeilwayError) as refused:
        await own_world.op(verb, **params)
    assert refused.value.code == code


async def test_decisions_on_record_come_newest_first_and_hold_no_value(own_world: World) -> None:
    number = (await own_world.sf_order(sf_document())).waybill
    token = await own_world.courier("station")
    for _ in range(5):
        await own_world.scan(token, waybill=number)
    page = await own_world.op("policy.decisions", limit=3)
    assert [one["detail"]["reader"] for one in page["decisions"]] == ["station"] * 3
    assert page["decisions"][0]["at"] >= page["decisions"][-1]["at"]
    assert CONSIGNEE.phone not in json.dumps(page)
    found, before = 0, 0
    while before is not None:
        page = await own_world.op("policy.decisions", limit=1000, before=before)
        found, before = found + len(page["decisions"]), page["next"]
    assert found == 5
