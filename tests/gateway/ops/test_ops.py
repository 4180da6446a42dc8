"""The table of verbs: every one is a function of service, flows and JSON values."""

from __future__ import annotations

import inspect
import json

import pytest

from gateway.ops import OPS
from tests.gateway.world import World


@pytest.mark.parametrize("verb", sorted(OPS))
def test_a_verb_takes_a_service_flows_and_params_and_says_what_it_does(verb: str) -> None:
    function = OPS[verb]
    assert len(inspect.signature(function).parameters) == 3 and inspect.iscoroutinefunction(function)
    assert function.__doc__


async def test_every_list_is_plain_json_and_holds_no_secret(own_world: World) -> None:
    await own_world.courier("delivery", phone="13866667777")
    told = [await own_world.op(verb) for verb in ("shop.list", "courier.list", "numbers.status")]
    text = json.dumps(told)
    assert "13866667777" not in text and "vw_" not in text and "vc_" not in text
