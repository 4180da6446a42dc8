"""A route on its way in: bodies go out as they came, and every personal field that did is on record."""

from __future__ import annotations

import json

import pytest

from tests.gateway.orders import sf_document, sf_form
from tests.gateway.world import FORM, SECRETS, SF_PATH, World


@pytest.mark.parametrize("mode", ["report", "off"])
async def test_a_route_in_dry_run_lets_the_body_through_and_records_each_field(own_world: World, mode: str) -> None:
    await own_world.op(
        "carrier.enable",
        carrier="sf-express",
        base_url=own_world.service.routes["sf-express"].base_url,
        secrets=SECRETS["sf-express"],
        options={"mode": mode},
    )
    document = sf_document()

    answer = await own_world.sf_order(document)

    assert answer.status == 200
    assert json.loads(own_world.sf.last.form["msgData"])["contactInfoList"] == document["contactInfoList"]
    entries = (await own_world.op("audit.export", chain=f"veilway/{own_world.service.holder}"))["entries"]
    sealed = next(e["entry"]["detail"] for e in entries if e["entry"]["tag"] == "order.sealed")
    assert sealed["mode"] == mode
    assert any("phone" in granted for granted in sealed["granted"])


@pytest.mark.parametrize("mode", ["report", "off"])
async def test_calls_that_book_nothing_follow_the_same_rule(own_world: World, mode: str) -> None:
    options = {"mode": mode}
    url = own_world.service.routes["sf-express"].base_url
    await own_world.op(
        "carrier.enable", carrier="sf-express", base_url=url, secrets=SECRETS["sf-express"], options=options
    )
    document = sf_document()
    await own_world.sf_order(document)
    change = {
        "orderId": document["orderId"],
        "dealType": 1,
        "destContactInfo": {"contact": "顾听澜", "tel": "13900099001"},
    }
    body = sf_form(change, service="EXP_RECE_UPDATE_ORDER")
    answer = await own_world.call("POST", SF_PATH, body=body, headers=FORM)
    assert answer.status == 200
    assert json.loads(own_world.sf.last.form["msgData"])["destContactInfo"] == change["destContactInfo"]
    entries = (await own_world.op("audit.export", chain=f"veilway/{own_world.service.holder}"))["entries"]
    called = [e["entry"]["detail"] for e in entries if e["entry"]["tag"] == "call.forwarded"][-1]
    assert called["mode"] == mode and any("phone" in granted for granted in called["granted"])


async def test_an_unknown_mode_is_refused_by_name(own_world: World) -> None:
    with pytest.raises(Exception, match="mode"):
        await own_world.op(
            "carrier.enable",
            carrier="sf-express",
            base_url="https://carrier.example",
            secrets=SECRETS["sf-express"],
            options={"mode": "maybe"},
        )
