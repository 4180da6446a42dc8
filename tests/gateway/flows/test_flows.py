"""A call through the front door goes to the flow that its operation's effect names, and to no other."""

from __future__ import annotations

import pytest

from tests.gateway.orders import sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_order_is_booked_and_a_question_is_asked(world: World) -> None:
    document = sf_document()
    await world.sf_order(document)
    assert (await world.tags())[-1] == "order.booked"
    ask = sf_form({"searchType": "1", "orderId": document["orderId"]}, service="EXP_RECE_SEARCH_ORDER_RESP")
    for _ in range(2):
        await world.call("POST", SF_PATH, body=ask, headers=FORM)
        assert (await world.tags())[-1] == "call.forwarded"
    # A question asked twice is asked twice: only orders are kept.
    assert sum(one.form["serviceCode"] == "EXP_RECE_SEARCH_ORDER_RESP" for one in world.sf.received) == 2


async def test_a_world_has_one_of_each_flow(world: World) -> None:
    flows = world.running.flows
    made = [getattr(flows, name) for name in flows.__slots__]
    assert len({id(flow) for flow in made}) == len(made)
